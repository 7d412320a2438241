package tui

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/google/go-cmp/cmp"

	"perch/experiment"
	"perch/themes"
)

// updating tells whether goldens are written instead of compared; teatest declares the flag.
func updating() bool { return flag.Lookup("update").Value.String() == "true" }

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	lines := strings.Split(got, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	got = strings.Join(lines, "\n") + "\n"
	if updating() {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// screen is a model that has heard events, without a program around it.
func screen(t *testing.T, o Options, events []experiment.Event, width, height int) model {
	t.Helper()
	var m tea.Model = newModel(o)
	m, _ = m.Update(tea.WindowSizeMsg{Width: width, Height: height})
	for _, e := range events {
		m, _ = m.Update(heardMsg(e))
	}
	return m.(model)
}

// driving are the options of a screen that sends commands and keeps none of them.
func driving() Options {
	return Options{By: "alice", Send: func(experiment.Command) error { return nil }}
}

func tapes(t *testing.T) map[string]*tape {
	t.Helper()
	start := newTape(t)
	start.tell(0, experiment.Waiting{For: "revision sample-app-v2 to be ready", Until: start.at.Add(2e9 * 60)})
	list := map[string]*tape{
		"starting": start, "running": running(t), "awaiting": awaiting(t), "promoting": promoting(t), "promoted": promoted(t),
		"retrying": retrying(t), "rolledback": rolledBack(t), "troubled": troubled(t), "drifted": drifted(t),
	}
	maps.Copy(list, survivors(t))
	maps.Copy(list, weighings(t))
	return list
}

func TestScreens(t *testing.T) {
	t.Parallel()
	for name, tp := range tapes(t) {
		for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}, {200, 50}} {
			m := screen(t, driving(), tp.events, size[0], size[1])
			golden(t, sized(name, size), m.View())
		}
	}
}

func TestVariants(t *testing.T) {
	t.Parallel()
	mono, err := themes.Load("mono")
	if err != nil {
		t.Fatal(err)
	}
	for name, look := range map[string]Appearance{"ascii": {ASCII: true}, "mono": {Theme: mono}, "nocolor": {NoColor: true}} {
		for tapeName, tp := range map[string]*tape{
			"running": running(t), "awaiting": awaiting(t), "exploring": exploring(t), "accelerating": accelerating(t),
		} {
			o := driving()
			o.Appearance = look
			golden(t, fmt.Sprintf("%s-%s-80x24", tapeName, name), screen(t, o, tp.events, 80, 24).View())
			golden(t, fmt.Sprintf("%s-%s-120x40", tapeName, name), screen(t, o, tp.events, 120, 40).View())
		}
	}
}

// sized is the name of a golden at a size.
func sized(name string, size [2]int) string { return fmt.Sprintf("%s-%dx%d", name, size[0], size[1]) }
