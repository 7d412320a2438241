package evidence

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/mathext"
)

// A mixture is a process against a share of events being p, for each p at once: a Beta distribution
// of bets, weighed around the limit. The p that it does not disprove are a confidence interval that
// holds at all looks together.
type mixture struct {
	a, b      float64 // of the Beta distribution
	events, n float64
}

func mixtureFor(limit float64, v sums) mixture {
	limit = min(max(limit, leastLimit), 1-leastLimit)
	return mixture{0.5, 0.5 / limit, v.Sum, v.N}
}

// log is the evidence against p, in nats.
func (m mixture) log(p float64) float64 {
	evidence := mathext.Lbeta(m.a+m.events, m.b+m.n-m.events) - mathext.Lbeta(m.a, m.b)
	return evidence - logLikelihood(m.events, m.n, p)
}

func logLikelihood(events, n, p float64) (sum float64) {
	if events > 0 {
		sum += events * math.Log(p)
	}
	if n > events {
		sum += (n - events) * math.Log1p(-p)
	}
	return sum
}

// interval is where the evidence stays below a threshold. The evidence is convex in p and least at
// the measured share.
func (m mixture) interval(threshold float64) (low, high float64) {
	if m.n == 0 {
		return 0, 1
	}
	share := m.events / m.n
	marginal := mathext.Lbeta(m.a+m.events, m.b+m.n-m.events) - mathext.Lbeta(m.a, m.b) - threshold
	disproved := func(p float64) bool { return marginal > logLikelihood(m.events, m.n, p) }
	return bisect(0, share, disproved), bisect(1, share, disproved)
}

// bisect finds the last value on the way from out to in that is disproved, or out if none is.
func bisect(out, in float64, disproved func(float64) bool) float64 {
	if !disproved(out) {
		return out
	}
	for range 40 {
		middle := (out + in) / 2
		if disproved(middle) {
			out = middle
		} else {
			in = middle
		}
	}
	return out
}

// narrow is where the candidate's true value can be after all looks so far. What one look has ruled
// out stays ruled out, unless the candidate has changed so much that nothing would be left.
func (s State) narrow(k int) *Range {
	before, now := s.Evidence.Trials[k].Range, s.rangeOf(k)
	if before == nil || now == nil {
		return now
	}
	both := Range{Low: max(before.Low, now.Low), High: before.High}
	if both.High == nil || now.High != nil && *now.High < *both.High {
		both.High = now.High
	}
	if both.High != nil && *both.High < both.Low {
		return now
	}
	return &both
}

// rangeOf is where the true value is by the evidence of all looks, as of this one.
func (s State) rangeOf(k int) *Range {
	o, t := s.Objectives[k], s.Evidence.Trials[k]
	if t.Tempered.N == 0 {
		return nil
	}
	threshold := s.Settings.threshold(s.Settings.Alpha)
	switch o.Kind {
	case Quantile:
		return quantileRange(o.Quantile, s.Evidence.Candidate.histogram(), t.Tempered.N/t.Total.N, threshold)
	case Mean:
		return meanRange(t.Tempered, threshold)
	case ErrorRate:
	}
	limit, _ := s.limit(k)
	low, high := mixtureFor(limit, t.Tempered).interval(threshold)
	return &Range{low, &high}
}

// quantileRange finds the bucket bounds between which the quantile is: those for which the share of
// slower requests is proven to be above, or below, the quantile's. Every request counts as part.
func quantileRange(q float64, h histogram, part, threshold float64) *Range {
	slower := make([]float64, len(h.bounds)) // than each bound
	left := float64(h.count())
	n := left * part
	for k := range h.bounds {
		left -= float64(h.buckets[k])
		slower[k] = left * part
	}
	proven := func(k int) bool {
		return mixtureFor(1-q, sums{N: n, Sum: slower[k]}).log(1-q) >= threshold
	}
	share := (1 - q) * n
	r := &Range{}
	if k := sort.Search(len(slower), func(k int) bool { return slower[k] <= share || !proven(k) }); k > 0 {
		r.Low = h.bounds[k-1]
	}
	if k := sort.Search(len(slower), func(k int) bool { return slower[k] < share && proven(k) }); k < len(slower) {
		high := h.bounds[k]
		r.High = &high
	}
	return r
}

// meanRange is an asymptotic confidence sequence: a normal mixture, for as many requests as let the
// sample's mean and variance stand for the true ones. It is narrowest around 500 requests.
func meanRange(v sums, threshold float64) *Range {
	const narrowest = 500
	rho2 := (2*threshold + math.Log(1+2*threshold)) / narrowest
	x := v.N*rho2 + 1
	width := math.Sqrt(v.variance() * 2 * x / (v.N * v.N * rho2) * (math.Log(x)/2 + threshold))
	high := v.rate() + width
	return &Range{max(0, v.rate()-width), &high}
}
