package evidence

import "math"

// Call says what follows from all evidence so far.
func (s State) Call() Call {
	c := Call{
		Action: s.Decision.Action, Phase: s.Decision.Phase, Weight: s.Decision.Weight,
		Objectives: make([]Assessment, len(s.Objectives)),
		Forecast:   s.forecast(),
		Excluded:   s.Excluded,
		Line:       s.Line,
	}
	for k := range s.Objectives {
		c.Objectives[k] = s.assess(k)
	}
	c.Slowest, c.Worst = s.slowest(), s.worst()
	if len(s.Objectives) > 0 {
		c.Certified = max(0, s.certified(c.Slowest))
		c.Alarm = max(0, s.alarm())
	}
	c.Reason = s.reason(c.Forecast)
	return c
}

// slowest is the objective that is farthest from being certified.
func (s State) slowest() (slowest int) {
	for k := range s.Objectives {
		if s.certified(k) < s.certified(slowest) {
			slowest = k
		}
	}
	return slowest
}

// worst is the objective with the most evidence against the candidate.
func (s State) worst() (worst int) {
	for k := range s.Objectives {
		if s.alarmOf(k) > s.alarmOf(worst) {
			worst = k
		}
	}
	return worst
}

func (s State) assess(k int) Assessment {
	o, t := s.Objectives[k], s.Evidence.Trials[k]
	a := Assessment{
		Verdict:   s.verdict(k),
		Baseline:  known(s.baselineValue(k)),
		Candidate: known(s.Evidence.Candidate.value(o)),
		Limit:     known(s.limit(k)),
		Range:     t.Range,
		Certified: max(0, s.certified(k)),
		Alarm:     max(0, s.alarmOf(k)),
		Requests:  int64(t.Total.N),
		Effective: int64(math.Round(t.Tempered.N)),
	}
	if o.Kind != Mean {
		a.Events = int64(math.Round(t.Total.Sum))
	}
	return a
}

// verdict is that of one objective. It is violated also when only the sum of all objectives proves
// it, of which it has the largest part.
func (s State) verdict(k int) Verdict {
	rolledBack := s.Decision.Action == RollBack
	switch {
	case s.alarmOf(k) >= 1, rolledBack && k == s.Decision.Objective:
		return Violated
	case s.certified(k) >= 1 && s.measuredWithin(k):
		return Satisfied
	}
	return Undecided
}

// baselineValue is the baseline's while the candidate is judged, or before.
func (s State) baselineValue(k int) (float64, bool) {
	if v, ok := s.Evidence.Baseline.value(s.Objectives[k]); ok {
		return v, true
	}
	return s.Past.value(s.Objectives[k])
}

// limit is the objective's, in the unit of the values.
func (s State) limit(k int) (float64, bool) {
	o := s.Objectives[k]
	if !o.Relative {
		return o.Limit, true
	}
	v, ok := s.baselineValue(k)
	return o.Limit * v, ok
}

func known(v float64, ok bool) *float64 {
	if !ok {
		return nil
	}
	return &v
}
