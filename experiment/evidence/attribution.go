package evidence

import (
	"math"
	"slices"
	"time"
)

// A suspicion begins when the evidence of a violation begins to build, and lasts as long as it does.
// It watches the baseline: if that is as bad as the candidate, the cause is elsewhere, and everything
// since is taken back.
type suspicion struct {
	Since    time.Duration `json:"since"`
	Excluded time.Duration `json:"excluded,omitempty"` // at that time
	Before   evidence      `json:"before"`
	Watched  []watched     `json:"watched"` // of each objective
	Seen     tally         `json:"seen"`    // of the candidate
}

// Watched is what both versions did since a suspicion began.
type watched struct {
	Rising    float64 `json:"rising"` // nats for a violation since they were 0
	Candidate sums    `json:"candidate"`
	Baseline  sums    `json:"baseline"` // counted as independent requests
}

// suspect begins, goes on with, or ends a suspicion, after a look was judged.
func (s *State) suspect(l look, before evidence) {
	next := suspicion{Since: l.Start, Excluded: s.Excluded, Before: before, Watched: make([]watched, len(s.Objectives))}
	if s.Suspicion != nil {
		next = *s.Suspicion
		next.Watched = slices.Clone(next.Watched)
	}
	next.Seen = next.Seen.add(l.Bounds, l.Candidate)
	rising := false
	for k, r := range l.readings {
		next.Watched[k] = next.Watched[k].add(r, s.phiOfBaseline(k, r), s.gain(k, l))
		rising = rising || next.Watched[k].Rising > 0
	}
	if s.Suspicion = nil; rising || s.strongest() >= s.Settings.Blame.Suspicious {
		s.Suspicion = &next
		s.rewind(l)
	}
}

func (w watched) add(r reading, phi, gain float64) watched {
	w.Rising = max(0, w.Rising+gain)
	w.Candidate, w.Baseline = w.Candidate.plus(r.candidate), w.Baseline.plus(r.baseline.over(phi))
	return w
}

// gain is what a look says for a violation, whatever was before.
func (s State) gain(k int, l look) float64 {
	violated, _ := s.Objectives[k].grids()
	return violated.log(l.readings[k].violated.times(1 / s.phi(k, l.readings[k].candidate).violated))
}

// strongest is the most evidence that any objective has against the candidate.
func (s State) strongest() float64 {
	most := math.Inf(-1)
	for _, t := range s.Evidence.Trials {
		most = max(most, t.Violated.Log)
	}
	return most
}

// rewind takes back what was judged since the suspicion began, if the baseline explains it.
func (s *State) rewind(l look) {
	u := s.Suspicion
	excluded := u.Excluded + l.End - u.Since
	if !s.healthy() || s.exoneration() > -s.Settings.Blame.Clear || excluded > s.Plan.Budget/2 {
		return
	}
	s.Evidence, s.Excluded, s.Suspicion = u.Before, excluded, nil
	s.Line.Flag = Rewound
}

// exoneration is how much better the baseline's requests since the suspicion fit the limit than the
// candidate's rate, in nats: positive when the baseline is not to blame.
func (s State) exoneration() (total float64) {
	if s.Suspicion == nil {
		return 0
	}
	for k, o := range s.Objectives {
		w := s.Suspicion.Watched[k]
		if o.Relative || w.Candidate.N == 0 || o.within(w.Candidate.rate(), o.share()) {
			continue
		}
		if o.Kind == Mean {
			total += fitMean(w.Baseline, o.Limit, w.Candidate.rate(), s.Controls[k].Sound.variance())
		} else {
			total += fitShare(w.Baseline, o.share(), w.Candidate.rate())
		}
	}
	return total
}

// fitShare is the log-likelihood ratio of events for the share p against q.
func fitShare(v sums, p, q float64) float64 {
	p, q = min(max(p, leastLimit), 1-leastLimit), min(max(q, leastLimit), 1-leastLimit)
	return v.Sum*math.Log(p/q) + (v.N-v.Sum)*math.Log((1-p)/(1-q))
}

// fitMean is the log-likelihood ratio of latencies for the mean m against n, of many requests.
func fitMean(v sums, m, n, variance float64) float64 {
	if variance == 0 {
		variance = v.variance()
	}
	if v.N == 0 || variance == 0 {
		return 0
	}
	x := v.rate()
	return v.N / (2 * variance) * ((x-n)*(x-n) - (x-m)*(x-m))
}

// healthy tells whether the baseline keeps all limits in the long run.
func (s State) healthy() bool {
	for k, c := range s.Controls {
		if !c.healthy(s.Objectives[k]) {
			return false
		}
	}
	return true
}

// attributable tells whether what is violated is the candidate's own doing.
func (s State) attributable(incident bool) bool {
	return !s.healthy() || !incident && s.exoneration() >= s.Settings.Blame.Clear || s.worse()
}

// worse tells whether the candidate is proven to be worse than the baseline.
func (s State) worse() bool {
	sum, n := math.Inf(-1), 0
	for k, o := range s.Objectives {
		switch {
		case o.Relative:
			sum, n = logAddExp(sum, s.Evidence.Trials[k].Violated.Log), n+1
		case o.Kind != Mean:
			sum, n = logAddExp(sum, s.Relative[k].Log), n+1
		}
	}
	return n > 0 && sum-math.Log(float64(n)) >= -math.Log(s.Settings.Alpha)
}
