package tui

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

// recordings are of real runs, in the testdata of the repository.
func recordings() []string {
	return []string{"promoted", "baseline-kept", "rolled-back", "evidence-promoted", "evidence-kept", "evidence-rolled-back"}
}

func recording(tb testing.TB, name string) (data []byte, events []experiment.Event) {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", name+".jsonl"))
	if err != nil {
		tb.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var e experiment.Event
		if err := e.UnmarshalJSON(line); err != nil {
			tb.Fatal(err)
		}
		events = append(events, e)
	}
	return data, events
}

// TestRecordingsEndOnTheScreenOfTheirRun: a replay's last frame, at four sizes.
func TestRecordingsEndOnTheScreenOfTheirRun(t *testing.T) {
	t.Parallel()
	for _, name := range recordings() {
		_, events := recording(t, name)
		for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}, {200, 50}} {
			golden(t, sized("recording-"+name, size), screen(t, Options{}, events, size[0], size[1]).View())
		}
	}
}

func TestRecordingsAsLinesAndReports(t *testing.T) {
	t.Parallel()
	for _, name := range recordings() {
		_, events := recording(t, name)
		var lines, report bytes.Buffer
		show := Lines(&lines, true)
		for _, e := range events {
			if err := show(e); err != nil {
				t.Fatal(err)
			}
		}
		golden(t, "recording-"+name+"-lines", lines.String())
		if err := Describe(&report, experiment.Fold(events), Appearance{NoColor: true}); err != nil {
			t.Fatal(err)
		}
		golden(t, "recording-"+name+"-report", report.String())
	}
}

// TestRecordingsAsJSONAreThemselves: what -o json prints is what was recorded, byte for byte.
func TestRecordingsAsJSONAreThemselves(t *testing.T) {
	t.Parallel()
	for _, name := range recordings() {
		want, events := recording(t, name)
		var got bytes.Buffer
		show := JSON(&got)
		for _, e := range events {
			if err := show(e); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestREADMEListsTheKeys keeps the table in the README true.
func TestREADMEListsTheKeys(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range Keys().Table() {
		if row := "| `" + k.Key + "` | " + k.Does + " |"; !strings.Contains(string(readme), row) {
			t.Errorf("the README lacks the row %s", row)
		}
	}
}
