// Package themes holds the palettes of the screen as YAML files, and loads and checks them.
//
// A palette gives colours to meanings (baseline, missed, dim), never to places on the screen, so a
// new panel needs no new key and a new palette is ten lines. A palette is refused as a whole, with
// all its mistakes, rather than shown in part.
package themes

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed *.yaml
var builtIn embed.FS

// hexColour is the one way to write a colour that is not an ANSI number.
var hexColour = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// Default is the name of the palette for people who did not choose one.
const Default = "dark"

// A Theme gives each meaning a colour: #RRGGBB, an ANSI number from 0 to 255, or empty for the
// terminal's own. The zero Theme has no colours.
type Theme struct {
	Text      string // what is neither good nor bad
	Dim       string // what may be overlooked: units, keys that do nothing now
	Rule      string // lines between panels
	Title     string // headings
	Accent    string // what the moment wants from the person
	Baseline  string // the version that serves today
	Candidate string // the version that wants to replace it
	Met       string // an objective that is satisfied, a wish that was obeyed
	Missed    string // an objective that is violated, an error
	Unknown   string // no data, no verdict: neither good nor bad
}

// slots names the place of each key of a palette file.
func (t *Theme) slots() map[string]*string {
	return map[string]*string{
		"text": &t.Text, "dim": &t.Dim, "rule": &t.Rule, "title": &t.Title, "accent": &t.Accent,
		"baseline": &t.Baseline, "candidate": &t.Candidate,
		"met": &t.Met, "missed": &t.Missed, "unknown": &t.Unknown,
	}
}

// Names lists the built-in palettes, in the order of the alphabet.
func Names() []string {
	files, _ := fs.Glob(builtIn, "*.yaml") // fails only on a malformed pattern
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(f, ".yaml")
	}
	return names
}

// Load reads a built-in palette by its name, or a file: whatever holds a slash or a dot is a path.
func Load(nameOrPath string) (Theme, error) {
	if slices.Contains(Names(), nameOrPath) {
		file := nameOrPath + ".yaml"
		data, err := builtIn.ReadFile(file)
		if err != nil {
			return Theme{}, fmt.Errorf("read theme %s: %w", nameOrPath, err)
		}
		return parse(file, data)
	}
	if !strings.ContainsAny(nameOrPath, `/\.`) {
		return Theme{}, fmt.Errorf("there is no theme %q: want %s, or the path of a file",
			nameOrPath, strings.Join(Names(), ", "))
	}
	data, err := os.ReadFile(nameOrPath)
	if err != nil {
		return Theme{}, fmt.Errorf("read theme: %w", err)
	}
	return parse(path.Base(nameOrPath), data)
}

// maxFile bounds a palette's file, in bytes: YAML takes hundreds of times its length in memory.
const maxFile = 16 << 10

// parse reads a palette; everything wrong with it is in the one error it returns.
func parse(file string, data []byte) (Theme, error) {
	if len(data) > maxFile {
		return Theme{}, fmt.Errorf("%s: has %d KiB: no palette has more than %d", file, len(data)>>10, maxFile>>10)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return Theme{}, fmt.Errorf("%s: is no YAML: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if doc.Kind == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return Theme{}, fmt.Errorf("%s: want one colour for each of the keys %s", file, keys())
	}
	var t Theme
	var mistakes []error
	missing := t.slots()
	pairs := doc.Content[0].Content
	for i := 0; i+1 < len(pairs); i += 2 {
		key, value := pairs[i], pairs[i+1]
		slot, known := missing[key.Value]
		delete(missing, key.Value)
		if what := mistake(key.Value, value, known); what != "" {
			mistakes = append(mistakes, fmt.Errorf("%s:%d: %s: %s", file, key.Line, key.Value, what))
			continue
		}
		*slot = value.Value
	}
	for key := range missing {
		mistakes = append(mistakes, fmt.Errorf("%s: %s: is missing", file, key))
	}
	slices.SortStableFunc(mistakes, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return t, errors.Join(mistakes...)
}

// mistake says what is wrong with one line of a palette, "" when nothing is.
func mistake(key string, value *yaml.Node, known bool) string {
	_, isKey := new(Theme).slots()[key]
	switch {
	case !isKey:
		return "unknown key, want one of " + keys()
	case !known:
		return "stands twice: remove one"
	case value.Kind != yaml.ScalarNode || !isColour(value.Value):
		return fmt.Sprintf("%q is no colour: want \"#RRGGBB\", an ANSI number from 0 to 255, or \"\"", value.Value)
	}
	return ""
}

// isColour tells whether a text is a colour as palettes write it.
func isColour(s string) bool {
	if s == "" || hexColour.MatchString(s) {
		return true
	}
	n, err := strconv.Atoi(s)
	return err == nil && n >= 0 && n <= 255 && strconv.Itoa(n) == s
}

// keys lists the keys of a palette, for messages.
func keys() string {
	var list []string
	for key := range new(Theme).slots() {
		list = append(list, key)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}
