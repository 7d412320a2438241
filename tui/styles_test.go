package tui

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"github.com/muesli/termenv"

	"perch/experiment"
	"perch/themes"
)

// coloured is a screen on a terminal that shows every colour.
func coloured(t *testing.T, a Appearance, tp *tape) string {
	t.Helper()
	dark, err := themes.Load(themes.Default)
	if err != nil {
		t.Fatal(err)
	}
	a.Theme = dark
	a.Renderer = lipgloss.NewRenderer(io.Discard)
	a.Renderer.SetColorProfile(termenv.TrueColor)
	o := driving()
	o.Appearance = a
	return screen(t, o, tp.events, 120, 40).View()
}

func TestColoursOnlyAddToWords(t *testing.T) {
	t.Parallel()
	for name, tp := range tapes(t) {
		got := ansi.Strip(coloured(t, Appearance{}, tp))
		want := screen(t, driving(), tp.events, 120, 40).View()
		got = strings.NewReplacer("(", "", ")", "", " ", "").Replace(got) // what colour dims, mono puts in parentheses
		want = strings.NewReplacer("(", "", ")", "", " ", "").Replace(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: the coloured screen says something else than the plain one (-want +got):\n%s", name, diff)
		}
	}
}

func TestMeaningsHaveTheirColours(t *testing.T) {
	t.Parallel()
	view := coloured(t, Appearance{}, running(t))
	for meaning, want := range map[string]string{ // termenv rounds #56B4E9 to 179
		"the baseline's bar":  "\x1b[38;2;86;179;233m█",
		"the candidate's bar": "\x1b[38;2;230;159;0m█",
		"no data":             "\x1b[38;2;204;121;167mno data",
	} {
		if !strings.Contains(view, want) {
			t.Errorf("%s is not painted %q", meaning, want)
		}
	}
	if view := coloured(t, Appearance{NoColor: true}, running(t)); strings.Contains(view, "\x1b") {
		t.Error("NoColor leaves escape sequences")
	}
}

func TestASCIIIsASCII(t *testing.T) {
	t.Parallel()
	for name, tp := range tapes(t) {
		for _, keys := range [][]string{nil, {"a"}, {"q"}, {"?"}, {"l"}} {
			o := driving()
			o.ASCII = true
			h := &hand{model: screen(t, o, tp.events, 120, 40)}
			if view := h.press(keys...).now().View(); !isASCII(view) {
				t.Errorf("%s, keys %q: not ASCII:\n%s", name, keys, view)
			}
		}
	}
}

func TestOddStreamsDoNoHarm(t *testing.T) {
	t.Parallel()
	for name, tp := range tapes(t) {
		backwards := slices.Clone(tp.events)
		slices.Reverse(backwards)
		streams := [][]experiment.Event{backwards, tp.events[1:]}
		for _, e := range tp.events {
			streams = append(streams, []experiment.Event{e})
		}
		for _, events := range streams {
			for _, key := range []string{"a", "r", "q", "?", "l"} {
				h := &hand{model: screen(t, driving(), events, 120, 40)}
				checkSize(t, name, h.press(key).now().View(), 120, 40)
			}
			if err := Describe(&bytes.Buffer{}, experiment.Fold(events), Appearance{}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
