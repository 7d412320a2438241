package tui

import (
	"fmt"
	"strings"
	"time"

	"perch/experiment"
)

// A resumption is how a run goes on that was killed or stopped, until it has looked again.
type resumption struct {
	after     time.Duration // nobody drove it for so long
	withdrawn string        // the version whose promotion was announced and had not begun
}

// hear follows a resumption through an event; before is the state before it. It is nil when there
// is nothing to tell any more.
func (r *resumption) hear(before experiment.State, e experiment.Event) *resumption {
	switch f := e.Fact.(type) {
	case experiment.Resumed:
		return &resumption{after: undriven(before, e, f)}
	case experiment.Withdrawn:
		if r != nil {
			return &resumption{r.after, f.Version}
		}
	case experiment.Decided, experiment.Promoted, experiment.RolledBack, experiment.Ended:
		return nil
	}
	return r
}

// undriven is how long nobody drove a run that goes on.
func undriven(before experiment.State, e experiment.Event, f experiment.Resumed) time.Duration {
	if f.Before != nil {
		before = *f.Before
	}
	if before.At.IsZero() {
		return 0
	}
	return max(0, e.At.Sub(before.At))
}

// resumedWords says who goes on, since when nobody did, and from where.
func resumedWords(before, s experiment.State, e experiment.Event) string {
	f, _ := e.Fact.(experiment.Resumed)
	who := "the run goes on"
	if f.Driver.Holder != "" {
		who = f.Driver.Holder + " goes on"
	}
	text := fmt.Sprintf("%s after %s without a driver: %s, ", who, span(undriven(before, e, f)), iterationWords(s))
	switch s.Stage {
	case experiment.Finishing:
		text += "with the finish actions of " + s.Finish.Version
	case experiment.RollingBack:
		text += "with the roll back"
	default:
		text += "traffic was " + splitWords(s, s.Seen.Split) + "; measuring anew"
	}
	if f.Record != "" {
		text += "; recorded to " + f.Record
	}
	return text
}

// resumedSentence adds to a sentence, until the next look, since when nobody drove the run.
func (sc scene) resumedSentence(n sentence) sentence {
	if sc.resumed == nil || sc.Ended != nil {
		return n
	}
	n.brief, n.until = "", ""
	gap := "after " + span(sc.resumed.after) + " without a driver; "
	switch {
	case sc.Stage != experiment.Running:
		n.why = "resumed " + gap + n.why
		return n
	case sc.Drift():
		n.why = gap + n.why
	case sc.resumed.withdrawn != "":
		n.tone, n.why = unknown, gap+"the promotion had not begun: measuring anew"
	case sc.Held != nil:
		n.why = gap + strings.TrimPrefix("held by "+sc.Held.By+"; ", "held by ; ") + "measuring anew"
	default:
		n.tone, n.why = unknown, gap+"measuring anew"
	}
	n.since = ""
	n.where = "RESUMED at " + percent(sc.Seen.Split.Candidate())
	return n
}

// turned says how a promotion went on otherwise than announced.
func (n *entry) turned(s experiment.State, f experiment.Fact) {
	switch f := f.(type) {
	case experiment.Withdrawn:
		n.tone = unknown
		n.gist = "the promotion of " + f.Version + " had not begun"
		n.text = n.gist + ": measuring anew before it does"
	case experiment.Reversed:
		n.tone = missed
		n.gist = "rolling back after all"
		n.text = fmt.Sprintf("the finish actions of %s have ended; all traffic goes to %s, as was wanted meanwhile",
			f.Version, versionName(s, 0))
	case experiment.Recovered:
		n.tone, n.text = met, f.Details
	}
}

// driftPolicyWords says what becomes of a drift where the team has said so; by default a person is asked.
func driftPolicyWords(p experiment.OnDrift) string {
	switch p {
	case experiment.DriftAdopts:
		return "; Perch goes on from there"
	case experiment.DriftRepairs:
		return "; Perch writes its own again"
	case experiment.DriftStops:
	}
	return ""
}

// ownerWords says who may undo what Perch writes: "Argo CD (application shop) may undo what Perch writes".
func ownerWords(o experiment.Owner) string {
	who := o.Tool
	if o.Name != "" {
		who += " (" + o.Name + ")"
	}
	return who + " may undo what Perch writes"
}

// tolerance takes how many looks without data are tolerated out of the end of a reason.
func tolerance(reason string) (rest, tolerated string) {
	inner, ok := strings.CutSuffix(reason, " tolerated)")
	at := strings.LastIndex(inner, " (")
	if !ok || at < 0 {
		return reason, ""
	}
	return inner[:at], inner[at+2:] + " tolerated"
}
