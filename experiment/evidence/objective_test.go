package evidence

import (
	"testing"
	"time"
)

// Each kind of objective on its own: one candidate that keeps it, one that misses it.
func TestKindsOfObjective(t *testing.T) {
	t.Parallel()
	faster := steady(service{errors: .002, slow: .02, factor: .5})
	slower := steady(service{errors: .002, slow: .02, factor: 2})
	drifting := func(by float64) behaviour { // both versions get slower and faster together
		return func(at time.Duration) service {
			return service{errors: .004, slow: .02, factor: by * (1 + 0.5*float64(int(at.Minutes())%3))}
		}
	}
	failing := func(share float64) behaviour { return steady(service{errors: share, slow: .02}) }
	for _, row := range []struct {
		name           string
		objective      Objective
		good, bad      behaviour
		baseline       behaviour // nil: sound
		mayBeUndecided bool
	}{
		{name: "error rate", objective: Objective{Kind: ErrorRate, Limit: .01}, good: failing(.002), bad: failing(.03)},
		{name: "error rate, lower", objective: Objective{Kind: ErrorRate, Limit: .05, Lower: true}, good: failing(.1), bad: failing(.01), baseline: failing(.1)},
		{name: "quantile", objective: Objective{Kind: Quantile, Quantile: .95, Limit: 100}, good: faster, bad: slower},
		{name: "quantile inside of a bucket", objective: Objective{Kind: Quantile, Quantile: .95, Limit: 120}, good: faster, bad: steady(service{slow: .15})},
		{name: "median", objective: Objective{Kind: Quantile, Quantile: .5, Limit: 40}, good: faster, bad: slower},
		{name: "quantile, lower", objective: Objective{Kind: Quantile, Quantile: .5, Limit: 20, Lower: true}, good: slower, bad: faster},
		{name: "mean", objective: Objective{Kind: Mean, Limit: 50}, good: faster, bad: slower},
		{name: "mean, lower", objective: Objective{Kind: Mean, Limit: 25, Lower: true}, good: slower, bad: steady(service{factor: .3})},
		{name: "error rate, relative", objective: Objective{Kind: ErrorRate, Limit: 1.5, Relative: true}, good: failing(.01), bad: failing(.06), baseline: failing(.01)},
		{name: "quantile, relative", objective: Objective{Kind: Quantile, Quantile: .9, Limit: 1.2, Relative: true}, good: drifting(.8), bad: drifting(2), baseline: drifting(1)},
		{name: "mean, relative", objective: Objective{Kind: Mean, Limit: 1.2, Relative: true}, good: drifting(1), bad: drifting(2), baseline: drifting(1)},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			for _, side := range []struct {
				name      string
				candidate behaviour
				want      Action
			}{{"good", row.good, Promote}, {"bad", row.bad, RollBack}} {
				w := release(60, side.candidate)
				w.objectives = []Objective{row.objective}
				if row.baseline != nil {
					w.baseline = row.baseline
				}
				count, median := w.outcomes(t, 6)
				if count[side.want] < 5 {
					t.Errorf("%s: want %s, got %v after %s", side.name, side.want, count, median)
				}
			}
		})
	}
}

// An experiment without objectives has nothing to wait for but the soak.
func TestNoObjectives(t *testing.T) {
	t.Parallel()
	w := release(20, failing(.5))
	w.objectives = nil
	s := w.run(nil)
	if s.Call().Action != Promote || s.Now < 5*time.Minute {
		t.Errorf("want a promotion after the soak, got %+v", s.Call())
	}
}
