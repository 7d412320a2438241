package experiment

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"perch/experiment/evidence"
)

// countable describes the tutorial's metrics with what they are counted from.
func countable() []Metric {
	list := known()
	for i := range list {
		list[i].Family = "iter8-knative"
	}
	list[0].Kind = MeanLatency
	list[1].Kind, list[1].Quantile = TailQuantile, 0.95
	list[2].Kind = ErrorRate
	return list
}

// A service is what a version does with its requests in one interval of 10 s.
type service struct {
	rate   int     // requests a second, of both versions
	errors float64 // share of failed requests
	slow   float64 // share of requests that take 300 ms instead of 10
}

// tally counts what a version with a share of the traffic did in an interval.
func (s service) tally(version string, from time.Time, percent int) Tally {
	n := int64(s.rate * 10 * percent / 100)
	slow := int64(float64(n) * s.slow)
	return Tally{
		Family: "iter8-knative", Version: version, From: from, To: from.Add(10 * time.Second),
		Requests: n, Errors: int64(float64(n) * s.errors), Bounds: []float64{20, 50, 100, 500},
		Buckets: []int64{n - slow, 0, 0, slow, 0}, Sum: float64(n-slow)*10 + float64(slow)*300,
	}
}

// samples are the point estimates that go with it.
func (s service) samples(spec Spec, version string) []Sample {
	p95 := 10.0
	if s.slow > 0.05 {
		p95 = 300
	}
	values := []float64{10 + 290*s.slow, p95, s.errors}
	var list []Sample
	for i := range values {
		list = append(list, Sample{Metric: spec.Criteria.Objectives[i].Metric, Version: version, Value: &values[i]})
	}
	return list
}

// A weighed run is one of the judge evidence, in intervals of 10 s.
type weighedRun struct {
	*run
	at time.Time
}

// weigh begins a run of so many iterations.
func weigh(t *testing.T, iterations int, policy OnInconclusive) *weighedRun {
	t.Helper()
	spec := tutorial(t)
	spec.Duration.IterationsPerLoop = iterations
	settings := evidence.Balanced()
	r := &weighedRun{run: &run{judge: ByEvidence}}
	r.happens(Started{Judge: JudgeEvidence, Spec: spec, Metrics: countable(), Evidence: &settings, Policy: Policy{OnInconclusive: policy}})
	r.happens(Initialized{Traffic: Traffic{Split: BaselineOnly(2), Settled: true}, LookSeconds: 10})
	r.at = r.state.Since
	return r
}

// counts lets an interval pass.
func (r *weighedRun) counts(baseline, candidate service) {
	split := r.state.Seen.Split
	r.happens(Counted{Rise: true, Tallies: []Tally{
		baseline.tally("current", r.at, split.Of(0)), candidate.tally("candidate", r.at, split.Of(1)),
	}})
	r.at = r.at.Add(10 * time.Second)
}

// iterate counts, looks and decides.
func (r *weighedRun) iterate(baseline, candidate service) Decision {
	r.counts(baseline, candidate)
	spec := r.state.Spec()
	second := candidate.samples(spec, "candidate")
	if r.state.Seen.Split.Candidate() == 0 {
		second = reading(spec, "candidate", '-')
	}
	return r.look(baseline.samples(spec, "current"), second)
}

// until iterates until the decision is of a kind, and tells in which iteration it was.
func (r *weighedRun) until(t *testing.T, kind DecisionKind, baseline, candidate service) (Decision, int) {
	t.Helper()
	var last Decision
	for i := range r.state.Iterations() + 1 {
		if last = r.iterate(baseline, candidate); last.Kind == kind {
			return last, i + 1
		}
	}
	t.Fatalf("want %s within %d iterations, ended with %s: %s", kind, r.state.Iterations(), last.Kind, last.Reason)
	return last, 0
}

func healthy(rate int) service { return service{rate: rate, errors: 0.001, slow: 0.01} }

func TestEvidencePromotesBeforeTheLastIteration(t *testing.T) {
	t.Parallel()
	r := weigh(t, 240, "")
	d, n := r.until(t, AskToPromote, healthy(50), healthy(50))
	if n > 60 || d.Winner != "candidate" || r.state.Seen.Split.Candidate() > 75 {
		t.Errorf("want the candidate to win well before iteration 240, got %s in %d: %s", d.Winner, n, d.Reason)
	}
}

func TestEvidenceRollsBackAsSoonAsItIsProven(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]service{
		"errors":    {rate: 50, errors: 0.1, slow: 0.01},
		"slow tail": {rate: 50, slow: 0.3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := weigh(t, 240, "")
			d, n := r.until(t, RollBackNow, healthy(50), bad)
			if n > 30 || !strings.HasPrefix(d.Reason, "roll back: ") || r.state.Stage != RollingBack {
				t.Errorf("want a roll back within five minutes, got it in iteration %d: %s", n, d.Reason)
			}
		})
	}
}

