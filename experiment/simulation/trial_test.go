package simulation

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
	"perch/experiment/evidence"
)

// tutorialSpec is the tutorial's experiment.
func tutorialSpec(tb testing.TB) experiment.Spec {
	tb.Helper()
	data, err := os.ReadFile("../../testdata/canary-progressive/experiment.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	spec, err := experiment.Parse("experiment.yaml", data)
	if err != nil {
		tb.Fatal(err)
	}
	return spec
}

// known are the tutorial's metrics.
func known() []experiment.Metric {
	return []experiment.Metric{
		{Ref: "iter8-knative/mean-latency", Kind: experiment.MeanLatency},
		{Ref: "iter8-knative/95th-percentile-tail-latency", Kind: experiment.TailQuantile, Quantile: 0.95},
		{Ref: "iter8-knative/error-rate", Kind: experiment.ErrorRate},
	}
}

func TestObjectives(t *testing.T) {
	t.Parallel()
	spec := tutorialSpec(t)
	low := 0.001
	spec.Criteria.Objectives[2].LowerLimit = &low
	spec.Criteria.Objectives = append(spec.Criteria.Objectives, experiment.Objective{Metric: "default/sales", LowerLimit: &low},
		experiment.Objective{Metric: "iter8-knative/mean-latency", UpperLimit: &low, Relative: true})
	got, unknown := Objectives(spec, known())
	want := append(limits(100), evidence.Objective{Kind: evidence.ErrorRate, Limit: 0.001, Lower: true})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objectives (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"default/sales", "iter8-knative/mean-latency"}, unknown); diff != "" {
		t.Errorf("unknown (-want +got):\n%s", diff)
	}
}

// TestPlanOf: looks are as frequent as scrapes, and never more than fit the interval or a run.
func TestPlanOf(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		interval, iterations int
		look                 time.Duration
	}{
		{10, 10, 5 * time.Second},
		{12, 10, 4 * time.Second},
		{3, 10, 3 * time.Second},
		{1, 600, time.Second},
		{60, 1440, 30 * time.Second},
		{3600, 24, 3600 * time.Second / 84},
	} {
		spec := tutorialSpec(t)
		spec.Duration = experiment.Duration{IntervalSeconds: row.interval, IterationsPerLoop: row.iterations, MaxLoops: 1}
		got := PlanOf(spec)
		want := evidence.Plan{
			Interval: time.Duration(row.interval) * time.Second, Look: row.look,
			Budget:    time.Duration(row.interval*row.iterations) * time.Second,
			MaxWeight: 75, MaxIncrement: 20,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d of %d s (-want +got):\n%s", row.iterations, row.interval, diff)
		}
	}
}

// trial is the tutorial's experiment at some traffic.
func trial(tb testing.TB, rate float64) Trial {
	tb.Helper()
	spec := tutorialSpec(tb)
	list, _ := Objectives(spec, known())
	settings := evidence.Balanced()
	settings.WhenUndecided = evidence.PointEstimate
	return Trial{
		Plan: PlanOf(spec), Objectives: list, Settings: settings, Rate: rate,
		Baseline:   Profile{Unset, Unset, Unset}.Complete(list),
		Candidates: []Candidate{{"healthy", 0}, {"at the limit", 1}, {"bad", 5}},
		Runs:       30, Seed: 1,
	}
}

// TestTrialPlaysEveryCandidate: a good one is promoted, one with five times the errors is not, by
// either judge.
func TestTrialPlaysEveryCandidate(t *testing.T) {
	t.Parallel()
	odds, err := trial(t, 200).Play(t.Context(), silent)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Candidate, Rule string
		Truth           Truth
		Value           float64
	}
	var got []row
	for _, o := range odds {
		got = append(got, row{o.Candidate, o.Rule, o.Truth, o.Value})
		switch o.Truth {
		case Good:
			near(t, o.Rule+" promotes the healthy one", o.Promoted.Of, 1, 0.1)
			near(t, o.Rule+" serves no more bad requests than before", o.Harm, 0, 1e-6)
		case Bad:
			near(t, o.Rule+" promotes the bad one", o.Promoted.Of, 0, 0)
			if o.Harm <= 0 || o.Requests <= 0 || o.Seconds <= 0 || o.P90 < o.Seconds {
				t.Errorf("%s, bad candidate: %+v", o.Rule, o)
			}
		case Boundary:
		}
		near(t, "all shares", o.Promoted.Of+o.RolledBack.Of+o.Undecided.Of, 1, 1e-9)
	}
	want := []row{
		{"healthy", "evidence", Good, 0.002}, {"healthy", "iter8", Good, 0.002},
		{"at the limit", "evidence", Boundary, 0.01}, {"at the limit", "iter8", Boundary, 0.01},
		{"bad", "evidence", Bad, 0.05}, {"bad", "iter8", Bad, 0.05},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("odds (-want +got):\n%s", diff)
	}
}

// TestAdvice: a hundred seconds at 8 requests a second prove nothing about 1 %; more iterations do.
func TestAdvice(t *testing.T) {
	t.Parallel()
	short := trial(t, 8)
	got, err := short.Advise(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Enough || got.Iterations <= 10 || got.Iterations > 200 || got.Requests < 300 {
		t.Errorf("10 iterations at 8 rps: %+v, want some more iterations and at least 300 requests", got)
	}
	near(t, "from", got.From, 0.002, 0)
	near(t, "to", got.To, 0.05, 0)
	long := trial(t, 50)
	long.Plan.Budget = 10 * time.Minute
	if got, err = long.Advise(t.Context()); err != nil || !got.Enough || got.Iterations != 0 {
		t.Errorf("60 iterations at 50 rps: %+v, %v, want enough", got, err)
	}
}

func TestTrialRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	odd := trial(t, 8)
	odd.Baseline.Mean = 1000
	if _, err := odd.Play(t.Context(), silent); err == nil {
		t.Error("a mean latency ten times the tail's limit is played")
	}
	aimless := trial(t, 8)
	aimless.Objectives = nil
	if _, err := aimless.Advise(t.Context()); err == nil {
		t.Error("a trial without objectives gets advice")
	}
}
