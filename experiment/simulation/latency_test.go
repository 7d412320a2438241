package simulation

import (
	"math"
	"testing"
)

// near tells whether a number is where it should be.
func near(tb testing.TB, what string, got, want, tolerance float64) {
	tb.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tolerance {
		tb.Errorf("%s = %g, want %g ± %g", what, got, want, tolerance)
	}
}

func TestLatencyHasItsMoments(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		l    Latency
	}{
		{"one mode", Latency{{1, 33, 0.64}}},
		{"with a slow share", latency(0.06)},
		{"stalling", stalling(60)},
		{"beyond the last bound", Latency{{0.9, 30, 0.3}, {0.1, 400000, 0.5}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var share, mean, square, want float64
			for _, b := range row.l.histogram(Bounds()) {
				if b.share > negligible && (b.mean < b.low || b.mean > b.high) {
					t.Errorf("bucket (%g, %g] has mean %g", b.low, b.high, b.mean)
				}
				share += b.share
				mean += b.share * b.mean
				square += b.share * (b.variance + b.mean*b.mean)
			}
			for _, m := range row.l { // E[X²] of a lognormal is mean² exp(sigma²)
				want += m.Share * m.Mean * m.Mean * math.Exp(m.Sigma*m.Sigma)
			}
			near(t, "the sum of shares", share, 1, 1e-9)
			near(t, "mean", mean/row.l.Mean(), 1, 1e-6)
			near(t, "mean square", square/want, 1, 1e-5)
		})
	}
}

func TestLatencyAbove(t *testing.T) {
	t.Parallel()
	one := Latency{{1, 100, 0.5}}
	median := 100 * math.Exp(-0.5*0.5/2)
	near(t, "share above the median", one.Above(median), 0.5, 1e-12)
	near(t, "share above one deviation", one.Above(median*math.Exp(0.5)), 0.158655, 1e-6)
	near(t, "share above zero", one.Above(0), 1, 0)
	near(t, "slow share of a scenario", latency(0.02).Above(100), 0.02, 2e-4)
	near(t, "the same after everything is twice as slow", one.times(2).Above(2*median), 0.5, 1e-12)
}

// TestStandardServiceIsTheReference: mean 33 ms, 2 % above 100 ms.
func TestStandardServiceIsTheReference(t *testing.T) {
	t.Parallel()
	near(t, "mean", latency(0.02).Mean(), 33, 0.1)
	near(t, "mean of a stalling candidate", stalling(60).Mean(), 60, 1e-9)
	near(t, "slow share of a stalling candidate", stalling(60).Above(100), 0.035, 2e-4)
}
