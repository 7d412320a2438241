package evidence

import "slices"

// A tally is all that was counted of one version. Its slices are never changed, so that copies may
// share them.
type tally struct {
	Requests int64     `json:"n"`
	Errors   int64     `json:"errors,omitempty"`
	Sum      float64   `json:"sum,omitempty"`
	Bounds   []float64 `json:"bounds,omitempty"`
	Buckets  []int64   `json:"buckets,omitempty"`
}

func (t tally) add(bounds []float64, c Counts) tally {
	t.Requests += c.Requests
	t.Errors += c.Errors
	t.Sum += c.Sum
	h := t.histogram().merge(histogram{bounds, c.Buckets})
	t.Bounds, t.Buckets = h.bounds, h.buckets
	return t
}

func (t tally) histogram() histogram { return histogram{t.Bounds, t.Buckets} }

// value is the property of the version that an objective bounds.
func (t tally) value(o Objective) (float64, bool) {
	switch o.Kind {
	case Quantile:
		return t.histogram().quantile(o.Quantile)
	case Mean:
		n := t.histogram().count()
		return t.Sum / float64(max(1, n)), n > 0
	default:
		return float64(t.Errors) / float64(max(1, t.Requests)), t.Requests > 0
	}
}

// most bounds of a tally: native histograms may come with ever new ones.
const mostBounds = 200

// merge adds up two histograms. Where their bounds differ, the result has all of them, and a bucket
// that was coarser counts where it ended.
func (h histogram) merge(g histogram) histogram {
	switch {
	case len(g.buckets) == 0:
		return h
	case len(h.buckets) == 0:
		return histogram{slices.Clone(g.bounds), slices.Clone(g.buckets)}
	case slices.Equal(h.bounds, g.bounds):
		sum := slices.Clone(h.buckets)
		for k, b := range g.buckets {
			sum[k] += b
		}
		return histogram{h.bounds, sum}
	}
	bounds := slices.Concat(h.bounds, g.bounds)
	slices.Sort(bounds)
	bounds = slices.Compact(bounds)
	for len(bounds) > mostBounds {
		bounds = everySecond(bounds)
	}
	sum := make([]int64, len(bounds)+1)
	for _, part := range []histogram{h, g} {
		for k, b := range part.buckets {
			sum[place(bounds, part, k)] += b
		}
	}
	return histogram{bounds, sum}
}

// place is where bucket k of part goes: it ends at the same bound, or at the next that is left.
func place(bounds []float64, part histogram, k int) int {
	if k == len(part.bounds) {
		return len(bounds)
	}
	at, _ := slices.BinarySearch(bounds, part.bounds[k])
	return at
}

func everySecond(bounds []float64) []float64 {
	var half []float64
	for k := 1; k < len(bounds); k += 2 {
		half = append(half, bounds[k])
	}
	return half
}
