package evidence

import (
	"testing"
	"time"
)

// What happens to both versions is not the candidate's fault.
func TestSharedIncidents(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name      string
		rps       float64
		from, to  time.Duration
		incident  service
		undecided int // of 12 runs, at most
	}{
		{"five times the limit for two minutes", 50, 200 * time.Second, 320 * time.Second, service{errors: .05, slow: .02}, 1},
		{"the same with little traffic", 5, 200 * time.Second, 320 * time.Second, service{errors: .05, slow: .02}, 6},
		{"an outage", 50, 100 * time.Second, 160 * time.Second, service{errors: .6, slow: .02}, 1},
		{"a slow dependency", 50, 200 * time.Second, 320 * time.Second, service{errors: .002, slow: .02, factor: 3}, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			both := between(row.from, row.to, row.incident, sound())
			w := release(row.rps, both)
			w.baseline = both
			count, _ := w.outcomes(t, 12)
			if count[RollBack] > 0 || count[GiveUp] > row.undecided {
				t.Errorf("want promotions and at most %d undecided, got %v", row.undecided, count)
			}
		})
	}
}

// A baseline that is bad at all times excuses nothing, and does not stand in the way of its fix.
func TestSickBaseline(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name      string
		rps       float64
		candidate behaviour
		want      Action
	}{
		{"a candidate as bad", 50, failing(.03), RollBack},
		{"a candidate as bad, with much traffic", 400, failing(.03), RollBack},
		{"a candidate that is the fix", 50, steady(sound()), Promote},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := release(row.rps, row.candidate)
			w.baseline = failing(.03)
			if count, _ := w.outcomes(t, 6); count[row.want] != 6 {
				t.Errorf("want %s, got %v", row.want, count)
			}
		})
	}
}

// A candidate that is worse than the incident is rolled back in the middle of it.
func TestWorseThanTheIncident(t *testing.T) {
	t.Parallel()
	w := release(100, failing(.25))
	w.baseline = between(0, 10*time.Minute, service{errors: .04, slow: .02}, sound())
	count, median := w.outcomes(t, 8)
	if count[Promote] > 0 || median > 3*time.Minute {
		t.Errorf("want it off within minutes, got %v after %s", count, median)
	}
}

// Much time with trouble of both versions is not taken out beyond half of the budget.
func TestExclusionIsBounded(t *testing.T) {
	t.Parallel()
	both := between(time.Minute, time.Hour, service{errors: .1, slow: .02}, sound())
	w := release(50, both)
	w.baseline, w.plan.Budget = both, 10*time.Minute
	s := w.run(nil)
	if s.Call().Action == Promote || s.Call().Excluded > 5*time.Minute {
		t.Errorf("want no promotion and at most 5m taken out, got %s and %s", s.Call().Action, s.Call().Excluded)
	}
}
