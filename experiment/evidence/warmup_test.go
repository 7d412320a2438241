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
