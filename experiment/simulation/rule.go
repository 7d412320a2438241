package simulation

import (
	"time"

	"perch/experiment/evidence"
)

// A Rule decides a release; its Name says whose rule it is.
type Rule struct {
	Name  string
	Peer  bool                              // not Perch's
	begin func(*environment) (driver, int)  // and the candidate's weight at the start
	ends  func(evidence.Plan) time.Duration // when it has decided at the latest
}

// A driver is a rule at work on one release.
type driver interface {
	// look is called after every tick, and says what is next.
	look(view) move
}

// A view is what a rule gets to see after a tick.
type view struct {
	at      time.Duration
	weight  int // of the candidate, in the tick that ends
	scraped bool
	missed  bool                      // a scrape was due and failed
	gained  [versions]evidence.Counts // since the last scrape
}

// A move is what a rule does: it goes on with a weight, or ends.
type move struct {
	weight  int
	outcome Outcome
	proven  bool // the outcome follows from evidence, not from an estimate or the clock
	reason  string
}

// An Outcome is how a release ends.
type Outcome string

// The outcomes. Unfinished is the zero value: the release goes on.
const (
	Unfinished Outcome = ""
	Promoted   Outcome = "promoted"
	RolledBack Outcome = "rolledBack"
	Undecided  Outcome = "undecided" // the baseline is kept, since nothing is proven
)

// A Run is one release, decided by one rule.
type Run struct {
	Outcome Outcome
	Proven  bool
	Reason  string
	Took    time.Duration
	Tally
}

// Wrong tells whether the outcome is not what the truth asks for.
func (r Run) Wrong(t Truth) bool {
	return r.Outcome == RolledBack && t != Bad || r.Outcome == Promoted && t == Bad
}

// Right tells whether it is. Undecided is neither.
func (r Run) Right(t Truth) bool {
	return r.Outcome != Undecided && !r.Wrong(t)
}

// runs plays one release once for each rule, all in the same environment.
func runs(s *Service, rules []Rule, seed uint64) []Run {
	longest := time.Duration(0)
	for _, r := range rules {
		longest = max(longest, r.ends(s.Plan))
	}
	env := newEnvironment(s, longest, seed)
	list := make([]Run, len(rules))
	for i, r := range rules {
		list[i] = r.run(env)
	}
	return list
}

// run lets the rule decide. A rule that has not ended in time has decided nothing.
func (r Rule) run(e *environment) Run {
	t := newTraffic(e)
	d, weight := r.begin(e)
	end := e.history + e.service.ticks(r.ends(e.service.Plan))
	for i := e.history; i < end; i++ {
		t.flow(i, weight)
		v := view{at: e.start(i + 1), weight: weight, missed: e.ticks[i].missed}
		v.gained, v.scraped = t.scrape(i)
		m := d.look(v)
		if m.outcome != Unfinished {
			return Run{m.outcome, m.proven, m.reason, v.at, t.tally}
		}
		weight = m.weight
	}
	return Run{Undecided, false, "time is over", e.start(end), t.tally}
}