func TestGlanceTakesAwayAndNeverGives(t *testing.T) {
	t.Parallel()
	bad := service{rate: 200, errors: 0.5}
	r := weigh(t, 240, "")
	for range 12 {
		r.iterate(healthy(200), healthy(200))
	}
	before := r.state.Seen.Split.Candidate()
	for i := 0; ; i++ {
		r.counts(healthy(200), bad)
		d, ok := Glance(r.state, r.judge)
		if d.Split.Candidate() > before {
			t.Fatalf("a glance raises %d to %d", before, d.Split.Candidate())
		}
		if ok && d.Kind == RollBackNow {
			break
		}
		if i == 2 {
			t.Fatalf("half of all requests fail, and after three scrapes nothing happens: %+v", r.state.Weighing.Call)
		}
	}
}

func TestEvidenceThatProvesNothing(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		policy OnInconclusive
		kind   DecisionKind
		reason string
		most   int // iterations
	}{
		{PointEstimate, AskToPromote, "candidate wins: time is up: all 3 limits are kept as measured", 10},
		{"", AskToPromote, "candidate wins: time is up: all 3 limits are kept as measured", 10},
		{KeepsBaseline, KeepBaseline, "keep the baseline: nothing is proven: ", 10},
		{AskPerson, EndsUndecidedly, "undecided: ", 10},
		{Extends, EndsUndecidedly, "undecided: ", 20}, // twice as long
	} {
		t.Run(string(row.policy), func(t *testing.T) {
			t.Parallel()
			r := weigh(t, 10, row.policy)
			few := service{rate: 3, slow: 0.049} // close to the limit of 5 %
			d, n := r.until(t, row.kind, few, few)
			if !strings.HasPrefix(d.Reason, row.reason) || n > row.most {
				t.Errorf("want %q by iteration %d, got %q in %d", row.reason, row.most, d.Reason, n)
			}
		})
	}
}

func TestPointEstimatesOfAFailingCandidateKeepTheBaseline(t *testing.T) {
	t.Parallel()
	r := weigh(t, 10, PointEstimate)
	for range 9 {
		r.iterate(healthy(4), healthy(4))
	}
	d := r.iterate(healthy(4), service{rate: 4, slow: 0.2})
	if d.Kind != KeepBaseline && d.Kind != RollBackNow {
		t.Errorf("want the baseline kept, got %s: %s", d.Kind, d.Reason)
	}
}

// A metric that gives only values can keep a candidate from winning, whatever the counts prove.
func TestAValueCanStandAgainstAllEvidence(t *testing.T) {
	t.Parallel()
	r := weigh(t, 240, KeepsBaseline)
	r.state.Setup.Spec.Criteria.Objectives = append(r.state.Setup.Spec.Criteria.Objectives,
		Objective{Metric: "mine/revenue", LowerLimit: new(10.0)})
	for i := range 60 {
		r.counts(healthy(50), healthy(50))
		spec := r.state.Spec()
		poor := Sample{Metric: "mine/revenue", Version: "candidate", Value: new(11.0)}
		if i > 10 {
			*poor.Value = 9
		}
		fair := Sample{Metric: "mine/revenue", Version: "current", Value: new(11.0)}
		d := r.look(append(healthy(50).samples(spec, "current"), fair), append(healthy(50).samples(spec, "candidate"), poor))
		if d.Kind == AskToPromote {
			t.Fatalf("promotes although %s", d.Of(3, "candidate").Reason)
		}
	}
	if r.state.Weighing.Call.Action != evidence.Promote {
		t.Errorf("the counts alone should have sufficed, got %+v", r.state.Weighing.Call)
	}
}

func TestMissingCountsAreUnknown(t *testing.T) {
	t.Parallel()
	r := weigh(t, 240, "")
	for range 6 {
		r.iterate(healthy(50), healthy(50))
	}
	before := r.state.Seen.Split
	for range patience { // as time passes without a scrape
		r.at = r.at.Add(10 * time.Second)
	}
	r.comes(r.at, Counted{Rise: true, Tallies: []Tally{
		{Family: "iter8-knative", Version: "current", Missing: Stale}, {Family: "iter8-knative", Version: "candidate", Missing: Stale},
	}})
	spec := r.state.Spec()
	d := r.look(healthy(50).samples(spec, "current"), healthy(50).samples(spec, "candidate"))
	if d.Kind != HoldWeights || !d.Split.Equal(before) || d.Of(0, "candidate").Verdict != Unknown {
		t.Errorf("want to hold at %s, got %s at %s: %s", before, d.Kind, d.Split, d.Reason)
	}
}

