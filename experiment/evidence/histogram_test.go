package evidence

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// anyLatencies draws latencies and what a histogram keeps of them.
func anyLatencies(t *rapid.T) (list []float64, h histogram, sum float64) {
	h = histogram{bounds(), make([]int64, len(bounds())+1)}
	list = rapid.SliceOfN(rapid.Float64Range(0.01, 19000), 1, 60).Draw(t, "latencies")
	for _, x := range list {
		k, _ := slices.BinarySearch(h.bounds, x)
		h.buckets[k]++
		sum += x
	}
	return list, h, sum
}

// Whatever the latencies were, the bounds that the histogram gives are true.
func TestGreedyBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list, h, sum := anyLatencies(t)
		m := rapid.Float64Range(1, 5000).Draw(t, "mean")
		lam := rapid.Float64Range(0.001, 0.99).Draw(t, "lambda") / m
		logs, squares := 0.0, 0.0
		for _, x := range list {
			logs += math.Log1p(lam * (x - m))
			squares += x * x
		}
		if got := h.betLower(sum, m, lam); got > logs+1e-6 {
			t.Fatalf("bet: want at most %v, got %v", logs, got)
		}
		if got := h.squaresUpper(sum); got < squares*(1-1e-9) {
			t.Fatalf("squares: want at least %v, got %v", squares, got)
		}
	})
}

// With a limit on a bucket bound, Iter8's "the quantile is at most L" and our "the share of slower
// requests is at most 1-q" are the same.
func TestQuantileIsAShare(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		_, h, _ := anyLatencies(t)
		q := rapid.Float64Range(0.05, 0.99).Draw(t, "quantile")
		limit := rapid.SampledFrom(h.bounds[:len(h.bounds)-1]).Draw(t, "limit")
		value, _ := h.quantile(q)
		low, mid, high := h.beyond(limit)
		if low != mid || mid != high {
			t.Fatalf("a limit on a bound leaves no doubt, got %v, %v, %v", low, mid, high)
		}
		share := mid / float64(h.count())
		if math.Abs(share-(1-q)) < 1e-9 {
			return // on the edge: rounding decides
		}
		if (value <= limit) != (share <= 1-q) {
			t.Fatalf("p%v is %v against %v, but a share of %v is slower", 100*q, value, limit, share)
		}
	})
}

func TestHistogram(t *testing.T) {
	t.Parallel()
	h := histogram{[]float64{10, 20, 40}, []int64{2, 4, 3, 1}}
	for _, row := range []struct{ q, want float64 }{{0.2, 10}, {0.4, 15}, {0.6, 20}, {0.9, 40}, {0.95, 40}} {
		if got, _ := h.quantile(row.q); math.Abs(got-row.want) > 1e-9 {
			t.Errorf("quantile %v: want %v, got %v", row.q, row.want, got)
		}
	}
	if _, ok := (histogram{}).quantile(0.5); ok {
		t.Error("want no quantile of nothing")
	}
	for _, row := range []struct{ t, low, mid, high float64 }{{20, 4, 4, 4}, {30, 1, 2.5, 4}, {100, 0, 1, 1}, {5, 8, 9, 10}} {
		low, mid, high := h.beyond(row.t)
		if diff := cmp.Diff([]float64{row.low, row.mid, row.high}, []float64{low, mid, high}); diff != "" {
			t.Errorf("beyond %v:\n%s", row.t, diff)
		}
	}
}

func TestMergeLosesNoRequest(t *testing.T) {
	t.Parallel()
	h := histogram{[]float64{10, 20, 40}, []int64{2, 4, 3, 1}}
	for _, row := range []struct {
		name   string
		with   histogram
		bounds []float64
		counts []int64
	}{
		{"the same bounds", h, []float64{10, 20, 40}, []int64{4, 8, 6, 2}},
		{"nothing", histogram{}, []float64{10, 20, 40}, []int64{2, 4, 3, 1}},
		{"other bounds", histogram{[]float64{20, 30}, []int64{1, 1, 1}}, []float64{10, 20, 30, 40}, []int64{2, 5, 1, 3, 2}},
	} {
		got := h.merge(row.with)
		if diff := cmp.Diff(row.bounds, got.bounds); diff != "" {
			t.Errorf("%s: bounds:\n%s", row.name, diff)
		}
		if diff := cmp.Diff(row.counts, got.buckets); diff != "" {
			t.Errorf("%s: counts:\n%s", row.name, diff)
		}
	}
	var native histogram
	for n := range 50 { // native histograms that never have the same buckets
		var bounds []float64
		for k := range 20 {
			bounds = append(bounds, float64(1+n)*math.Pow(1.3, float64(k))+float64(n)/100)
		}
		native = native.merge(histogram{bounds, slices.Repeat([]int64{1}, 21)})
	}
	if len(native.bounds) > mostBounds || native.count() != 50*21 {
		t.Errorf("want at most %d bounds and %d requests, got %d and %d", mostBounds, 50*21, len(native.bounds), native.count())
	}
}
