package themes

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBuiltInThemesAreSound(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([]string{"dark", "light", "mono"}, Names()); diff != "" {
		t.Errorf("Names() (-want +got):\n%s", diff)
	}
	for _, name := range Names() {
		if _, err := Load(name); err != nil {
			t.Errorf("Load(%q): %v", name, err)
		}
	}
}

func TestEverythingCanBeRead(t *testing.T) {
	t.Parallel()
	for name, ground := range map[string]string{"dark": "#000000", "light": "#FFFFFF"} {
		theme, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for key, colour := range theme.slots() {
			if *colour == "" || key == "rule" {
				continue // the terminal's own, or not text
			}
			if got := contrast(t, *colour, ground); got < 4.5 {
				t.Errorf("%s: %s %s has contrast %.2f on %s, want at least 4.5", name, key, *colour, got, ground)
			}
		}
	}
}

func TestLoadReportsEveryMistake(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "mine.yaml")
	palette := "text: red\ndim: 256\nrule: [1]\ntitle: \"#12345\"\naccent: 7\nbaseline: \"\"\n" +
		"candidate: \"#E69F00\"\nmet: 10\nmet: 11\nbutton: 3\nmissed: 1\n"
	if err := os.WriteFile(file, []byte(palette), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(file)
	if err == nil {
		t.Fatalf("Load of %q: no error", palette)
	}
	want := []string{
		"mine.yaml:10: button: unknown key", "mine.yaml:1: text: \"red\" is no colour", "mine.yaml:2: dim: \"256\"",
		"mine.yaml:3: rule:", "mine.yaml:4: title: \"#12345\"", "mine.yaml:9: met: stands twice", "mine.yaml: unknown: is missing",
	}
	got := strings.Split(err.Error(), "\n")
	if len(got) != len(want) {
		t.Fatalf("got %d mistakes, want %d:\n%v", len(got), len(want), err)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("no mistake says %q in:\n%v", w, err)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rows := map[string]struct{ content, want string }{
		"empty.yaml":  {"", "want one colour for each"},
		"list.yaml":   {"- a\n", "want one colour for each"},
		"broken.yaml": {"a: [", "is no YAML"},
	}
	for name, row := range rows {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(row.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(file); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("Load of %q: %v, want %q", row.content, err, row.want)
		}
	}
	if _, err := Load("solarized"); err == nil || !strings.Contains(err.Error(), "dark, light, mono") {
		t.Errorf("Load of an unknown name: %v, want the names there are", err)
	}
	if _, err := Load(filepath.Join(dir, "none.yaml")); err == nil {
		t.Error("Load of a file that is not there: no error")
	}
}

// contrast is WCAG 2's ratio of two colours, 1 to 21.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	rgb, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	linear := func(shift int) float64 {
		c := float64(rgb>>shift&0xFF) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(16) + 0.7152*linear(8) + 0.0722*linear(0)
}