func TestNothingToCountIsJudgedByValues(t *testing.T) {
	t.Parallel()
	r := &run{judge: ByEvidence}
	settings := evidence.Balanced()
	r.happens(Started{Spec: tutorial(t), Metrics: known(), Evidence: &settings})
	r.happens(Initialized{Traffic: Traffic{Split: weights(t, 75, 25)}})
	if d := r.see("gg"); d.Kind != Advance || r.state.Weighing != nil {
		t.Errorf("want Iter8's rule, got %s with %+v", d.Kind, r.state.Weighing)
	}
}

// The verdict is a function of the record: written, read back and folded again it is the same, to
// the bit, and a run that goes on from a checkpoint comes to the same.
func TestWeighingSurvivesTheRecordAndTheCheckpoint(t *testing.T) {
	t.Parallel()
	r := weigh(t, 240, "")
	var resumed *weighedRun
	for i := range 40 {
		if i == 17 {
			before := through(t, r.state)
			resumed = &weighedRun{run: &run{judge: ByEvidence}, at: r.at}
			resumed.happens(before.Setup)
			resumed.happens(Resumed{Policy: before.Setup.Policy, Before: &before})
		}
		d := r.iterate(healthy(20), service{rate: 20, errors: 0.004, slow: 0.03})
		if resumed == nil {
			continue
		}
		if diff := cmp.Diff(d, resumed.iterate(healthy(20), service{rate: 20, errors: 0.004, slow: 0.03})); diff != "" {
			t.Fatalf("iteration %d: a resumed run decides otherwise:\n%s", i+1, diff)
		}
	}
	one, err := json.Marshal(r.state.Weighing)
	if err != nil {
		t.Fatal(err)
	}
	two, err := json.Marshal(resumed.state.Weighing)
	if err != nil || string(one) != string(two) {
		t.Errorf("the weighings differ: %v\n%s\n%s", err, one, two)
	}
	if n := len(one); n > 64<<10 {
		t.Errorf("a weighing has %d bytes", n)
	}
}

// comes applies a fact at a time.
func (r *run) comes(at time.Time, f Fact) {
	r.state = r.state.Apply(Event{r.state.Seq + 1, at, f})
}

// Scrapes may come more rarely than looks: then there is nothing new, and nothing is missing.
func TestAScrapeThatIsNotDueIsNotMissed(t *testing.T) {
	t.Parallel()
	r := weigh(t, 240, "")
	for range 6 {
		r.iterate(healthy(50), healthy(50))
	}
	ledger := len(r.state.Weighing.Ledger)
	r.comes(r.at.Add(10*time.Second), Counted{Rise: true, Tallies: []Tally{
		{Family: "iter8-knative", Version: "current", Missing: Stale}, {Family: "iter8-knative", Version: "candidate", Missing: Stale},
	}})
	spec := r.state.Spec()
	d := r.look(healthy(50).samples(spec, "current"), healthy(50).samples(spec, "candidate"))
	if len(d.Unknown()) > 0 || len(r.state.Weighing.Ledger) != ledger || r.state.Outage != 0 {
		t.Errorf("want it passed over, got %s: %s", d.Kind, d.Reason)
	}
}

func TestNoRepairRisesInAnOutageOfTheValues(t *testing.T) {
	t.Parallel()
	r := weigh(t, 240, "")
	for range 5 {
		r.iterate(healthy(200), healthy(200))
	}
	r.state.Setup.Policy.OnDrift = DriftRepairs
	r.others(t, 100, 0)
	r.counts(healthy(200), healthy(200))
	spec := r.state.Spec()
	if d := r.look(reading(spec, "current", 'g'), reading(spec, "candidate", 'x')); d.Kind != HoldWeights {
		t.Errorf("want to hold, got %s to %d: %s", d.Kind, d.Split.Candidate(), d.Reason)
	}
}

// Counts and values come by different queries: one may fail while the other answers.
func TestAnOutageOfTheValuesAloneHolds(t *testing.T) {
	t.Parallel()
	r := weigh(t, 240, "")
	for range 5 {
		r.iterate(healthy(200), healthy(200))
	}
	spec := r.state.Spec()
	for version, samples := range map[string][]Sample{
		"current": reading(spec, "current", 'x'), "candidate": healthy(200).samples(spec, "current"),
	} {
		r.counts(healthy(200), healthy(200))
		d := r.look(samples, reading(spec, "candidate", 'x'))
		if want := version + " has no mean latency data (unreachable: connection refused)"; d.Kind != HoldWeights || !strings.Contains(d.Reason, want) {
			t.Errorf("want to hold because %s; got %s: %s", want, d.Kind, d.Reason)
		}
	}
}
