package evidence

import (
	"math"
	"slices"
	"time"
)

// A State is all that the judge remembers. Its fields are there for the record; read what it means
// from Call.
type State struct {
	Settings   Settings      `json:"settings"`
	Plan       Plan          `json:"plan"`
	Objectives []Objective   `json:"objectives"`
	Now        time.Duration `json:"now"`               // end of the latest interval
	Counted    time.Duration `json:"counted"`           // end of the latest interval with counts
	Excluded   time.Duration `json:"excluded,omitzero"` // taken out, the baseline was out of limits too
	Rate       float64       `json:"rate"`              // requests per second of both versions, smoothed
	Past       tally         `json:"past"`              // of the baseline, since the history began
	Controls   []control     `json:"controls"`          // of each objective
	Guards     []guard       `json:"guards"`            // of each objective
	Relative   []process     `json:"relative"`          // of each objective: the candidate is worse than the baseline
	Warm       warmUp        `json:"warm"`
	Evidence   evidence      `json:"evidence"`
	Suspicion  *suspicion    `json:"suspicion,omitempty"`
	Decision   decision      `json:"decision"`
	Line       Line          `json:"line"`
}

// New begins an experiment. The history holds the baseline's intervals before it, oldest first: half
// an hour to an hour is useful, none is allowed.
func New(s Settings, p Plan, o []Objective, history []Interval) State {
	n := len(o)
	st := State{
		Settings: s, Plan: p, Objectives: slices.Clone(o),
		Controls: make([]control, n), Guards: make([]guard, n), Relative: newProcesses(n),
		Warm: warmUp{Open: make([]block, n)}, Evidence: newEvidence(n),
		Counted: math.MinInt64,
	}
	for k := range st.Controls {
		st.Controls[k].Violated = newProcess()
	}
	for _, i := range history {
		if st.refusal(i) == "" {
			st.Counted = i.End
			st.observe(st.look(i))
		}
	}
	st.Counted = 0
	st.goOn(Warming, st.within(Interval{Rise: true}, st.warmWeight()))
	return st
}

// Step folds one interval in. It never changes s. Once the experiment is over nothing changes it.
func (s State) Step(i Interval) State {
	if s.Decision.final() {
		return s
	}
	s.Controls, s.Guards = slices.Clone(s.Controls), slices.Clone(s.Guards)
	s.Relative, s.Warm.Open = slices.Clone(s.Relative), slices.Clone(s.Warm.Open)
	if i.End-s.Now <= longest { // else its clock is out of order, not ours
		s.Now = max(s.Now, i.End)
	}
	s.Line = Line{Start: i.Start, End: i.End}
	if why := s.refusal(i); why != "" {
		s.miss(i, why)
		return s
	}
	s.Counted = i.End
	l := s.look(i)
	blown := s.guard(l)
	s.observe(l)
	l.incident = s.incident(l)
	s.fold(l)
	s.decide(l, blown)
	return s
}

// A look is an interval, read.
type look struct {
	Interval
	seconds  float64
	readings []reading // of each objective
	loaded   bool      // the candidate has at least half of its maximal weight
	incident bool      // the baseline is out of its limits now
}

func (s State) look(i Interval) look {
	l := look{Interval: i, seconds: (i.End - i.Start).Seconds(), readings: make([]reading, len(s.Objectives))}
	l.loaded = 2*i.Weight >= s.Plan.MaxWeight
	w := witness{meanSquare: s.Past.histogram().squares() / float64(max(1, s.Past.histogram().count()))}
	for k, o := range s.Objectives {
		w.value, _ = s.Past.value(o)
		l.readings[k] = o.read(i, s.Settings.Margin, w)
	}
	return l
}

// observe folds in what a look says of the baseline and of the traffic.
func (s *State) observe(l look) {
	s.Past = s.Past.add(l.Bounds, l.Baseline)
	now := float64(l.Baseline.Requests+l.Candidate.Requests) / l.seconds
	if s.Rate == 0 {
		s.Rate = now
	}
	const memory = 30 // seconds
	s.Rate += (now - s.Rate) * (1 - math.Exp(-l.seconds/memory))
	for k, o := range s.Objectives {
		r := l.readings[k]
		bet := stake{phi: s.phiOfBaseline(k, r), clip: s.Settings.clip(l.seconds), restart: s.restart(l.seconds)}
		s.Controls[k] = s.Controls[k].observe(r, o, bet, s.Settings)
	}
}

// phiOfBaseline is how many of the baseline's requests in a reading count as one.
func (s State) phiOfBaseline(k int, r reading) float64 {
	c := s.Controls[k]
	return c.Spread.phi(r.baseline, c.Sound.variance(), s.Settings.Correlation.Violated, s.Settings.Block)
}

// incident tells whether a look is not to be judged since the baseline has trouble too. Half of the
// budget may pass so.
func (s State) incident(l look) bool {
	if !s.healthy() || s.Excluded+l.End-l.Start > s.Plan.Budget/2 {
		return false
	}
	for k, c := range s.Controls {
		if c.incident(s.Objectives[k], l.readings[k].control, s.Settings) {
			return true
		}
	}
	return false
}

// fold brings a look to where it belongs: to the warm-up or to the evidence.
func (s *State) fold(l look) {
	switch {
	case !s.Warm.Over:
		s.warm(l)
		s.Line.Flag = WarmingUp
	default:
		s.judge(l)
	}
}

// miss lets time pass without counts. At the end of the budget it waits for the next scrape a little:
// one fails now and then, or is due just after the end.
func (s *State) miss(i Interval, why string) {
	s.Line.Flag, s.Line.Missing = NoScrape, why
	if s.Now >= s.Plan.Budget+time.Duration(s.Settings.Patience)*s.Plan.Look {
		s.giveUp(silent, 0)
		return
	}
	s.goOn(Holding, s.within(i, i.Weight))
}

// within is a weight that a plan allows to follow an interval.
func (s State) within(i Interval, weight int) int {
	if weight > i.Weight {
		weight = min(weight, i.Weight+s.Plan.MaxIncrement)
		if !i.Rise {
			weight = i.Weight
		}
	}
	return max(0, min(weight, s.Plan.MaxWeight))
}
