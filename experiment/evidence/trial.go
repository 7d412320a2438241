package evidence

import (
	"slices"
	"time"
)

// recentTrial is how many blocks say what the candidate does now.
const recentTrial = 6

// A trial is the evidence on one objective.
type trial struct {
	Violated  process `json:"violated"`         // against "the limit is kept"
	Satisfied process `json:"satisfied"`        // against "the limit is missed by more than the margin"
	AtLoad    process `json:"atLoad"`           // the same, on traffic at half of the maximal weight or more
	Total     sums    `json:"total"`            // of the candidate
	Control   sums    `json:"control"`          // of the baseline at the same time
	Tempered  sums    `json:"tempered"`         // of the candidate, counted as independent requests
	Open      block   `json:"open"`             // of the candidate
	Beside    block   `json:"beside,omitzero"`  // of the baseline, if the limit is relative
	Recent    recent  `json:"recent,omitempty"` // of the candidate
	Jitter    jitter  `json:"jitter"`
	Range     *Range  `json:"range,omitempty"`
}

// Evidence is all that can be taken back when the baseline turns out to have had the same trouble.
type evidence struct {
	Trials    []trial       `json:"trials"`
	Candidate tally         `json:"candidate"`
	Baseline  tally         `json:"baseline"`
	Loaded    time.Duration `json:"loaded"` // at half of the maximal weight or more
}

func newEvidence(objectives int) evidence {
	e := evidence{Trials: make([]trial, objectives)}
	for k := range e.Trials {
		e.Trials[k] = trial{Violated: newProcess(), Satisfied: newProcess(), AtLoad: newProcess()}
	}
	return e
}

func newProcesses(n int) []process {
	return slices.Repeat([]process{newProcess()}, n)
}

func (e evidence) clone() evidence {
	e.Trials = slices.Clone(e.Trials)
	return e
}

// A wager says how one reading is bet on.
type wager struct {
	violated, satisfied stake
	loaded              bool
	blockSeconds        float64
}

// add bets on one reading. It returns the trial that follows, and what the ledger says of it.
func (t trial) add(o Objective, r reading, w wager) (trial, Bet) {
	if r.missing {
		return t, Bet{Phi: 1}
	}
	violated, satisfied := o.grids()
	before := t
	t.Violated = t.Violated.bet(violated, r.violated, w.violated)
	t.Satisfied = t.Satisfied.bet(satisfied, r.satisfied, w.satisfied)
	if w.loaded {
		t.AtLoad = t.AtLoad.bet(satisfied, r.satisfied, w.satisfied)
	}
	t.Total, t.Control = t.Total.plus(r.candidate), t.Control.plus(r.baseline)
	t.Tempered = t.Tempered.plus(r.candidate.over(w.violated.phi))
	t = t.blocks(o, r, w.blockSeconds)
	return t, Bet{
		Violated:  t.Violated.Log - before.Violated.Log,
		Satisfied: t.Satisfied.Log - before.Satisfied.Log,
		Phi:       w.violated.phi,
	}
}

// blocks folds a reading into the blocks.
func (t trial) blocks(o Objective, r reading, seconds float64) trial {
	next, full, ok := t.Open.add(r.candidate, seconds)
	var beside sums
	if o.Relative {
		t.Beside, beside, _ = t.Beside.add(r.baseline, seconds)
	}
	if t.Open = next; ok {
		t.Recent, t.Jitter = t.Recent.add(full, recentTrial), t.Jitter.add(full.without(beside, t.Control))
	}
	return t
}

// without takes out of a block what the baseline shares: by how much its own block beside differs from
// its rate in the long run. A handful of events beside is too little to tell.
func (s sums) without(beside, long sums) sums {
	const enough = 10
	if beside.N < enough || beside.Sum < enough {
		return s
	}
	s.Sum *= long.rate() / beside.rate()
	return s
}

// now is what the candidate did lately.
func (t trial) now() sums { return t.Recent.total().plus(t.Open.Open) }

// judge folds a look into the evidence.
func (s *State) judge(l look) {
	before := s.Evidence
	s.Evidence = s.Evidence.clone()
	if l.incident {
		s.Excluded += l.End - l.Start
		s.Line.Flag = Excluded
	} else {
		s.weigh(l)
	}
	s.compare(l)
	s.suspect(l, before)
}

// weigh bets on a look.
func (s *State) weigh(l look) {
	e := &s.Evidence
	e.Candidate = e.Candidate.add(l.Bounds, l.Candidate)
	e.Baseline = e.Baseline.add(l.Bounds, l.Baseline)
	if l.loaded {
		e.Loaded += l.End - l.Start
	}
	s.Line.Objectives = make([]Bet, len(s.Objectives))
	for k, o := range s.Objectives {
		w := s.wager(k, l)
		e.Trials[k], s.Line.Objectives[k] = e.Trials[k].add(o, l.readings[k], w)
		e.Trials[k].Range = s.narrow(k)
	}
}

// wager says how much the bets on one objective may make of a look.
func (s State) wager(k int, l look) wager {
	candidate := l.readings[k].candidate
	phi := s.phi(k, candidate)
	clip := s.Settings.clip(l.seconds)
	return wager{
		violated:     stake{phi: phi.violated, clip: clip, restart: s.restart(l.seconds)},
		satisfied:    stake{phi: phi.satisfied, clip: clip},
		loaded:       l.loaded,
		blockSeconds: s.Settings.Block,
	}
}

// phis are how many requests count as one, for the two kinds of bet.
type phis struct{ violated, satisfied float64 }

func (s State) phi(k int, v sums) phis {
	c, floor := s.Controls[k], s.Settings.Correlation
	t := s.Evidence.Trials[k]
	variance, own := c.Sound.variance(), t.Jitter.correlation(t.Total)
	return phis{
		violated:  c.Spread.phi(v, variance, max(floor.Violated, own), s.Settings.Block),
		satisfied: c.Spread.phi(v, variance, max(floor.Satisfied, own), s.Settings.Block),
	}
}

// restart is the capital that bets on a violation stake anew in so many seconds: half of it, spread
// evenly over the budget.
func (s State) restart(seconds float64) float64 {
	return 0.5 * min(1, seconds/max(1, s.Plan.Budget.Seconds()))
}

// compare bets that the candidate is worse than the baseline, whatever the limit.
func (s *State) compare(l look) {
	for k, o := range s.Objectives {
		if o.Kind != Mean && !l.readings[k].missing {
			s.Relative[k] = s.Relative[k].bet(against(), l.readings[k].worse, s.wager(k, l).violated)
		}
	}
}
