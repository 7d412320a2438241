// Package themes holds the colours of the screen: palettes as YAML files, and this one file that
// loads and checks them. A palette names meanings, never places.
package themes

import (
	"embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed *.yaml
var builtin embed.FS

// A Theme has a colour for each meaning: "#RRGGBB", an ANSI number from 0 to 255, or "" for the
// terminal's own.
type Theme struct {
	Text      string // what is read
	Dim       string // what may be overlooked: labels, keys that do nothing now
	Rule      string // lines between panels
	Accent    string // what the moment wants
	Baseline  string
	Candidate string
	Met       string
	Missed    string
	Unknown   string
}

// Names lists the built-in themes.
func Names() []string { return []string{"dark", "light", "mono"} }

// Load reads a built-in theme by name, or a theme file by path. Everything wrong with a file is
// reported at once, by line.
func Load(name string) (Theme, error) {
	if slices.Contains(Names(), name) {
		data, err := builtin.ReadFile(name + ".yaml")
		if err != nil {
			return Theme{}, err
		}
		return parse(name+".yaml", data)
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return Theme{}, fmt.Errorf("there is no theme %q: the built-in ones are %s; anything else is the path of a file",
			name, strings.Join(Names(), ", "))
	}
	if err != nil {
		return Theme{}, err
	}
	return parse(name, data)
}

// colour is #RRGGBB or 0 to 255.
var colour = regexp.MustCompile(`^(#[0-9A-Fa-f]{6}|[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])?$`)

func parse(file string, data []byte) (Theme, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return Theme{}, fmt.Errorf("%s: %w", file, err)
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return Theme{}, fmt.Errorf("%s: want one colour a line, as in accent: \"#F0E442\"", file)
	}
	var t Theme
	missing := t.fields()
	var wrong []error
	pairs := doc.Content[0].Content
	for i := 0; i+1 < len(pairs); i += 2 {
		key, value := pairs[i], pairs[i+1]
		field, ok := missing[key.Value]
		switch {
		case !ok:
			wrong = append(wrong, fmt.Errorf("%s:%d: %s is no colour of a theme, or stands twice", file, key.Line, key.Value))
		case value.Kind != yaml.ScalarNode || !colour.MatchString(value.Value):
			wrong = append(wrong, fmt.Errorf("%s:%d: %s is %q, want #RRGGBB, 0 to 255, or \"\"", file, value.Line, key.Value, value.Value))
		default:
			*field = value.Value
		}
		delete(missing, key.Value)
	}
	for _, key := range slices.Sorted(maps.Keys(missing)) {
		wrong = append(wrong, fmt.Errorf("%s: %s is missing", file, key))
	}
	return t, errors.Join(wrong...)
}

// fields are the places of the colours, by their keys in a file.
func (t *Theme) fields() map[string]*string {
	return map[string]*string{
		"text": &t.Text, "dim": &t.Dim, "rule": &t.Rule, "accent": &t.Accent, "baseline": &t.Baseline,
		"candidate": &t.Candidate, "met": &t.Met, "missed": &t.Missed, "unknown": &t.Unknown,
	}
}
