package tui

import (
	"fmt"
	"io"

	"perch/experiment"
)

// A Sink takes the events of one run, in their order.
type Sink func(experiment.Event) error

// Lines writes each event as a line of plain text, and the hint of a trouble as a second one. Counts
// that have changed nothing are left out: there may be hundreds between two decisions. In
// ASCII there is nothing else in them, whatever the texts of the events hold.
func Lines(w io.Writer, ascii bool) Sink {
	st := newStyles(Appearance{ASCII: ascii, NoColor: true})
	var state experiment.State
	return func(e experiment.Event) error {
		before := state
		state = state.Apply(e)
		n := narrate(before, state, e)
		if n.quiet {
			return nil
		}
		line := fmt.Sprintf("%s %-*s  %s\n", clock(n.at), nameColumn, n.name, st.clean(n.text))
		if n.hint != "" {
			line += fmt.Sprintf("%*shint: %s\n", clockColumn+nameColumn+3, "", st.clean(n.hint))
		}
		_, err := io.WriteString(w, line)
		return err
	}
}

// JSON writes each event as a line of JSON, exactly as it is recorded.
func JSON(w io.Writer) Sink {
	return func(e experiment.Event) error {
		line, err := e.MarshalJSON()
		if err != nil {
			return fmt.Errorf("write event %d: %w", e.Seq, err)
		}
		_, err = w.Write(append(line, '\n'))
		return err
	}
}

// Feed gives a sink every event until there are no more, and returns the state at the end. A sink
// that fails gets no further events, but all are received: whoever sends them is never held up by
// a reader that went away.
func Feed(events <-chan experiment.Event, sink Sink) (experiment.State, error) {
	var state experiment.State
	var failed error
	for e := range events {
		state = state.Apply(e)
		if failed == nil {
			failed = sink(e)
		}
	}
	return state, failed
}
