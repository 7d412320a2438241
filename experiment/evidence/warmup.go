package evidence

import "time"

// A warmUp is the time in which a candidate fills its caches and compiles its code. What it does
// then is not judged, except by the guard.
//
// It ends with the first block, not before the least time, in which all objectives are within their
// limits. From the least time on evidence is gathered on probation: if the candidate becomes
// healthy it is forgotten, if it never does it counts. A candidate that looks healthy when the time
// is up gets the time of one more block.
type warmUp struct {
	Begun bool          `json:"begun,omitempty"`
	Over  bool          `json:"over,omitempty"`
	Since time.Duration `json:"since,omitempty"` // when the first traffic came
	Until time.Duration `json:"until,omitempty"` // when it was over
	Open  []block       `json:"open,omitempty"`  // of each objective
}

// A short experiment cannot spend two minutes on warming up. Nor can it judge a candidate that takes
// half a minute by what it did then.
func (s State) leastWarmUp() time.Duration { return min(s.Settings.WarmUp.Least, s.Plan.Budget/10) }
func (s State) mostWarmUp() time.Duration  { return min(s.Settings.WarmUp.Most, 2*s.Plan.Budget/5) }

// onProbation tells whether a look is judged though the warm-up is not over.
func (s State) onProbation(l look) bool {
	return s.Warm.Begun && l.Start >= s.Warm.Since+s.leastWarmUp()
}

// warm folds a look in as long as the warm-up lasts.
func (s *State) warm(l look) {
	w := &s.Warm
	if !w.Begun && l.Candidate.Requests > 0 {
		w.Begun, w.Since = true, l.Start
	}
	if !w.Begun {
		return
	}
	if s.onProbation(l) {
		s.judge(l)
	}
	age, full, healthy, few, recovering := l.End-w.Since, false, true, false, true
	for k, r := range l.readings {
		next, v, ok := w.Open[k].add(r.candidate, s.Settings.Block)
		w.Open[k], full = next, ok
		few = few || v.N < s.Settings.WarmUp.Requests
		healthy = healthy && s.looksHealthy(k, v)
		recovering = recovering && r.candidate.N > 0 && s.looksHealthy(k, r.candidate)
	}
	most := s.mostWarmUp()
	if recovering { // the block that begins may be healthy
		most += time.Duration(s.Settings.Block * float64(time.Second))
	}
	switch {
	case full && age >= s.leastWarmUp() && !few && healthy, full && few && healthy && age >= 2*s.leastWarmUp():
		s.forget()
		w.Over = true
	case age >= most:
		w.Over = true
	}
	if w.Over {
		w.Until, w.Open = l.End, nil
	}
}

// forget drops what was gathered on probation.
func (s *State) forget() {
	s.Evidence, s.Relative = newEvidence(len(s.Objectives)), newProcesses(len(s.Objectives))
	s.Suspicion, s.Excluded = nil, 0
}

// looksHealthy compares some of the candidate's requests with the limit.
func (s State) looksHealthy(k int, v sums) bool {
	o := s.Objectives[k]
	limit, known := s.lenient(k)
	return !known || v.N == 0 || o.within(v.rate(), limit)
}
