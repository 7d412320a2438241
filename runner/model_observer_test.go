package runner

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"perch/experiment"
)

// An observer sees every write and every event of a run, through all of its lives, and knows what
// must never happen. It folds nothing with the code under test: what it needs, it notes itself.
type observer struct {
	plan plan
	fail func(rule string)

	mu      sync.Mutex
	life    *life
	held    bool
	open    *experiment.Event // an Asked
	last    int               // the number of the question that was asked last
	look    experiment.Measured
	looked  bool // look is of this life
	counted bool // the candidate, with the latest look
	decided experiment.Decision

	decidedAt time.Time
	heading   experiment.Outcome // rolled back or baseline kept, once that is where it goes
	granted   string             // the version that a person lets be promoted
	answered  bool               // in this life
	undo      bool               // a roll back was wanted while the finish actions ran
	asked     experiment.Split   // that Perch has written last, or adopted
	tried     experiment.Split   // that Perch has wanted to write last
	seen      experiment.Split   // that Perch was told last
	rolled    bool               // the candidate had nothing since it was to be rolled back
	stopping  string             // who wanted to stop, and was obeyed
	promoted  bool

	badCounts bool // the candidate has had counts that are bad; guarded by the world
	sent      map[string]int
	answers   map[string]int
	story     []string // the events, in short
}

func (o *observer) broken(format string, args ...any) {
	o.fail(fmt.Sprintf(format, args...))
}

// begins is called when a port that writes is.
func (o *observer) begins(l *life, what string) {
	if lost := l.lostAt.Load(); lost != nil && time.Now().After(*lost) {
		o.broken("%s begins %s after the lease was lost", what, time.Since(*lost))
	}
}

// shifts is called when traffic is to be moved.
func (o *observer) shifts(w *world, from, to experiment.Split) {
	w.mu.Lock()
	var kept time.Time
	if w.saved != nil {
		kept = w.saved.At
	}
	w.mu.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tried = to
	switch {
	case !from.Known() && o.heading == "":
		o.broken("a roll back that nobody wanted")
	case !from.Known() && to.Candidate() != 0:
		o.broken("a roll back to %s", to)
	case from.Known() && o.heading != "":
		o.broken("a shift to %s instead of a roll back", to)
	case from.Known() && kept.Before(o.decidedAt):
		o.broken("a shift to %s, and no checkpoint knows of it", to)
	case from.Known() && o.held && to.Candidate() > from.Candidate():
		o.broken("a rise from %s to %s while held", from, to)
	}
}

// wrote is called with the world as it is right before a split is written.
func (o *observer) wrote(w *world, from, to experiment.Split) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before, after := w.split.Candidate(), to.Candidate()
	strategy := o.plan.spec.Strategy
	foreign := w.by != "" && !w.split.Equal(o.asked)
	switch {
	case to.Of(0)+after != 100:
		o.broken("%s is written", to)
	case !from.Known():
	case after > before && after > strategy.MaxCandidateWeight:
		o.broken("a rise from %d to %d, above the maximum of %d", before, after, strategy.MaxCandidateWeight)
	case after-before > strategy.MaxCandidateWeightIncrement:
		o.broken("a rise from %d to %d, by more than %d", before, after, strategy.MaxCandidateWeightIncrement)
	case after > before && !o.measured(before):
		o.broken("a rise from %d to %d on missing data", before, after)
	case after > before && o.badLook(1) && o.plan.judge == experiment.JudgeIter8:
		o.broken("a rise from %d to %d of a bad candidate", before, after)
	case foreign && o.plan.policy.OnDrift == experiment.DriftStops:
		o.broken("%s is written over %s of another writer", to, w.split)
	case foreign && o.plan.policy.OnDrift == experiment.DriftRepairs && o.decided.Kind != experiment.Repair:
		o.broken("%s over %s of another writer is said to %s", to, w.split, o.decided.Kind)
	}
	o.asked = to
}

// measured tells whether the latest look has all that a rise needs. A candidate without traffic has
// no data, and one whose requests are counted needs no values.
func (o *observer) measured(candidate int) bool {
	if !o.looked || o.look.Traffic == nil || len(o.look.Samples) == 0 {
		return false
	}
	for _, s := range o.look.Samples {
		free := candidate == 0 || o.plan.judge == experiment.JudgeEvidence && o.counted
		explores := free && s.Version == o.plan.spec.Candidate().Name && s.Missing.NoTraffic()
		if s.Value == nil && !explores {
			return false
		}
	}
	return true
}

// badLook tells whether the latest look found a version bad.
func (o *observer) badLook(version int) bool {
	for _, s := range o.look.Samples {
		if s.Version == o.plan.spec.Versions[version].Name && s.Value != nil && *s.Value > 1000 {
			return true
		}
	}
	return false
}

// promotes is called when the finish actions are to begin.
func (o *observer) promotes(w *world, version string) {
	w.mu.Lock()
	begun, kept := w.helm.version == version, w.saved != nil && w.saved.Finish.Version == version
	w.mu.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case !kept:
		o.broken("%s is promoted, and no checkpoint knows of it", version)
	case version == o.plan.spec.Baseline().Name && (o.heading == "" || !o.rolled):
		o.broken("the baseline is restored before it was rolled back to")
	case version == o.plan.spec.Baseline().Name:
	case o.granted != version:
		o.broken("%s is promoted without approval", version)
	case !begun && !o.looked && !o.answered:
		o.broken("%s is promoted by another process, and nobody has looked or answered since", version)
	case o.held:
		o.broken("%s is promoted while held", version)
	case o.stopping != "":
		o.broken("%s is promoted after %s was obeyed to stop", version, o.stopping)
	}
	o.asked = everything(o.plan.spec, version)
}

