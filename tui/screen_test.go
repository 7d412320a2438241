package tui

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"perch/experiment"
	"perch/themes"
)

// updating tells whether to write the golden files anew: the flag -update, which teatest defines.
func updating() bool { return flag.Lookup("update").Value.String() == "true" }

// recording reads the events of a recorded run out of testdata.
func recording(tb testing.TB, name string) []experiment.Event {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", name+".jsonl"))
	if err != nil {
		tb.Fatal(err)
	}
	var events []experiment.Event
	for line := range strings.Lines(string(data)) {
		var e experiment.Event
		if err := e.UnmarshalJSON([]byte(line)); err != nil {
			tb.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

// until cuts a recording behind the n-th event of a name.
func until(tb testing.TB, events []experiment.Event, name string, n int) []experiment.Event {
	tb.Helper()
	for i, e := range events {
		if e.Name() == name {
			if n--; n == 0 {
				return events[:i+1]
			}
		}
	}
	tb.Fatalf("the recording has no further event %s", name)
	return nil
}

// shown is a screen of a size after some events.
func shown(tb testing.TB, events []experiment.Event, width, height int, change ...func(*Options)) Model {
	tb.Helper()
	theme, err := themes.Load("mono")
	if err != nil {
		tb.Fatal(err)
	}
	o := Options{
		Events: make(chan experiment.Event), Commands: make(chan experiment.Command, 4), By: "test",
		Theme: theme, Zone: time.UTC, Out: io.Discard,
	}
	for _, c := range change {
		c(&o)
	}
	m := newModel(o)
	m = feed(tb, m, tea.WindowSizeMsg{Width: width, Height: height})
	for _, e := range events {
		m = feed(tb, m, eventMsg(e))
	}
	return m
}

func feed(tb testing.TB, m Model, msg tea.Msg) Model {
	tb.Helper()
	next, _ := m.Update(msg)
	model, ok := next.(Model)
	if !ok {
		tb.Fatalf("Update gave a %T", next)
	}
	return model
}

func ascii(o *Options)     { o.ASCII = true }
func observing(o *Options) { o.Commands, o.Replay = nil, true }

func TestGoldens(t *testing.T) {
	t.Parallel()
	promoted, kept, back := recording(t, "promoted"), recording(t, "baseline-kept"), recording(t, "rolled-back")
	screens := map[string]struct {
		events []experiment.Event
		keys   string
		change func(*Options)
	}{
		"promoted":      {events: promoted, change: observing},
		"baseline-kept": {events: kept, change: observing},
		"rolled-back":   {events: back, change: observing},
		"starting":      {events: promoted[:1]},
		"running":       {events: until(t, promoted, "shifted", 3)},
		"running-ascii": {events: until(t, promoted, "shifted", 3), change: ascii},
		"asking":        {events: until(t, promoted, "asked", 1)},
		"approving":     {events: until(t, promoted, "asked", 1), keys: "a"},
		"held":          {events: until(t, back, "obeyed", 1)},
		"quitting":      {events: until(t, promoted, "shifted", 2), keys: "q"},
		"help":          {events: promoted[:3], keys: "?"},
		"log":           {events: kept, keys: "l"},
	}
	for name, tt := range screens {
		for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}, {200, 50}} {
			t.Run(fmt.Sprintf("%s-%dx%d", name, size[0], size[1]), func(t *testing.T) {
				t.Parallel()
				change := tt.change
				if change == nil {
					change = func(*Options) {}
				}
				m := shown(t, tt.events, size[0], size[1], change)
				for _, k := range tt.keys {
					m = feed(t, m, tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{k}})
				}
				golden(t, fmt.Sprintf("%s-%dx%d", name, size[0], size[1]), m.View())
			})
		}
	}
}

// golden compares a screen with its file. Blanks at the ends of lines are not kept.
func golden(t *testing.T, name, got string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(got) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	got = strings.Join(lines, "\n") + "\n"
	file := filepath.Join("testdata", name+".golden")
	if updating() {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (make golden writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// TestEveryScreenFitsItsSize tries all sizes, with all that can be open.
func TestEveryScreenFitsItsSize(t *testing.T) {
	t.Parallel()
	promoted := recording(t, "promoted")
	for _, keys := range []string{"", "a", "?", "l", "q"} {
		t.Run("keys "+keys, func(t *testing.T) {
			t.Parallel()
			m := shown(t, until(t, promoted, "asked", 1), 80, 24)
			for _, k := range keys {
				m = feed(t, m, tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{k}})
			}
			for width := 1; width <= 220; width += 3 {
				for height := 1; height <= 70; height += 3 {
					fits(t, feed(t, m, tea.WindowSizeMsg{Width: width, Height: height}), width, height)
				}
			}
		})
	}
}

func fits(t *testing.T, m Model, width, height int) {
	t.Helper()
	lines := strings.Split(m.View(), "\n")
	if len(lines) > height {
		t.Fatalf("%dx%d: %d lines", width, height, len(lines))
	}
	for i, l := range lines {
		if w := ansi.StringWidth(l); w > width {
			t.Fatalf("%dx%d: line %d is %d wide: %q", width, height, i+1, w, l)
		}
	}
}

func TestASCIIScreensAreASCII(t *testing.T) {
	t.Parallel()
	m := shown(t, recording(t, "baseline-kept"), 120, 40, ascii)
	for _, keys := range []string{"", "?", "l"} {
		for _, k := range keys {
			m = feed(t, m, tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{k}})
		}
		for _, r := range m.View() {
			if r > 126 {
				t.Fatalf("keys %q: %q is not ASCII", keys, r)
			}
		}
		m = feed(t, m, tea.KeyMsg{Type: tea.KeyEsc})
	}
}

func BenchmarkFrame(b *testing.B) {
	events := recording(b, "promoted")
	m := shown(b, events, 200, 60)
	for i := range 10 { // a hundred iterations
		for _, e := range events[3 : len(events)-1] {
			e.Seq += i * 100
			m = feed(b, m, eventMsg(e))
		}
	}
	last := eventMsg(events[4])
	for b.Loop() {
		m = feed(b, m, last)
		_ = m.View()
	}
}
