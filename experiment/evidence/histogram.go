package evidence

import (
	"iter"
	"math"
	"slices"
)

// A histogram is a set of requests by latency: bucket k holds those in (lower(k), upper(k)].
type histogram struct {
	bounds  []float64
	buckets []int64
}

func (h histogram) lower(k int) float64 {
	if k == 0 {
		return 0
	}
	return h.bounds[k-1]
}

// upper is infinite for the open bucket.
func (h histogram) upper(k int) float64 {
	if k == len(h.bounds) {
		return math.Inf(1)
	}
	return h.bounds[k]
}

func (h histogram) count() (n int64) {
	for _, b := range h.buckets {
		n += b
	}
	return n
}

// beyond counts the requests slower than t: surely, by interpolation, and possibly. In the open
// bucket all are taken to be slower, wherever t lies in it.
func (h histogram) beyond(t float64) (low, mid, high float64) {
	for k, b := range h.buckets {
		lower, upper, n := h.lower(k), h.upper(k), float64(b)
		switch {
		case b == 0 || upper <= t:
		case lower >= t:
			low, mid, high = low+n, mid+n, high+n
		case math.IsInf(upper, 1):
			mid, high = mid+n, high+n
		default:
			mid, high = mid+n*(upper-t)/(upper-lower), high+n
		}
	}
	return low, mid, high
}

// quantile is the value below which a share q of the requests lies, interpolated as Prometheus
// does; in the open bucket it is that bucket's lower bound. No requests, no quantile.
func (h histogram) quantile(q float64) (float64, bool) {
	n := h.count()
	if n == 0 {
		return 0, false
	}
	rank, below := q*float64(n), 0.0
	for k, b := range h.buckets {
		if inside := float64(b); below+inside < rank || b == 0 {
			below += inside
			continue
		}
		if k == len(h.bounds) {
			break
		}
		return h.lower(k) + (h.upper(k)-h.lower(k))*(rank-below)/float64(b), true
	}
	return h.lower(len(h.bounds)), true
}

// squares is the sum of squared latencies as if each bucket were evenly filled. The open bucket
// counts as half as long again as its lower bound.
func (h histogram) squares() (sum float64) {
	for k, b := range h.buckets {
		lower, upper := h.lower(k), h.upper(k)
		if k == len(h.bounds) {
			upper = 2 * lower
		}
		sum += float64(b) * (lower*lower + lower*upper + upper*upper) / 3
	}
	return sum
}

// pour fills the buckets as unevenly as their counts and the sum of latencies allow. Every request
// starts at the lower bound of its bucket; what the sum has left is poured into the highest bucket
// until it is full, then into the next. It yields, for each bucket, what was poured in. A full open
// bucket is as wide as open says.
//
// Of all ways to place the requests this one has the smallest sum of a concave function and the
// largest sum of a convex one.
func (h histogram) pour(sum, open float64) iter.Seq2[int, float64] {
	left := sum
	for k, b := range h.buckets {
		left -= float64(b) * h.lower(k)
	}
	return func(yield func(int, float64) bool) {
		for k, b := range slices.Backward(h.buckets) {
			width := open
			if k < len(h.bounds) {
				width = h.upper(k) - h.lower(k)
			}
			poured := 0.0
			if b > 0 {
				poured = min(max(0, left), float64(b)*width)
			}
			left -= poured
			if !yield(k, poured) {
				return
			}
		}
	}
}

// betLower is a lower bound of the sum of log(1+lam*(x-m)) over all latencies x, for lam*m < 1. The
// logarithm is concave, so within a bucket it is above its chord. The open bucket has no upper end:
// what is poured there earns nothing.
func (h histogram) betLower(sum, m, lam float64) (total float64) {
	for k, poured := range h.pour(sum, math.Inf(1)) {
		if h.buckets[k] == 0 {
			continue
		}
		lower := math.Log1p(lam * (h.lower(k) - m))
		total += float64(h.buckets[k]) * lower
		if k < len(h.bounds) && poured > 0 {
			upper := math.Log1p(lam * (h.upper(k) - m))
			total += poured * (upper - lower) / (h.upper(k) - h.lower(k))
		}
	}
	return total
}

// squaresUpper is an upper bound of the sum of squared latencies, if nothing is slower than twice
// the lower bound of the open bucket.
func (h histogram) squaresUpper(sum float64) (total float64) {
	last := len(h.bounds)
	for k, poured := range h.pour(sum, h.lower(last)) {
		lower, upper := h.lower(k), h.upper(k)
		if k == last {
			upper = 2 * lower
		}
		total += float64(h.buckets[k])*lower*lower + poured*(lower+upper)
	}
	return total
}
