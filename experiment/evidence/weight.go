package evidence

import "math"

// pace moves the weight by evidence, not by the clock: as much traffic as learning needs, and as
// much as allowed once half of the proof is there.
func (s *State) pace(l look) {
	limit, phase := s.pacedWeight(), Exploring
	if s.halfCertified() {
		limit, phase = s.Plan.MaxWeight, Accelerating
	}
	alarm := s.alarm()
	switch {
	case alarm >= 1:
		s.goOn(Quarantined, s.within(l.Interval, min(l.Weight, s.Plan.MaxWeight/3)))
	case l.incident || s.Line.Flag == Rewound:
		s.goOn(Holding, s.within(l.Interval, l.Weight))
	case alarm >= s.Settings.Concern:
		s.goOn(Holding, s.within(l.Interval, l.Weight))
	default:
		s.goOn(phase, s.within(l.Interval, max(l.Weight, limit)))
	}
}

func (s State) halfCertified() bool {
	for k := range s.Objectives {
		if s.certified(k) < 0.5 {
			return false
		}
	}
	return true
}

// pacedWeight brings about as many requests per iteration as learning needs.
func (s State) pacedWeight() int {
	p := s.Settings.Pace
	return s.weightFor(p.Requests, p.Least, float64(s.Plan.MaxWeight))
}

// warmWeight brings enough requests to see a catastrophe.
func (s State) warmWeight() int {
	p := s.Settings.WarmUp
	return s.weightFor(p.Traffic, p.LeastWeight, p.MostWeight)
}

// weightFor is the weight that brings so many requests per iteration; the most while the traffic is
// not known.
func (s State) weightFor(requests, least, most float64) int {
	if s.Rate == 0 {
		return int(most)
	}
	percent := 100 * requests / (s.Rate * max(1, s.Plan.Interval.Seconds()))
	return int(math.Ceil(max(least, min(percent, most))))
}
