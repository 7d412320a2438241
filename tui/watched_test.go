package tui

import (
	"strings"
	"testing"
	"time"

	"perch/experiment"
)

// lookingOn turns a tape into what an onlooker gets at its end.
func lookingOn(tp *tape) []experiment.Event {
	state := tp.state
	d := driver(state.At)
	d.Expires = state.At.Add(15 * time.Second)
	return []experiment.Event{
		{Seq: 1, At: state.At, Fact: state.Setup},
		{Seq: 2, At: state.At, Fact: experiment.Watched{State: &state, Driver: d}},
	}
}

// An onlooker's screen has what the driver's has, but for the events that came before, and how long
// nobody drove.
func TestOnlookersSeeWhatTheDriverSees(t *testing.T) {
	t.Parallel()
	for name, tp := range tapes(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := driving()
			o.Send = nil
			theirs := strings.Split(screen(t, o, tp.events, 80, 24).View(), "\n")
			ours := screen(t, o, lookingOn(tp), 80, 24).View()
			for _, line := range theirs {
				if strings.Contains(line, "EVENTS") {
					break
				}
				if !strings.Contains(line, "without a driver") && !strings.Contains(ours, line) {
					t.Errorf("%q is missing in\n%s", line, ours)
				}
			}
		})
	}
}

func TestAWatchedRunThatStandsStillIsQuiet(t *testing.T) {
	t.Parallel()
	events := lookingOn(tapes(t)["running"])
	s := experiment.Fold(events)
	again := events[1]
	again.At = again.At.Add(time.Second)
	if n := narrate(s, s.Apply(again), again); !n.quiet {
		t.Errorf("nothing has changed, and it says %q", n.text)
	}
	again.At = again.At.Add(time.Minute)
	if n := narrate(s, s.Apply(again), again); n.quiet || n.hint == "" || !strings.Contains(n.text, "whose lease expired") {
		t.Errorf("the driver is dead, and it says %q, %q", n.text, n.hint)
	}
}
