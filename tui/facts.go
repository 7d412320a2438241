package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"perch/experiment"
)

// The columns before the text of an entry.
const (
	clockColumn = 8
	nameColumn  = 9
)

// An entry is one event in words. The lines, the events panel and the log show the same entries.
type entry struct {
	at   time.Time
	name string
	tone tone   // met, missed, unknown, accent or plain
	text string // complete
	gist string // the same in a few words, for a narrow column; "": there is nothing to leave out
	hint string // what to do about it; "": nothing

	quiet bool // nothing has changed: the log alone shows it
}

// narrate puts an event in words; before and s are the states before and after it.
func narrate(before, s experiment.State, e experiment.Event) entry {
	n := entry{at: e.At, name: factWord(e)}
	switch f := e.Fact.(type) {
	case experiment.Started:
		n.text = startedWords(s, f)
	case experiment.Resumed, experiment.Watched:
		n.takenUp(before, s, e)
	case experiment.Waiting:
		n.text = fmt.Sprintf("for %s, until %s at most", f.For, clock(f.Until))
	case experiment.Initialized:
		n.initialized(s, f)
	case experiment.Counted:
		n.counted(before, s, f)
	case experiment.Measured:
		n.measured(s, f)
	case experiment.Decided:
		n.decided(s, f)
	case experiment.Shifted:
		n.shifted(s, f)
	case experiment.Drifted:
		n.tone, n.text = unknown, driftWords(f.Traffic, f.Asked)+driftPolicyWords(s.Setup.Policy.OnDrift)
	case experiment.Asked:
		n.tone, n.text, n.gist = accent, questionWords(s, f), questionGist(f)
	case experiment.Obeyed:
		n.obeyed(s, f)
	case experiment.Refused:
		n.tone, n.text = missed, commandWords(f.Command)+": "+f.Why
	case experiment.Promoting:
		n.text = promotingWords(f)
	case experiment.Withdrawn, experiment.Reversed, experiment.Recovered:
		n.turned(s, f)
	case experiment.Promoted:
		n.promoted(s, f)
	case experiment.RolledBack:
		n.rolledBack(s, f)
	case experiment.Troubled:
		n.tone, n.text, n.hint = missed, "cannot "+f.Doing+": "+f.What, f.Hint
	case experiment.Ended:
		n.ended(s, f)
	}
	return n
}

func (n *entry) obeyed(s experiment.State, f experiment.Obeyed) {
	n.tone, n.text = met, commandWords(f.Command)
	if f.Command.Wish == experiment.RollBack && s.Finish.Undo {
		n.text += ": as soon as the finish actions have ended"
	}
}

func (n *entry) ended(s experiment.State, f experiment.Ended) {
	n.tone = outcomeTone(f.Outcome)
	n.gist = string(f.Outcome) + ": " + f.Reason
	n.text = n.gist + "; " + TrafficNow(s)
}

// factWord is the name of a fact for people: short, so that the names make a column.
func factWord(e experiment.Event) string {
	switch e.Fact.(type) {
	case experiment.Initialized:
		return "ready"
	case experiment.RolledBack:
		return "rollback"
	}
	return e.Name()
}

func startedWords(s experiment.State, f experiment.Started) string {
	d := f.Spec.Duration
	text := fmt.Sprintf("%s on %s, judge %s, %s of %d s, at most %s to the candidate",
		f.Spec.Name, f.Spec.Target, f.Judge, plural(s.Iterations(), "iteration"), d.IntervalSeconds,
		percent(f.Spec.Strategy.MaxCandidateWeight))
	if f.Context != "" {
		text += ", context " + f.Context
	}
	if f.Driver.Holder != "" {
		text += ", driven by " + f.Driver.Holder
	}
	if f.Record != "" {
		text += ", recorded to " + f.Record
	}
	return text
}

// initialized says how the traffic was found, and who may undo what Perch writes.
func (n *entry) initialized(s experiment.State, f experiment.Initialized) {
	n.text = "traffic is " + splitWords(s, f.Traffic.Split) + "; first look at " + clock(f.Next)
	for _, o := range f.Owners {
		n.tone = unknown
		n.text += "; " + ownerWords(o)
		n.hint = strings.TrimPrefix(n.hint+"; "+o.Hint, "; ")
	}
}

