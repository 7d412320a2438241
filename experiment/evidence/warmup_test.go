package evidence

import (
	"testing"
	"time"
)

func TestWarmUp(t *testing.T) {
	t.Parallel()
	cold := service{errors: 0.04, slow: 0.02, factor: 5}
	for _, row := range []struct {
		name      string
		rps       float64
		candidate behaviour
		over      time.Duration // at the latest
		promotes  bool
	}{
		{"none needed", 50, steady(sound()), 60 * time.Second, true},
		{"half a minute", 50, between(0, 30*time.Second, cold, sound()), 70 * time.Second, true},
		{"a minute", 50, between(0, time.Minute, cold, sound()), 100 * time.Second, true},
		{"a minute with little traffic", 8, between(0, time.Minute, cold, sound()), 100 * time.Second, true},
		{"it never gets warm", 50, steady(cold), 2 * time.Minute, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(8) {
				w := release(row.rps, row.candidate)
				w.seed = seed
				s := w.run(func(_ State, i Interval, after State) {
					if c := after.Call(); c.Phase == Warming && (i.Weight > 5 || after.Now > row.over) {
						t.Errorf("seed %d: still warming after %s at %d %%", seed, after.Now, i.Weight)
					}
				})
				if got := s.Call().Action == Promote; got != row.promotes {
					t.Errorf("seed %d: want promoted: %v, got %s: %s", seed, row.promotes, s.Call().Action, s.Call().Reason)
				}
			}
		})
	}
}

// The clock of the warm-up starts with the first request, not with the experiment.
func TestWarmUpWaitsForTraffic(t *testing.T) {
	t.Parallel()
	s, rng := release(20, steady(sound())).begin()
	w := release(20, steady(sound()))
	for at := 5 * time.Second; at <= 5*time.Minute; at += 5 * time.Second {
		s = s.Step(w.interval(rng, at-5*time.Second, at, 0)) // nobody has moved the weight yet
	}
	if c := s.Call(); c.Phase != Warming || c.Action != Continue || s.Warm.Begun {
		t.Errorf("want it waiting, got %+v", c)
	}
	if c := s.Call(); c.Weight != 0 {
		t.Errorf("want no rise without an iteration, got %d %%", c.Weight)
	}
}

// In a short experiment the warm-up may end in the middle of the first healthy block.
func TestWarmUpWaitsForTheBlockThatLooksHealthy(t *testing.T) {
	t.Parallel()
	settings := Balanced()
	settings.WhenUndecided = PointEstimate
	plan := Plan{Interval: 10 * time.Second, Look: 5 * time.Second, Budget: 100 * time.Second, MaxWeight: 75, MaxIncrement: 20}
	s := New(settings, plan, []Objective{{Kind: Mean, Limit: 50}, {Kind: ErrorRate, Limit: 0.01}}, nil)
	counts := func(n int64, ms float64) Counts {
		c := Counts{Requests: n, Buckets: []int64{n, 0}, Sum: ms * float64(n)}
		if ms > 100 {
			c.Buckets = []int64{0, n}
		}
		return c
	}
	for at := 2500 * time.Millisecond; at < 60*time.Second; at += 5 * time.Second {
		ms := 10.0
		if at < 40*time.Second { // cold for half a minute from the first request on
			ms = 250
		}
		n := int64(13)
		if at < 5*time.Second {
			n = 0
		}
		s = s.Step(Interval{
			Start: at - 5*time.Second, End: at, Weight: 5, Bounds: []float64{100}, Rise: true,
			Baseline: counts(240, 10), Candidate: counts(n, ms),
		})
		if c := s.Call(); c.Action != Continue {
			t.Fatalf("at %s: %s: %s", at, c.Action, c.Reason)
		}
	}
	if c := s.Call(); c.Phase == Warming || c.Objectives[0].Candidate == nil || *c.Objectives[0].Candidate > 11 {
		t.Errorf("want it judged by what it did warm, got %s: %+v", c.Phase, c.Objectives[0])
	}
}
