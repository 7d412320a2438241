// Package tui shows an experiment to a person, as a screen, as plain lines or as JSON lines, and
// passes on what they ask for. It knows the event stream and nothing else: it reaches no cluster, no
// metrics and no clock, and any source of events fits any of its sinks.
package tui

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"perch/experiment"
)

// A Sink shows one event. An error says that it cannot be shown, not that the run failed.
type Sink func(experiment.Event) error

// Lines writes one plain line an event: the time in the zone, the fact, and what it means. Trouble
// has a second line that says what to do about it.
func Lines(w io.Writer, zone *time.Location) Sink {
	var s experiment.State
	return func(e experiment.Event) error {
		s = s.Apply(e)
		text, _ := words(s, e)
		_, err := fmt.Fprintf(w, "%s %-11s %s\n", e.At.In(zone).Format(time.TimeOnly), e.Name(), text)
		if t, ok := e.Fact.(experiment.Troubled); ok && t.Hint != "" && err == nil {
			_, err = fmt.Fprintf(w, "%20s hint: %s\n", "", t.Hint)
		}
		return err
	}
}

// JSON writes one event a line, as a record holds it.
func JSON(w io.Writer) Sink {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return func(e experiment.Event) error { return encoder.Encode(e) }
}
