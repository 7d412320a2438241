package themes

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBuiltinThemesLoad(t *testing.T) {
	t.Parallel()
	for _, name := range Names() {
		if _, err := Load(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestColoursCanBeRead holds text to the contrast that WCAG 2 asks for, 4.5 to 1.
func TestColoursCanBeRead(t *testing.T) {
	t.Parallel()
	for name, background := range map[string]float64{"dark": 0, "light": 1} {
		theme, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for key, value := range theme.fields() {
			if key == "rule" || *value == "" {
				continue
			}
			l := luminance(t, *value)
			if c := (max(l, background) + 0.05) / (min(l, background) + 0.05); c < 4.5 {
				t.Errorf("%s: %s %s has contrast %.1f, want at least 4.5", name, key, *value, c)
			}
		}
	}
}

// luminance is the relative luminance of WCAG 2.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	linear := func(c uint64) float64 {
		v := float64(c&0xff) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(n>>16) + 0.7152*linear(n>>8) + 0.0722*linear(n)
}

func TestAllMistakesAreReported(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "mine.yaml")
	text := "text: red\ndim: 256\nrule: 7\naccent: \"#FFF\"\nglow: 1\nbaseline: [1]\ncandidate: 3\nmet: 2\nmet: 2\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(file)
	want := file + `:1: text is "red", want #RRGGBB, 0 to 255, or ""
` + file + `:2: dim is "256", want #RRGGBB, 0 to 255, or ""
` + file + `:4: accent is "#FFF", want #RRGGBB, 0 to 255, or ""
` + file + `:5: glow is no colour of a theme, or stands twice
` + file + `:6: baseline is "", want #RRGGBB, 0 to 255, or ""
` + file + `:9: met is no colour of a theme, or stands twice
` + file + `: missed is missing
` + file + `: unknown is missing`
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
	if _, err := Load("nowhere"); err == nil {
		t.Error("a theme that is not there: no error")
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range Names() {
		data, err := builtin.ReadFile(name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = parse("fuzz.yaml", data) // it must not panic
	})
}
