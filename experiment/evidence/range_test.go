package evidence

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
)

// The mixture's evidence is an integral that has a closed form. Here it is integrated by numbers.
func TestMixtureIsAnIntegral(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ events, n, limit, p float64 }{
		{3, 120, 0.05, 0.01}, {0, 300, 0.01, 0.02}, {25, 100, 0.2, 0.1}, {7, 2000, 0.01, 0.01},
	} {
		m := mixtureFor(row.limit, sums{N: row.n, Sum: row.events})
		// Substituting q = u² takes away the pole of the Beta density at 0.
		prior := distuv.Beta{Alpha: m.a, Beta: m.b}
		peak := logLikelihood(row.events, row.n, max(row.events/row.n, 1e-9))
		integral := quad.Fixed(func(u float64) float64 {
			q := u * u
			return prior.Prob(q) * math.Exp(logLikelihood(row.events, row.n, q)-peak) * 2 * u
		}, 0, 1, 4000, nil, 0)
		want := math.Log(integral) + peak - logLikelihood(row.events, row.n, row.p)
		if got := m.log(row.p); math.Abs(got-want) > 1e-4 {
			t.Errorf("%v of %v, limit %v, against %v: want %.6f nats, got %.6f", row.events, row.n, row.limit, row.p, want, got)
		}
	}
}

// The ends of the interval are where the evidence reaches the threshold, on either side of the share.
func TestMixtureInterval(t *testing.T) {
	t.Parallel()
	threshold := -math.Log(0.05)
	for _, row := range []struct{ events, n, low, high float64 }{
		{0, 0, 0, 1},
		// B(.5, 350)/B(.5, 50) is about sqrt(50/350): 300 log(1-p) = -0.973 - 2.996, p = 0.01315.
		{0, 300, 0, 0.0132},
		{10, 1000, 0, 1},
		{500, 1000, 0, 1},
	} {
		m := mixtureFor(0.01, sums{N: row.n, Sum: row.events})
		low, high := m.interval(threshold)
		if row.n > 0 && !(low <= row.events/row.n && row.events/row.n <= high) {
			t.Errorf("%v of %v: the share is outside of %v to %v", row.events, row.n, low, high)
		}
		for _, end := range []float64{low, high} {
			if end > 0 && end < 1 && math.Abs(m.log(end)-threshold) > 1e-6 {
				t.Errorf("%v of %v: want %v nats at %v, got %v", row.events, row.n, threshold, end, m.log(end))
			}
		}
		if low < row.low || high > row.high+1e-4 {
			t.Errorf("%v of %v: want within %v to %v, got %v to %v", row.events, row.n, row.low, row.high, low, high)
		}
	}
}

// All looks together, the running intersection misses the truth in one of twenty runs at most.
func TestMixtureCoversTheTruth(t *testing.T) {
	t.Parallel()
	const runs, looks, level, truth = 400, 100, 0.05, 0.02
	rng := rand.New(rand.NewPCG(2, 2))
	errors := distuv.Binomial{N: 50, P: truth, Src: rng}
	missed := 0
	for range runs {
		v, out := sums{}, false
		for range looks {
			v = v.plus(sums{N: 50, Sum: errors.Rand()})
			out = out || mixtureFor(0.01, v).log(truth) >= -math.Log(level)
		}
		if out {
			missed++
		}
	}
	if allowed := int(runs * (level + 3*math.Sqrt(level*(1-level)/runs))); missed > allowed {
		t.Errorf("want at most %d of %d runs to miss, got %d", allowed, runs, missed)
	}
}

func TestQuantileRange(t *testing.T) {
	t.Parallel()
	threshold := -math.Log(0.05)
	for _, row := range []struct {
		name    string
		buckets []int64
		low     float64
		high    float64 // 0: open
	}{
		{"few requests", []int64{3, 1, 0, 0}, 0, 0},
		{"many, surely in one bucket", []int64{5000, 4000, 900, 100}, 20, 40},
		{"on a bound", []int64{5000, 4500, 500, 0}, 10, 40},
		{"in the open bucket", []int64{0, 0, 100, 900}, 40, 0},
	} {
		r := quantileRange(0.95, histogram{[]float64{10, 20, 40}, row.buckets}, 1, threshold)
		if r.Low != row.low || (r.High == nil) != (row.high == 0) || r.High != nil && *r.High != row.high {
			t.Errorf("%s: want %v to %v, got %v to %v", row.name, row.low, row.high, r.Low, r.High)
		}
	}
}

func TestMeanRangeNarrows(t *testing.T) {
	t.Parallel()
	last := math.Inf(1)
	for _, n := range []float64{10, 100, 1000, 10000} {
		v := sums{N: n, Sum: 33 * n, Squares: (33*33 + 30*30) * n}
		r := meanRange(v, -math.Log(0.05))
		width := *r.High - r.Low
		if r.Low > 33 || *r.High < 33 || width >= last {
			t.Errorf("%v requests: %v to %v after a width of %v", n, r.Low, *r.High, last)
		}
		last = width
	}
	if last > 3 {
		t.Errorf("10,000 requests of a deviation of 30: want less than 3 ms, got %v", last)
	}
}
