package evidence

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Nonsense is no evidence: it is refused in words, and the state stays as it was.
func TestNonsenseIsRefused(t *testing.T) {
	t.Parallel()
	w := release(50, steady(sound()))
	s, rng := w.begin()
	s = s.Step(w.interval(rng, 0, 5*time.Second, 5))
	for _, row := range []struct {
		name   string
		change func(*Interval)
		want   string
	}{
		{"no scrape", func(i *Interval) { i.Missing = "timeout" }, "timeout"},
		{"the same scrape again", func(i *Interval) { i.Start, i.End = 0, 5*time.Second }, "counted already"},
		{"an overlap", func(i *Interval) { i.Start = 3 * time.Second }, "counted already"},
		{"no time", func(i *Interval) { i.End = i.Start }, "no sensible length"},
		{"time that runs backwards", func(i *Interval) { i.End = i.Start - time.Second }, "no sensible length"},
		{"a year", func(i *Interval) { i.End = 9000 * time.Hour }, "no sensible length"},
		{"an overflow", func(i *Interval) { i.Start, i.End = math.MinInt64, math.MaxInt64 }, "no sensible length"},
		{"negative requests", func(i *Interval) { i.Candidate.Requests = -1 }, "candidate: a count is negative"},
		{"negative errors", func(i *Interval) { i.Baseline.Errors = -1 }, "baseline: a count is negative"},
		{"a negative bucket", func(i *Interval) { i.Candidate.Buckets[3] = -4 }, "candidate: a count is negative"},
		{"more errors than requests", func(i *Interval) { i.Candidate.Errors = 1e6 }, "1000000 errors in"},
		{"endless requests", func(i *Interval) { i.Candidate.Requests = math.MaxInt64 }, "candidate: "},
		{"a bucket too few", func(i *Interval) { i.Candidate.Buckets = i.Candidate.Buckets[1:] }, "18 buckets with 18 bounds"},
		{"no buckets", func(i *Interval) { i.Candidate.Buckets = nil }, "no latency buckets"},
		{"bounds that fall", func(i *Interval) { i.Bounds = []float64{5, 4} }, "do not ascend"},
		{"a bound that is no number", func(i *Interval) { i.Bounds[0] = math.NaN() }, "do not ascend"},
		{"an infinite bound", func(i *Interval) { i.Bounds[17] = math.Inf(1) }, "do not ascend"},
		{"a sum that is no number", func(i *Interval) { i.Candidate.Sum = math.NaN() }, "does not fit"},
		{"an infinite sum", func(i *Interval) { i.Candidate.Sum, i.Candidate.Buckets[18] = math.Inf(1), 1 }, "does not fit"},
		{"a sum below its buckets", func(i *Interval) { i.Baseline.Sum = 1 }, "does not fit"},
		{"a negative sum", func(i *Interval) { i.Baseline.Sum = -1 }, "does not fit"},
	} {
		i := w.interval(rng, 5*time.Second, 10*time.Second, 5)
		i.Rise = true
		row.change(&i)
		next := s.Step(i)
		if c := next.Call(); c.Phase != Holding || c.Action != Continue || c.Line.Flag != NoScrape || !strings.Contains(c.Line.Missing, row.want) {
			t.Errorf("%s: want it refused with %q, got %s with %q", row.name, row.want, c.Phase, c.Line.Missing)
		}
		if written(t, evidenceOf(next)) != written(t, evidenceOf(s)) {
			t.Errorf("%s: it changed the evidence", row.name)
		}
		if next.Call().Weight > i.Weight {
			t.Errorf("%s: the weight rises", row.name)
		}
	}
}

// Permuting or leaving out what does not matter does not matter.
func TestObjectivesSayWhatIsNeeded(t *testing.T) {
	t.Parallel()
	s := New(Balanced(), release(1, nil).plan, []Objective{{Kind: ErrorRate, Limit: 0.01}}, nil)
	i := Interval{End: 5 * time.Second, Weight: 5, Baseline: Counts{Requests: 95}, Candidate: Counts{Requests: 5, Sum: math.NaN()}}
	if got := s.Step(i).Call().Line.Flag; got != WarmingUp {
		t.Errorf("latencies are not needed for an error rate, got %q", got)
	}
}

// The end of the budget without data waits for the next scrape, a few looks long.
func TestSilenceAtTheEnd(t *testing.T) {
	t.Parallel()
	w := release(50, steady(sound()))
	s, _ := w.begin()
	var phases []Phase
	for at := w.plan.Budget - 5*time.Second; at <= w.plan.Budget+15*time.Second; at += 5 * time.Second {
		s = s.Step(Interval{Start: 0, End: at, Weight: 5, Missing: "timeout"})
		phases = append(phases, s.Call().Phase)
	}
	if diff := cmp.Diff([]Phase{Holding, Holding, Holding, Holding, Inconclusive}, phases); diff != "" {
		t.Error(diff)
	}
}
