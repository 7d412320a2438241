package tui

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

// printed is what a sink makes of events.
func printed(t *testing.T, open func(*bytes.Buffer) Sink, events []experiment.Event) string {
	t.Helper()
	var out bytes.Buffer
	sink := open(&out)
	for _, e := range events {
		if err := sink(e); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func TestLines(t *testing.T) {
	t.Parallel()
	for name, tp := range tapes(t) {
		got := printed(t, func(b *bytes.Buffer) Sink { return Lines(b, false) }, tp.events)
		golden(t, "lines-"+name, strings.TrimSuffix(got, "\n"))
		got = printed(t, func(b *bytes.Buffer) Sink { return Lines(b, true) }, tp.events)
		if !isASCII(got) {
			t.Errorf("%s: not ASCII:\n%s", name, got)
		}
	}
}

func TestTextsFromOutsideCannotSteer(t *testing.T) {
	t.Parallel()
	nasty := "a\x1b[2Jb\r\nc\td\u202ee\u2028f\x00\u009b31mg"
	e := experiment.Event{Seq: 1, At: time.Unix(0, 0), Fact: experiment.Troubled{Doing: "measure", What: nasty, Hint: nasty}}
	for name, ascii := range map[string]bool{"Unicode": false, "ASCII": true} {
		got := printed(t, func(b *bytes.Buffer) Sink { return Lines(b, ascii) }, []experiment.Event{e})
		if strings.ContainsAny(got, "\x1b\r\t\x00\u009b\u202e\u2028") || strings.Count(got, "\n") != 2 {
			t.Errorf("%s: %q can steer a terminal", name, got)
		}
	}
	view := screen(t, driving(), []experiment.Event{e}, 80, 24).View()
	if strings.ContainsAny(view, "\x1b\r\t\x00\u009b\u202e\u2028") {
		t.Errorf("the screen can be steered: %q", view)
	}
}

func TestJSONIsTheRecord(t *testing.T) {
	t.Parallel()
	tp := rolledBack(t)
	lines := strings.SplitAfter(printed(t, func(b *bytes.Buffer) Sink { return JSON(b) }, tp.events), "\n")
	if len(lines) != len(tp.events)+1 {
		t.Fatalf("%d lines for %d events", len(lines)-1, len(tp.events))
	}
	for i, want := range tp.events {
		var got experiment.Event
		if err := json.Unmarshal([]byte(lines[i]), &got); err != nil {
			t.Fatalf("line %d, %s: %v", i+1, lines[i], err)
		}
		exact, err := want.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(exact)+"\n", lines[i]); diff != "" {
			t.Errorf("line %d (-want +got):\n%s", i+1, diff)
		}
	}
}

func TestFeedReceivesEverything(t *testing.T) {
	t.Parallel()
	tp := promoted(t)
	events := make(chan experiment.Event)
	go func() {
		defer close(events)
		for _, e := range tp.events {
			events <- e
		}
	}()
	broken, taken := errors.New("broken pipe"), 0
	state, err := Feed(events, func(experiment.Event) error {
		taken++
		return broken
	})
	if !errors.Is(err, broken) || taken != 1 {
		t.Errorf("got %v after %d events, want %v after 1", err, taken, broken)
	}
	if state.Seq != len(tp.events) || state.Ended == nil {
		t.Errorf("the state is at event %d, want %d", state.Seq, len(tp.events))
	}
}

func TestTrafficNow(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		state experiment.State
		want  string
	}{
		"promoted":    {promoted(t).state, "traffic is now current 0 %, candidate 100 %"},
		"rolled back": {rolledBack(t).state, "traffic is now current 100 %, candidate 0 %"},
		"unsettled":   {drifted(t).state, "traffic is now current 50 %, candidate 50 %, and the router has not settled yet"},
		"never seen":  {newTape(t).state, "where the traffic goes is not known: Perch has never seen it"},
	}
	for name, row := range rows {
		if got := TrafficNow(row.state); got != row.want {
			t.Errorf("%s: got %q, want %q", name, got, row.want)
		}
	}
}
