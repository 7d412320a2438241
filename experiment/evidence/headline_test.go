package evidence

import (
	"testing"
	"time"
)

// What the judge is for, each on a dozen runs. The simulator has the full picture.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	strict := func(w world) world { w.settings = Strict(); return w }
	for _, row := range []struct {
		name     string
		world    world
		want     Action
		least    int // of 12 runs
		from, to time.Duration
	}{
		{"a good candidate is promoted after the soak", release(50, steady(sound())), Promote, 12, 295 * time.Second, 320 * time.Second},
		{"so is one near its limits", release(50, steady(service{errors: .007, slow: .034})), Promote, 11, 295 * time.Second, 400 * time.Second},
		{"with little traffic it takes longer", release(5, steady(sound())), Promote, 11, 295 * time.Second, 8 * time.Minute},
		{"twice the errors", release(50, failing(.02)), RollBack, 11, time.Minute, 180 * time.Second},
		{"ten times the errors", release(50, failing(.1)), RollBack, 12, 5 * time.Second, 125 * time.Second},
		{"a slow tail", release(50, steady(service{errors: .002, slow: .1})), RollBack, 12, time.Minute, 3 * time.Minute},
		{"a slow mean", release(50, steady(service{errors: .002, slow: .02, factor: 2})), RollBack, 12, time.Minute, 3 * time.Minute},
		{"a crash", release(20, failing(.6)), RollBack, 12, 5 * time.Second, 30 * time.Second},
		{"errors at the limit prove nothing", strict(release(50, failing(.01))), GiveUp, 11, 5 * time.Minute, 40 * time.Minute},
		{"a regression after four minutes", release(50, between(4*time.Minute, time.Hour, service{errors: .3, slow: .02}, sound())), RollBack, 12, 4 * time.Minute, 250 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			count, median := row.world.outcomes(t, 12)
			if count[row.want] < row.least {
				t.Errorf("want %s in %d of 12 runs, got %v", row.want, row.least, count)
			}
			if median < row.from || median > row.to {
				t.Errorf("want a median between %s and %s, got %s", row.from, row.to, median)
			}
		})
	}
}

// The Iter8 tutorial: 100 seconds at 8 requests a second are at the edge of what proves anything, and
// what was measured decides if the policy is Iter8's.
func TestTutorial(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name      string
		policy    Policy
		candidate behaviour
		never     Action
		always    Action
	}{
		{"good", KeepBaseline, steady(sound()), RollBack, ""},
		{"good, by the point estimate", PointEstimate, steady(sound()), RollBack, Promote},
		{"bad", KeepBaseline, failing(.05), Promote, ""},
		{"bad, by the point estimate", PointEstimate, failing(.05), Promote, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := release(8, row.candidate)
			w.plan.Budget, w.settings.WhenUndecided = 100*time.Second, row.policy
			count, longest := w.outcomes(t, 20)
			if count[row.never] > 0 || row.always != "" && count[row.always] < 19 || longest > 100*time.Second {
				t.Errorf("want %q, never %s, got %v within %s", row.always, row.never, count, longest)
			}
		})
	}
	w := release(8, steady(sound()))
	w.plan.Budget = 100 * time.Second
	s, _ := w.begin()
	if got := s.leastWarmUp(); got != 10*time.Second {
		t.Errorf("warm-up: want 10s, got %s", got)
	}
	if got := s.soak(); got != 50*time.Second {
		t.Errorf("soak: want 50s, got %s", got)
	}
}

// The same requests, looked at more or less often, come to the same verdict, give or take a look.
func TestLookingMoreOftenChangesNothing(t *testing.T) {
	t.Parallel()
	for name, candidate := range map[string]behaviour{
		"good": steady(sound()), "2x errors": failing(.02), "slow": steady(service{errors: .002, slow: .1}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var actions []map[Action]int
			var medians []time.Duration
			for _, look := range []time.Duration{5 * time.Second, 10 * time.Second, 15 * time.Second} {
				w := release(50, candidate)
				w.plan.Look, w.plan.Interval = look, 30*time.Second
				count, median := w.outcomes(t, 10)
				actions, medians = append(actions, count), append(medians, median)
			}
			for k := range actions {
				for action, n := range actions[0] {
					if d := actions[k][action] - n; d < -1 || d > 1 {
						t.Errorf("look %d: want %v, got %v", k, actions[0], actions[k])
					}
				}
				if d := (medians[k] - medians[0]).Abs(); d > 40*time.Second {
					t.Errorf("look %d: want a median of about %s, got %s", k, medians[0], medians[k])
				}
			}
		})
	}
}
