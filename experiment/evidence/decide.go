package evidence

import (
	"math"
	"time"
)

// A decision is what follows from a look. Its words are made from the state when they are asked for.
type decision struct {
	Action    Action `json:"action"`
	Phase     Phase  `json:"phase"`
	Weight    int    `json:"weight"`
	Cause     cause  `json:"cause,omitempty"`
	Objective int    `json:"objective,omitempty"` // that the cause is about
}

// A cause says why it came to an action, where the phase does not.
type cause string

const (
	blown    cause = "blown"    // a catastrophe
	proven   cause = "proven"   // all limits kept, or one violated
	measured cause = "measured" // not proven, but all measured values are within their limits
	timeUp   cause = "timeUp"   // the budget is used up
	cold     cause = "cold"     // it is, and the candidate is not even warm
	silent   cause = "silent"   // there is no data
	leaning  cause = "leaning"  // rather bad than good
	hopeless cause = "hopeless" // the time left is too short
)

func (d decision) final() bool { return d.Action == RollBack || d.Action == GiveUp }

// decide says what follows from a look that has been folded in. The guard names the objective that
// is failed catastrophically, or -1.
func (s *State) decide(l look, burst int) {
	over := s.Now >= s.Plan.Budget
	switch {
	case burst >= 0:
		s.Decision = decision{Action: RollBack, Phase: AnyViolated, Cause: blown, Objective: burst}
	case !s.Warm.Over && over:
		s.giveUp(cold, 0)
	case !s.Warm.Over:
		s.goOn(Warming, s.within(l.Interval, s.warmWeight()))
	case s.alarm() >= 1 && s.attributable(l.incident):
		s.Decision = decision{Action: RollBack, Phase: AnyViolated, Cause: proven, Objective: s.worst()}
	case s.promotable(l):
		s.promote(l, proven)
	case over && s.pointsWithin(l):
		s.promote(l, measured)
	case over:
		s.giveUp(timeUp, 0)
	case s.soaked() && s.leaning() >= 0:
		s.giveUp(leaning, s.leaning())
	case s.soaked() && s.Settings.WhenUndecided == KeepBaseline && !s.allWithin() && s.hopeless():
		s.giveUp(hopeless, 0)
	default:
		s.pace(l)
	}
}

func (s *State) goOn(p Phase, weight int) {
	s.Decision = decision{Action: Continue, Phase: p, Weight: weight}
}

func (s *State) promote(l look, c cause) {
	s.Decision = decision{Action: Promote, Phase: AllSatisfied, Weight: s.within(l.Interval, l.Weight), Cause: c}
}

func (s *State) giveUp(c cause, objective int) {
	s.Decision = decision{Action: GiveUp, Phase: Inconclusive, Cause: c, Objective: objective}
}

// threshold is the evidence that proves something, in nats.
func (s Settings) threshold(level float64) float64 { return -math.Log(level) }

// alarm is the evidence of a violation as a part of what proves it. The mean of the objectives'
// capitals is a process like each of them, so that the total error is alpha.
func (s State) alarm() float64 {
	if len(s.Objectives) == 0 {
		return 0
	}
	sum := math.Inf(-1)
	for _, t := range s.Evidence.Trials {
		sum = logAddExp(sum, t.Violated.Log)
	}
	return (sum - math.Log(float64(len(s.Objectives)))) / s.Settings.threshold(s.Settings.Alpha)
}

// alarmOf is what one objective adds to the alarm.
func (s State) alarmOf(k int) float64 {
	nats := s.Evidence.Trials[k].Violated.Log - math.Log(float64(len(s.Objectives)))
	return nats / s.Settings.threshold(s.Settings.Alpha)
}

// certified is the evidence that an objective is kept as a part of what proves it. Without traffic
// at load it comes to one half at most.
func (s State) certified(k int) float64 {
	t, enough := s.Evidence.Trials[k], s.Settings.threshold(s.Settings.Beta)
	return max(t.AtLoad.Log, min(t.Satisfied.Log, enough/2)) / enough
}

func (s State) soak() time.Duration { return min(s.Settings.Soak, s.Plan.Budget/2) }
func (s State) soaked() bool        { return s.Now >= s.soak() }

// promotable: everything is proven at load, nothing measured contradicts it, and it lasted.
func (s State) promotable(l look) bool {
	if !s.soaked() || l.incident || s.alarm() >= s.Settings.Concern || s.Evidence.Loaded < s.load() {
		return false
	}
	for k := range s.Objectives {
		if s.certified(k) < 1 || !s.measuredWithin(k) || !s.lately(k) {
			return false
		}
	}
	return s.Line.Flag == Judged
}

// load is how long traffic must have been at load, at least.
func (s State) load() time.Duration {
	return time.Duration(s.Settings.Load * s.Settings.Block * float64(time.Second))
}

// pointsWithin tells whether the policy promotes what is measured to be good and not proven.
func (s State) pointsWithin(l look) bool {
	if s.Settings.WhenUndecided != PointEstimate || s.alarm() >= 1 || l.Candidate.Requests == 0 {
		return false
	}
	return s.allWithin()
}

// allWithin tells whether everything measured is within its limit. Such a candidate loses nothing by
// being watched to the end, even if nothing can be proven.
func (s State) allWithin() bool {
	for k := range s.Objectives {
		if !s.measuredWithin(k) {
			return false
		}
	}
	return true
}
