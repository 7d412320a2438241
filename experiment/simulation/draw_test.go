package simulation

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// many is how often the tests of distributions draw.
const many = 40000

// moments of many draws.
func moments(draw func() float64) (mean, variance float64) {
	for range many {
		x := draw()
		mean += x / many
		variance += x * x / many
	}
	return mean, variance - mean*mean
}

// likeness compares mean and variance of draws with what theory says, within five standard errors
// of the mean and a twentieth of the variance.
func likeness(tb testing.TB, draw func() float64, mean, variance float64) {
	tb.Helper()
	m, v := moments(draw)
	near(tb, "mean", m, mean, 5*math.Sqrt(variance/many))
	near(tb, "variance", v, variance, 0.05*variance)
}

func TestBinomial(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		n int64
		p float64
	}{{1, 0.3}, {20, 0.2}, {20, 0.9}, {1000, 0.002}, {1000, 0.0005}, {10000, 0.05}, {10000, 0.75}, {500, 0.0161}} {
		t.Run(fmt.Sprintf("%d of %g", row.n, row.p), func(t *testing.T) {
			t.Parallel()
			d := newDraws(1)
			n := float64(row.n)
			likeness(t, func() float64 { return float64(d.binomial(row.n, row.p)) }, n*row.p, n*row.p*(1-row.p))
		})
	}
	d := newDraws(1)
	for _, row := range []struct {
		n    int64
		p    float64
		want int64
	}{{0, 0.5, 0}, {7, 0, 0}, {7, -1, 0}, {7, 1, 7}, {7, 1.5, 7}} {
		if got := d.binomial(row.n, row.p); got != row.want {
			t.Errorf("binomial(%d, %g) = %d, want %d", row.n, row.p, got, row.want)
		}
	}
}

func TestPoisson(t *testing.T) {
	t.Parallel()
	for _, mean := range []float64{0.3, 5, 250, 10000} {
		d := newDraws(2)
		likeness(t, func() float64 { return float64(d.poisson(mean)) }, mean, mean)
	}
}

// TestClusters: the errors of n requests that share a beta-distributed rate have variance
// n p (1-p) (1 + (n-1) c).
func TestClusters(t *testing.T) {
	t.Parallel()
	const n, p, c = 500, 0.02, 0.004
	d := newDraws(3)
	draw := func() float64 { return float64(d.binomial(n, d.beta(p, c))) }
	likeness(t, draw, n*p, n*p*(1-p)*(1+(n-1)*c))
	if got := d.beta(p, 0); got != p {
		t.Errorf("beta(%g, 0) = %g, want %g", p, got, p)
	}
}

// TestLatencySums: the sum of n latencies has n times the mean and variance of one.
func TestLatencySums(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{40, 2000} {
		l := latency(0.06)
		var square float64
		for _, m := range l {
			square += m.Share * m.Mean * m.Mean * math.Exp(m.Sigma*m.Sigma)
		}
		d, histogram := newDraws(4), l.histogram(Bounds())
		draw := func() float64 { _, sum := d.latencies(n, histogram); return sum }
		likeness(t, draw, float64(n)*l.Mean(), float64(n)*(square-l.Mean()*l.Mean()))
	}
}

// TestLatenciesFitTheirBuckets: every request is in one bucket, and the sum is possible.
func TestLatenciesFitTheirBuckets(t *testing.T) {
	t.Parallel()
	d, histogram := newDraws(5), stalling(300).histogram(Bounds())
	for n := range int64(3000) {
		buckets, sum := d.latencies(n, histogram)
		var total int64
		var least, most float64
		for i, k := range buckets {
			total += k
			least += float64(k) * histogram[i].low
			if k > 0 {
				most += float64(k) * histogram[i].high
			}
		}
		if total != n || slices.Min(buckets) < 0 || sum < least-1e-6 || sum > most+1e-6 {
			t.Fatalf("%d requests: %d in buckets %v, sum %g, possible %g to %g", n, total, buckets, sum, least, most)
		}
	}
}

// TestDrawsDependOnTheirPurpose: the same purpose and tick give the same numbers, whatever was
// drawn before; others give others.
func TestDrawsDependOnTheirPurpose(t *testing.T) {
	t.Parallel()
	first := func(seed uint64, p purpose, tick int) uint64 {
		d := newDraws(seed)
		d.start(arrivals, 99)
		d.rand.Uint64()
		d.start(p, tick)
		return d.rand.Uint64()
	}
	want := first(1, division, 7)
	if got := first(1, division, 7); got != want {
		t.Errorf("drawn again: %d, want %d", got, want)
	}
	for _, got := range []uint64{first(2, division, 7), first(1, ofBaseline, 7), first(1, division, 8)} {
		if got == want {
			t.Errorf("another seed, purpose or tick gives the same number %d", got)
		}
	}
}
