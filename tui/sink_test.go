package tui

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/exp/teatest"
	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

func TestLines(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"promoted", "baseline-kept", "rolled-back"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			show := Lines(&b, time.UTC)
			for _, e := range recording(t, name) {
				if err := show(e); err != nil {
					t.Fatal(err)
				}
			}
			golden(t, "lines-"+name, b.String())
		})
	}
}

// TestEveryFactHasWords: no fact falls through to its bare name.
func TestEveryFactHasWords(t *testing.T) {
	t.Parallel()
	s := experiment.Fold(recording(t, "promoted"))
	split := experiment.Traffic{Split: experiment.BaselineOnly(2), ChangedBy: "kubectl-edit"}
	tests := map[string]struct {
		fact experiment.Fact
		want string
	}{
		"waiting":       {experiment.Waiting{For: "service default/sample-app"}, "for service default/sample-app"},
		"drifted":       {experiment.Drifted{Asked: split.Split, Traffic: split}, "traffic is 100/0, Perch asked for 100/0; changed by kubectl-edit"},
		"asked retry":   {experiment.Asked{Question: experiment.ToRetry, Version: "v2"}, "the promotion of v2 failed; type approve to try again, or rollback"},
		"asked decide":  {experiment.Asked{Question: experiment.ToDecide}, "the evidence does not suffice; type rollback or stop, or wait for more"},
		"refused":       {experiment.Refused{Command: experiment.Command{Wish: "approve"}, Why: "too early"}, "approve: too early"},
		"troubled":      {experiment.Troubled{Doing: "measure", What: "no answer"}, "measure: no answer"},
		"ended unknown": {experiment.Ended{Outcome: experiment.OutcomeFailed}, "failed; traffic is unknown"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, _ := words(s, experiment.Event{Fact: tt.fact}); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTroubleHasItsHintOnASecondLine(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	e := experiment.Event{Seq: 1, Fact: experiment.Troubled{Doing: "shift", What: "no way", Hint: "wait"}}
	if err := Lines(&b, time.UTC)(e); err != nil {
		t.Fatal(err)
	}
	if want := "00:00:00 troubled    shift: no way\n                     hint: wait\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

// TestJSONIsTheRecord: what -o json prints is what was recorded, byte for byte.
func TestJSONIsTheRecord(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("../testdata/promoted.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	show := JSON(&b)
	for _, e := range recording(t, "promoted") {
		if err := show(e); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	for name, events := range map[string][]experiment.Event{
		"describe-promoted":      recording(t, "promoted"),
		"describe-baseline-kept": recording(t, "baseline-kept"),
		"describe-unfinished":    until(t, recording(t, "promoted"), "measured", 3),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := Describe(&b, experiment.Fold(events)); err != nil {
				t.Fatal(err)
			}
			golden(t, name, b.String())
		})
	}
}

// TestReplayOnATerminal runs the whole program: events in, keys in, a last frame out.
func TestReplayOnATerminal(t *testing.T) {
	t.Parallel()
	events := recording(t, "promoted")
	stream := make(chan experiment.Event, len(events))
	for _, e := range events {
		stream <- e
	}
	close(stream)
	want := shown(t, events, 80, 24, observing)
	want.flash = "" // the key that quits clears it
	m := newModel(Options{
		Events: stream, Replay: true, Zone: time.UTC, Out: io.Discard,
	})
	tm := teatest.NewTestModel(t, m, teatest.WithInitialTermSize(80, 24))
	teatest.WaitFor(t, tm.Output(), func(out []byte) bool {
		return strings.Contains(string(out), "PROMOTED")
	}, teatest.WithDuration(30*time.Second))
	tm.Send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("q")})
	final, ok := tm.FinalModel(t, teatest.WithFinalTimeout(30*time.Second)).(Model)
	if !ok || final.View() != want.View() {
		t.Errorf("the last frame differs from the fold's:\n%s", cmp.Diff(want.View(), final.View()))
	}
}
