package simulation

import (
	"math"
	"testing"
	"time"

	"perch/experiment/evidence"
)

// gained makes the counts of one scrape: requests in the first bucket, of which errors fail.
func gained(requests, errors int64) evidence.Counts {
	return evidence.Counts{Requests: requests, Errors: errors, Buckets: []int64{requests, 0, 0}, Sum: 3 * float64(requests)}
}

// TestSeriesLoseTheirFirstSample: increase() knows no series before its first scrape.
func TestSeriesLoseTheirFirstSample(t *testing.T) {
	t.Parallel()
	s := newSeries([]float64{5, 10})
	for i, c := range []evidence.Counts{{}, gained(10, 0), gained(20, 2), gained(40, 3)} {
		if c.Buckets == nil {
			c = emptyCounts(3)
		}
		s.scraped(time.Duration(i+1)*5*time.Second, [versions]evidence.Counts{gained(0, 0), c})
	}
	got := s.since(candidate, 0)
	near(t, "requests: all but the first ten", got.requests, 60, 0)
	near(t, "errors: all but the first two", got.failed, 3, 0)
	near(t, "answered well", got.fine, 18+37, 0)
	near(t, "mean", got.value(evidence.Objective{Kind: evidence.Mean}), 3, 0)
	near(t, "error rate", got.value(evidence.Objective{Kind: evidence.ErrorRate}), 3.0/58, 1e-12)
	near(t, "requests in the last 10 s, between two scrapes", s.since(candidate, 10*time.Second).requests, 40, 0)
	if s.since(candidate, 15*time.Second).known {
		t.Error("a single sample in the range makes an increase known")
	}
	if s.since(baseline, 0).known {
		t.Error("a version without requests has a series")
	}
	if !math.IsNaN(s.since(baseline, 0).value(evidence.Objective{Kind: evidence.ErrorRate})) {
		t.Error("the error rate of no requests is a number")
	}
}

// TestQuantileIsPromQLs: linear within a bucket, from zero in the first, and the last bound above it.
func TestQuantileIsPromQLs(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		buckets []float64
		q, want float64
	}{
		{"middle of the first bucket", []float64{10, 0, 0}, 0.5, 2.5},
		{"exactly at a bound", []float64{95, 5, 0}, 0.95, 5},
		{"within the second", []float64{90, 10, 0}, 0.95, 7.5},
		{"an empty bucket is skipped", []float64{0, 10, 0}, 0.5, 7.5},
		{"in the open bucket", []float64{0, 0, 10}, 0.5, 10},
	} {
		s := span{bounds: []float64{5, 10}, buckets: row.buckets}
		for _, n := range row.buckets {
			s.requests += n
		}
		near(t, row.name, s.quantile(row.q), row.want, 1e-12)
	}
	if got := (span{bounds: []float64{5, 10}, buckets: make([]float64, 3)}).quantile(0.95); !math.IsNaN(got) {
		t.Errorf("quantile of nothing = %g, want NaN", got)
	}
}

func TestMeets(t *testing.T) {
	t.Parallel()
	s := span{bounds: []float64{5, 10}, buckets: []float64{100, 0, 0}, requests: 100, sum: 400, fine: 99, failed: 1}
	for _, row := range []struct {
		name string
		o    evidence.Objective
		want bool
	}{
		{"limits are inclusive", evidence.Objective{Kind: evidence.ErrorRate, Limit: 0.01}, true},
		{"too many errors", evidence.Objective{Kind: evidence.ErrorRate, Limit: 0.0099}, false},
		{"mean", evidence.Objective{Kind: evidence.Mean, Limit: 3.9}, false},
		{"mean from below", evidence.Objective{Kind: evidence.Mean, Limit: 3.9, Lower: true}, true},
		{"quantile", evidence.Objective{Kind: evidence.Quantile, Quantile: 0.95, Limit: 5}, true},
	} {
		if got := s.meets(row.o); got != row.want {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
	}
	if (span{bounds: []float64{5}, buckets: []float64{0, 0}}).meetsAll([]evidence.Objective{{Kind: evidence.Mean, Limit: 1e9}}) {
		t.Error("nothing counted meets a limit")
	}
}
