package tui

import (
	"slices"
	"strings"
	"time"

	"perch/experiment"
)

// takenUp says how a run stands that is taken up in its middle: by its next driver, or by onlookers.
func (n *entry) takenUp(before, s experiment.State, e experiment.Event) {
	switch f := e.Fact.(type) {
	case experiment.Resumed:
		n.tone, n.text = unknown, resumedWords(before, s, e)
	case experiment.Watched:
		n.watched(before, s, f)
	}
}

// watched says how a run stands that another process drives: who that is, when that is new, and then
// where the run is. A checkpoint in which nothing of this has changed is quiet.
func (n *entry) watched(before, s experiment.State, f experiment.Watched) {
	if s.Ended != nil {
		n.quiet = true // the end is told by itself
		return
	}
	var words []string
	driver := whoDrives(f.Driver, n.at)
	if before.Stage <= experiment.Initializing || driver != whoDrives(before.Setup.Driver, before.At) {
		words = append(words, driver)
	}
	if standing := standingWords(s); standing != standingWords(before) {
		words = append(words, standing)
	}
	n.quiet = len(words) == 0
	n.text = strings.Join(words, "; ")
	if s.Asked != nil {
		n.tone = accent
	}
	if !n.at.Before(f.Driver.Expires) {
		n.tone, n.hint = unknown, "perch run goes on with it"
	}
}

// whoDrives says who drives since when, or that nobody does at a time.
func whoDrives(d experiment.Driver, at time.Time) string {
	switch {
	case d.Run == "":
		return "nobody drives it"
	case !at.Before(d.Expires):
		return "driven by " + d.Holder + ", whose lease expired at " + clock(d.Expires)
	}
	return "driven by " + d.Holder + " since " + d.Since.UTC().Format("2006-01-02 15:04:05 MST")
}

// standingWords says where a run is: its stage and iteration, the traffic, and what was decided.
func standingWords(s experiment.State) string {
	words := []string{s.Stage.String(), iterationWords(s), "traffic is " + splitWords(s, s.Seen.Split)}
	if s.Held != nil {
		words = append(words, "held by "+s.Held.By)
	}
	for _, look := range slices.Backward(s.History) {
		if look.Decision.Reason != "" {
			words = append(words, look.Decision.Reason)
			break
		}
	}
	if s.Asked != nil {
		words = append(words, questionGist(s.Asked.Fact))
	}
	return strings.Join(words, ", ")
}
