package evidence

import "math"

// measuredWithin tells whether what was measured since the candidate is judged is within the limit.
func (s State) measuredWithin(k int) bool {
	o, t := s.Objectives[k], s.Evidence.Trials[k]
	limit, known := s.strict(k)
	return known && t.Total.N > 0 && o.within(t.Total.rate(), limit)
}

// lately tells whether the latest blocks are within the limit: a ramp shows there first.
func (s State) lately(k int) bool {
	o, t := s.Objectives[k], s.Evidence.Trials[k]
	limit, known := s.lenient(k)
	return known && o.within(t.now().rate(), limit)
}

// strict is what the candidate's rate is compared with: of a relative limit, the multiple of what
// the baseline did at the same time.
func (s State) strict(k int) (limit float64, known bool) {
	o, c := s.Objectives[k], s.Evidence.Trials[k].Control
	if !o.Relative {
		return o.share(), true
	}
	return o.share() * c.rate(), c.N > 0
}

// lenient is the same for a short time, in which the baseline's rate is known badly: the better
// excuse of what it did lately and in the long run.
func (s State) lenient(k int) (limit float64, known bool) {
	o, c := s.Objectives[k], s.Controls[k]
	if !o.Relative {
		return o.share(), true
	}
	now, long := c.Recent.total().plus(c.Open.Open), c.Sound
	limit = max(now.rate(), long.rate())
	if o.Lower && now.N > 0 && long.N > 0 {
		limit = min(now.rate(), long.rate())
	}
	return o.share() * limit, now.N+long.N > 0
}

// leaning names an objective that is missed rather than kept, on a test that would be too lenient to
// roll back on, -1 if there is none.
func (s State) leaning() int {
	for k := range s.Objectives {
		if s.excess(k) >= s.Settings.Leaning && (!s.healthy() || s.lead(k) >= s.Settings.Blame.Lead) {
			return k
		}
	}
	return -1
}

// excess is how far the measured rate is beyond the limit, in standard errors.
func (s State) excess(k int) float64 {
	o, t := s.Objectives[k], s.Evidence.Trials[k]
	limit, known := s.strict(k)
	if !known || t.Tempered.N == 0 {
		return 0
	}
	variance := limit * (1 - min(limit, 1))
	if o.Kind == Mean {
		variance = t.Tempered.variance()
	}
	if o.Relative {
		variance += o.share() * o.share() * t.Control.variance() * t.Tempered.N / max(1, t.Control.N)
	}
	if variance <= 0 {
		return 0
	}
	z := (t.Tempered.rate() - limit) / math.Sqrt(variance/t.Tempered.N)
	if o.Lower {
		return -z
	}
	return z
}

// lead is how far the candidate is beyond the baseline on the same looks, in standard errors; any
// way beyond where they cannot be compared.
func (s State) lead(k int) float64 {
	o, t := s.Objectives[k], s.Evidence.Trials[k]
	both := t.Total.plus(t.Control)
	if o.Relative || t.Total.N == 0 || t.Control.N == 0 || both.variance() == 0 {
		return math.Inf(1)
	}
	phi := t.Total.N / t.Tempered.N
	z := (t.Total.rate() - t.Control.rate()) / math.Sqrt(both.variance()*phi*(1/t.Total.N+1/t.Control.N))
	if o.Lower {
		return -z
	}
	return z
}
