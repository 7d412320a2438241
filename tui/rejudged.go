package tui

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"perch/experiment"
)

// Rejudged writes what another judge makes of a recorded run, a row for each look at which either of
// them had something to say, and what both came to.
func Rejudged(w io.Writer, list []experiment.Rejudged, a Appearance) error {
	sc := scene{styles: newStyles(a)}
	var out strings.Builder
	fmt.Fprintf(&out, " %-*s  %-*s  %s\n", clockColumn, "LOOK", rejudgedColumn, "RECORDED", "NOW")
	settled := false
	for _, r := range list {
		if r.Recorded.Kind == "" && r.Now.Kind == "" {
			continue
		}
		then, now := sc.rejudgedWords(r.Recorded), sc.rejudgedWords(r.Now)
		if settled {
			now = "settled before"
		}
		settled = settled || r.Now.Kind.Settles()
		t := decisionTone(r.Now)
		if then == now {
			now, t = "the same", dim
		}
		fmt.Fprintf(&out, " %s  %s  %s\n", clock(r.Event.At), sc.cell(plain, then, rejudgedColumn), sc.paint(t, now))
	}
	fmt.Fprintf(&out, "\n recorded: %s\n now:      %s\n", verdictOf(list, recordedOf), verdictOf(list, nowOf))
	_, err := io.WriteString(w, out.String())
	return err
}

// rejudgedColumn is how wide a recorded decision is shown.
const rejudgedColumn = 52

func (sc scene) rejudgedWords(d experiment.Decision) string {
	if d.Kind == "" {
		return "nothing"
	}
	return sc.clean(d.Reason)
}

func recordedOf(r experiment.Rejudged) experiment.Decision { return r.Recorded }

func nowOf(r experiment.Rejudged) experiment.Decision { return r.Now }

// verdictOf is the first decision that settles the run, and when it came.
func verdictOf(list []experiment.Rejudged, of func(experiment.Rejudged) experiment.Decision) string {
	for _, r := range list {
		if d := of(r); d.Kind.Settles() {
			return clock(r.Event.At) + "  " + d.Reason
		}
	}
	return "nothing was settled by these looks"
}

// RejudgedJSON writes each look as a line of JSON.
func RejudgedJSON(w io.Writer, list []experiment.Rejudged) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	for _, r := range list {
		if err := encoder.Encode(r); err != nil {
			return err
		}
	}
	return nil
}
