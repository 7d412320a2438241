package simulation

import (
	"math"
	"slices"
	"sort"
	"time"

	"perch/experiment/evidence"
)

// series are the samples that Prometheus holds of both versions, which is what peers ask: they see
// increases between the first and the last scrape within a range, so what a series counted before
// its first scrape is lost to them. Extrapolation is left out: it cancels in every ratio.
type series struct {
	bounds []float64
	times  []time.Duration
	counts [versions][]evidence.Counts // cumulative, at those times
	born   [versions]births
}

// births are the positions in times at which a version's series appear, each with the first request
// that it counts; -1 before.
type births struct{ fine, failed, latency int }

func newSeries(bounds []float64) *series {
	unborn := births{-1, -1, -1}
	return &series{bounds: bounds, born: [versions]births{unborn, unborn}}
}

// scraped appends one scrape.
func (s *series) scraped(at time.Duration, gained [versions]evidence.Counts) {
	k := len(s.times)
	s.times = append(s.times, at)
	for v, g := range gained {
		c := emptyCounts(len(s.bounds) + 1)
		if k > 0 {
			add(&c, s.counts[v][k-1])
		}
		add(&c, g)
		s.counts[v] = append(s.counts[v], c)
		b := &s.born[v]
		bear(&b.failed, k, g.Errors > 0)
		bear(&b.fine, k, g.Requests > g.Errors)
		bear(&b.latency, k, g.Requests > 0)
	}
}

// bear notes a series' birth.
func bear(born *int, k int, appears bool) {
	if *born < 0 && appears {
		*born = k
	}
}

// A span is what happened to a version in a range of time, as far as increase() shows it.
type span struct {
	bounds       []float64
	known        bool // there is a series of requests that were answered well
	fine, failed float64
	requests     float64
	sum          float64
	buckets      []float64
}

// since gives the increases of a version in (from, now].
func (s *series) since(v int, from time.Duration) span {
	result := span{bounds: s.bounds, buckets: make([]float64, len(s.bounds)+1)}
	last := len(s.times) - 1
	first := sort.Search(len(s.times), func(i int) bool { return s.times[i] > from })
	if first > last {
		return result
	}
	b, list := s.born[v], s.counts[v]
	if b.fine >= 0 {
		then := list[min(last, max(first, b.fine))]
		result.fine = float64((list[last].Requests - list[last].Errors) - (then.Requests - then.Errors))
		result.known = max(first, b.fine) < last // one sample has no increase
	}
	if b.failed >= 0 {
		then := list[min(last, max(first, b.failed))]
		result.failed = float64(list[last].Errors - then.Errors)
	}
	if b.latency >= 0 {
		then := list[min(last, max(first, b.latency))]
		result.requests = float64(list[last].Requests - then.Requests)
		result.sum = list[last].Sum - then.Sum
		for i := range result.buckets {
			result.buckets[i] = float64(list[last].Buckets[i] - then.Buckets[i])
		}
	}
	return result
}

// value is an objective's metric over the span; NaN where nothing was counted.
func (s span) value(o evidence.Objective) float64 {
	switch o.Kind {
	case evidence.ErrorRate:
		return s.failed / (s.fine + s.failed)
	case evidence.Mean:
		return s.sum / s.requests
	case evidence.Quantile:
		return s.quantile(o.Quantile)
	}
	return math.NaN()
}

// quantile interpolates within a bucket as PromQL's histogram_quantile does.
func (s span) quantile(q float64) float64 {
	if s.requests == 0 {
		return math.NaN()
	}
	rank := q * s.requests
	below, low := 0.0, 0.0
	for i, bound := range s.bounds {
		n := s.buckets[i]
		if n > 0 && below+n >= rank {
			return low + (bound-low)*(rank-below)/n
		}
		below, low = below+n, bound
	}
	return low // it lies in the open bucket
}

// meets tells whether an objective holds over the span; what is not a number does not hold.
func (s span) meets(o evidence.Objective) bool {
	value := s.value(o)
	if o.Lower {
		return value >= o.Limit
	}
	return value <= o.Limit
}

// meetsAll tells whether all objectives hold over the span.
func (s span) meetsAll(list []evidence.Objective) bool {
	return !slices.ContainsFunc(list, func(o evidence.Objective) bool { return !s.meets(o) })
}
