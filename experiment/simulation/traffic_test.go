package simulation

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"perch/experiment/evidence"
)

// flowing plays a service for some ticks at one weight and returns what is left unscraped.
func flowing(e *environment, weight, ticks int) [versions]evidence.Counts {
	t := newTraffic(e)
	for i := range ticks {
		t.flow(e.history+i, weight)
	}
	return t.pending
}

// TestTrafficHasItsRates: what the counters say is what the versions are.
func TestTrafficHasItsRates(t *testing.T) {
	t.Parallel()
	s := standard("rates", Good, 200)
	s.Candidate.Errors, s.Candidate.Latency = 0.03, latency(0.08)
	got := flowing(newEnvironment(&s, 2*time.Hour, 1), 25, 1440)
	total := float64(got[baseline].Requests + got[candidate].Requests)
	near(t, "requests", total, 200*7200, 5*1200)
	near(t, "share of the candidate", float64(got[candidate].Requests)/total, 0.25, 0.002)
	for v, want := range []Version{s.Baseline, s.Candidate} {
		n := float64(got[v].Requests)
		near(t, "errors", float64(got[v].Errors)/n, want.Errors, 0.0015)
		near(t, "mean latency", got[v].Sum/n, want.Latency.Mean(), 0.4)
		slow := 0.0
		for i, k := range got[v].Buckets {
			if i > 6 { // above 100 ms
				slow += float64(k)
			}
		}
		near(t, "slow share", slow/n, want.Latency.Above(100), 0.002)
	}
}

// TestSameWeightSameRequests: rules that give the same weight see the same requests, whatever they
// did before.
func TestSameWeightSameRequests(t *testing.T) {
	t.Parallel()
	s := standard("paired", Good, 50)
	s.Candidate.Cluster = 0.01
	e := newEnvironment(&s, time.Hour, 1)
	one, other := newTraffic(e), newTraffic(e)
	for i := range 20 {
		one.flow(e.history+i, 5)
		other.flow(e.history+i, 50)
		one.scrape(e.history + i)
		other.scrape(e.history + i)
	}
	one.flow(e.history+20, 30)
	other.flow(e.history+20, 30)
	if diff := cmp.Diff(one.pending, other.pending); diff != "" {
		t.Errorf("the same weight in the same tick (-one +other):\n%s", diff)
	}
}

func TestRestartLosesWhatIsUnscraped(t *testing.T) {
	t.Parallel()
	s := standard("restarts", Good, 50)
	e := newEnvironment(&s, time.Minute, 1)
	e.ticks[e.history+3].versions[candidate].restarts = true
	traffic := newTraffic(e)
	for i := range 3 {
		traffic.flow(e.history+i, 50)
	}
	before := traffic.pending
	traffic.flow(e.history+3, 50)
	last := e.ticks[e.history+3].requests
	if got := traffic.pending[candidate].Requests; got == 0 || got >= last {
		t.Errorf("after a restart the candidate has %d unscraped requests, of the %d of this tick", got, last)
	}
	if got := traffic.pending[baseline].Requests; got <= before[baseline].Requests {
		t.Errorf("the baseline did not restart, but has %d requests of %d before", got, before[baseline].Requests)
	}
}

// TestHarmIsWhatTheBaselineWouldHaveAnsweredBetter: 20 % of 50 requests a second for a minute, of
// which 1.8 % more fail and 8 % more are slow.
func TestHarmIsWhatTheBaselineWouldHaveAnsweredBetter(t *testing.T) {
	t.Parallel()
	s := scenario(Bad, "harm", 50, failing(0.02), slow(0.1))
	traffic := newTraffic(newEnvironment(&s, time.Minute, 1))
	for i := range 12 {
		traffic.flow(traffic.env.history+i, 20)
	}
	got := traffic.tally
	near(t, "requests", float64(got.Requests), 600, 100)
	near(t, "bad", got.Bad/float64(got.Requests), 0.12, 2e-4)
	near(t, "harm", got.Harm/float64(got.Requests), 0.098, 2e-4)
}

// TestWarmUpBeginsWithTheFirstRequest, not with the experiment.
func TestWarmUpBeginsWithTheFirstRequest(t *testing.T) {
	t.Parallel()
	s := standard("late", Good, 50)
	s.Candidate.WarmUp = WarmUp{For: 30 * time.Second, Errors: 1}
	e := newEnvironment(&s, 5*time.Minute, 1)
	traffic := newTraffic(e)
	for i := range 24 {
		weight := 50
		if i < 12 {
			weight = 0
		}
		traffic.flow(e.history+i, weight)
		c := traffic.pending[candidate]
		traffic.scrape(e.history + i)
		if failing := c.Requests > 0 && c.Errors == c.Requests; failing != (i >= 12 && i < 18) {
			t.Errorf("tick %d: %d of %d requests failed", i, c.Errors, c.Requests)
		}
	}
}