// saw is called with every event when it is recorded.
func (o *observer) saw(e experiment.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.story = append(o.story, fmt.Sprintf("%s %s", e.At.Format("15:04:05.000"), brief(e)))
	switch f := e.Fact.(type) {
	case experiment.Resumed:
		o.resumed(f)
	case experiment.Initialized:
		o.seen, o.asked = f.Traffic.Split, f.Traffic.Split
	case experiment.Counted:
		o.counted = slices.ContainsFunc(f.Tallies, func(t experiment.Tally) bool {
			return t.Missing == "" && t.Version == o.plan.spec.Candidate().Name
		})
	case experiment.Measured:
		o.look, o.looked = f, true
		if f.Traffic != nil {
			o.seen = f.Traffic.Split
		}
	case experiment.Drifted:
		o.seen = f.Traffic.Split
		if f.Asked.Equal(o.tried) { // whether it was written or not, it was asked for
			o.asked = f.Asked
		}
		if o.open != nil && question(o.open) == experiment.ToAdopt {
			o.open = nil
		}
	case experiment.Decided:
		o.decidedAt = e.At
		o.decides(f.Decision)
	case experiment.Asked:
		o.open, o.last = &e, e.Seq
	case experiment.Obeyed:
		o.answers[f.Command.By]++
		o.obeyed(f.Command)
	case experiment.Refused:
		o.answers[f.Command.By]++
	case experiment.Promoting:
		o.open = nil
	case experiment.Withdrawn:
		o.granted, o.heading = "", ""
	case experiment.Promoted:
		o.promoted = f.Version != o.plan.spec.Baseline().Name
	case experiment.Reversed:
		o.undo = false
		o.heading, o.granted = experiment.OutcomeRolledBack, ""
	case experiment.RolledBack:
		o.rolled = true
		if f.Traffic.Split.Candidate() != 0 || !f.Traffic.Split.Known() {
			o.broken("rolled back to %s", f.Traffic.Split)
		}
	}
}

func question(e *experiment.Event) experiment.Question { return e.Fact.(experiment.Asked).Question }

// resumed takes over what the run that goes on knows of itself, which may be less than had happened.
func (o *observer) resumed(f experiment.Resumed) {
	o.open, o.looked, o.stopping, o.answered, o.undo = nil, false, "", false, f.Before.Finish.Undo
	o.held = f.Before.Held != nil
	if f.Before.Finish.Version == "" {
		o.granted = ""
	}
	o.asked = f.Before.Wanted
	o.rolled = o.rolled || f.Before.Finish.Version == o.plan.spec.Baseline().Name
	o.heading = f.Before.Heading
	if o.heading == experiment.OutcomePromoted {
		o.heading = ""
	}
}

// decides checks a decision against the look that it was made on.
func (o *observer) decides(d experiment.Decision) {
	o.decided = d
	if o.open != nil && !stands(question(o.open), d) {
		o.open = nil
	}
	loses := d.Kind == experiment.RollBackNow || d.Kind == experiment.KeepBaseline
	if loses {
		o.heading, o.granted = experiment.OutcomeBaselineKept, ""
	}
	proven := o.badLook(1) || o.plan.judge == experiment.JudgeEvidence && o.badCounts
	patient := d.Kind == experiment.KeepBaseline && o.plan.judge == experiment.JudgeEvidence && o.plain()
	if loses && !proven && !patient {
		o.broken("%s without anything bad of the candidate: %s", d.Kind, d.Reason)
	}
}

// plain tells that the latest look says nothing of an outage of the backend.
func (o *observer) plain() bool {
	for _, s := range o.look.Samples {
		if s.Missing.Outage() {
			return false
		}
	}
	return true
}

// stands tells whether a question is still open after a decision.
func stands(q experiment.Question, d experiment.Decision) bool {
	switch q {
	case experiment.ToPromote:
		return d.Kind == experiment.AskToPromote || d.Kind == experiment.EndsUndecidedly && d.Winner != "" // a person may promote what is not proven
	case experiment.ToDecide:
		return d.Kind == experiment.EndsUndecidedly
	case experiment.ToAdopt, experiment.ToRetry:
	}
	return true
}

func (o *observer) obeyed(c experiment.Command) {
	switch c.Wish {
	case experiment.Hold:
		o.held, o.open = true, nil
	case experiment.Resume:
		o.held = false
	case experiment.RollBack:
		if o.undo = o.granted != "" && o.open == nil; !o.undo {
			o.heading = experiment.OutcomeRolledBack
		}
		o.open, o.held, o.stopping, o.rolled = nil, false, "", false
	case experiment.Approve:
		o.approved(c)
	case experiment.Stop:
		o.stopping = c.By
	case experiment.Recover:
	}
}

func (o *observer) approved(c experiment.Command) {
	switch {
	case o.open == nil:
		o.broken("an approval is obeyed, and nothing is asked")
		return
	case c.Answers != 0 && c.Answers != o.open.Seq:
		o.broken("an answer to question %d is obeyed, and question %d is open", c.Answers, o.open.Seq)
	}
	o.answered = true
	switch f := o.open.Fact.(experiment.Asked); f.Question {
	case experiment.ToPromote:
		o.granted = f.Version
		if o.plan.approval == Never || !o.measured(100) || o.badLook(1) && o.plan.judge == experiment.JudgeIter8 {
			o.broken("an approval is obeyed on %+v", o.look)
		}
	case experiment.ToAdopt:
		o.asked = o.seen
	case experiment.ToDecide:
		o.broken("evidence that does not suffice is approved")
	case experiment.ToRetry:
	}
	if q := question(o.open); q != experiment.ToRetry {
		o.open = nil
	}
}
