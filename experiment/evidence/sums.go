package evidence

import "math"

// Sums are what one version's requests add up to for one objective: events if the objective bounds
// a share of requests, latencies if it bounds a mean.
type sums struct {
	N       float64 `json:"n,omitempty"`  // requests
	Sum     float64 `json:"s,omitempty"`  // of events, or of latencies in ms
	Squares float64 `json:"sq,omitempty"` // of single latencies; 0 for events, which are their own squares
	Seconds float64 `json:"t,omitempty"`  // how long it took
}

func (s sums) plus(t sums) sums {
	return sums{s.N + t.N, s.Sum + t.Sum, s.Squares + t.Squares, s.Seconds + t.Seconds}
}

// over is what is left when every phi requests count as one.
func (s sums) over(phi float64) sums {
	return sums{s.N / phi, s.Sum / phi, s.Squares / phi, s.Seconds}
}

// bare is what a rate needs.
func (s sums) bare() sums { return sums{N: s.N, Sum: s.Sum} }

// rate is the share, or the mean; 0 without requests.
func (s sums) rate() float64 {
	if s.N == 0 {
		return 0
	}
	return s.Sum / s.N
}

// variance is that of a single request.
func (s sums) variance() float64 {
	if s.N == 0 {
		return 0
	}
	squares := s.Squares
	if squares == 0 {
		squares = s.Sum
	}
	return max(0, squares/s.N-s.rate()*s.rate())
}

// perSecond is how many requests came.
func (s sums) perSecond() float64 {
	if s.Seconds == 0 {
		return 0
	}
	return s.N / s.Seconds
}

// logAddExp is log(exp(a) + exp(b)).
func logAddExp(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}