// measured lists what the candidate did, and how much is missing of everything.
func (n *entry) measured(s experiment.State, f experiment.Measured) {
	name := versionName(s, candidateIndex)
	var values, reasons []string
	for _, o := range s.Spec().Criteria.Objectives {
		m := s.Metric(o.Metric)
		sample := sampleOf(f.Samples, o.Metric, name)
		if sample.Value != nil {
			values = append(values, m.Label+" "+m.Units.Format(*sample.Value))
			continue
		}
		reason := "no data (" + sample.Why() + ")"
		reasons = append(reasons, reason)
		values = append(values, m.Label+" "+reason)
	}
	if len(reasons) == len(values) && len(slices.Compact(reasons)) == 1 {
		values = reasons[:1] // one reason for everything is said once
	}
	n.text = fmt.Sprintf("iteration %d: %s %s", f.Iteration, name, strings.Join(values, ", "))
	n.gist = fmt.Sprintf("%s in %s", plural(len(f.Samples), "query"), took(f.TookMS))
	missing := 0
	for _, sample := range f.Samples {
		if sample.Value == nil {
			missing++
		}
	}
	if missing > 0 {
		n.tone = unknown
		n.gist += fmt.Sprintf(", %d without data", missing)
	}
}

func decisionTone(d experiment.Decision) tone {
	switch d.Kind {
	case experiment.HoldWeights, experiment.Repair, experiment.EndsUndecidedly:
		return unknown
	case experiment.Withdraw, experiment.KeepBaseline, experiment.RollBackNow:
		return missed
	case experiment.AskToPromote:
		return met
	case experiment.Explore, experiment.Advance, experiment.Stay:
	}
	return plain
}

func (n *entry) shifted(s experiment.State, f experiment.Shifted) {
	name := versionName(s, candidateIndex)
	move := fmt.Sprintf("%s %s → %s", name, percent(f.From.Candidate()), percent(f.Asked.Candidate()))
	seen := fmt.Sprintf("seen %s after %s", percent(f.Traffic.Split.Candidate()), took(f.TookMS))
	if !f.Traffic.Split.Known() {
		seen = "not seen yet"
	}
	n.text, n.gist = move+", "+seen, fmt.Sprintf("%s, %s", move, took(f.TookMS))
	if !f.Traffic.Split.Equal(f.Asked) {
		n.tone, n.gist = unknown, ""
	}
}

func driftWords(t experiment.Traffic, asked experiment.Split) string {
	return fmt.Sprintf("traffic is %s, Perch asked for %s; changed by %s", t.Split, asked, writer(t))
}

// writer is who changed the traffic last, if not Perch.
func writer(t experiment.Traffic) string { return cmp.Or(t.ChangedBy, "somebody else") }

func commandWords(c experiment.Command) string {
	if c.By == "" {
		return string(c.Wish)
	}
	return fmt.Sprintf("%s, asked for by %s", c.Wish, c.By)
}

func (n *entry) promoted(s experiment.State, f experiment.Promoted) {
	n.tone = met
	n.gist = fmt.Sprintf("%s after %s", f.Version, took(f.TookMS))
	n.text = n.gist
	if f.Details != "" {
		n.text += ", " + f.Details
	}
	n.text += "; traffic is " + splitWords(s, f.Traffic.Split)
}

func (n *entry) rolledBack(s experiment.State, f experiment.RolledBack) {
	n.tone = missed
	n.gist = fmt.Sprintf("all to %s after %s", versionName(s, 0), took(f.TookMS))
	n.text = fmt.Sprintf("all traffic to %s (was %s) after %s: %s", versionName(s, 0), f.From, took(f.TookMS), f.Reason)
}

// upgradeWords says what each upgrade of a plan does, in a few words.
func upgradeWords(p experiment.Plan) []string {
	var list []string
	for _, u := range p.Upgrades {
		list = append(list, fmt.Sprintf("release %s, %s", u.Release, revisionWords(u)))
	}
	return list
}

// promotingWords says whose finish actions begin, and what they do.
func promotingWords(f experiment.Promoting) string {
	words := []string{f.Version}
	if len(f.Plan.Upgrades) > 0 || len(f.Plan.Programs) == 0 {
		words[0] += " by Helm"
	}
	words = append(words, upgradeWords(f.Plan)...)
	for _, p := range f.Plan.Programs {
		words = append(words, "program "+p)
	}
	return strings.Join(words, "; ")
}

func revisionWords(u experiment.Upgrade) string {
	if u.From == 0 {
		return fmt.Sprintf("installed as revision %d", u.To)
	}
	return fmt.Sprintf("revision %d → %d", u.From, u.To)
}
