package evidence

import (
	"testing"
	"time"
)

// Weights rise by evidence: at once to the most where traffic is little, and step by step where a few
// percent are enough to learn from.
func TestPace(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		rps      float64
		interval time.Duration
		warm     int // percent
		paced    int
	}{
		{"a trickle", 1, 10 * time.Second, 5, 75},
		{"some", 200, 10 * time.Second, 5, 40},
		{"some, with long iterations", 200, 60 * time.Second, 2, 7},
		{"plenty", 2000, 10 * time.Second, 1, 5},
	} {
		s := New(Balanced(), release(1, nil).plan, release(1, nil).objectives, nil)
		s.Rate, s.Plan.Interval = row.rps, row.interval
		if warm, paced := s.warmWeight(), s.pacedWeight(); warm != row.warm || paced != row.paced {
			t.Errorf("%s: want %d and %d %%, got %d and %d", row.name, row.warm, row.paced, warm, paced)
		}
	}
}

func TestWeightsStayWithinThePlan(t *testing.T) {
	t.Parallel()
	s := State{Plan: Plan{MaxWeight: 75, MaxIncrement: 20}}
	for _, row := range []struct {
		name           string
		now, ask, want int
		rise           bool
	}{
		{"up", 10, 75, 30, true},
		{"not between iterations", 10, 75, 10, false},
		{"down at any time", 40, 25, 25, false},
		{"to the most", 70, 90, 75, true},
		{"back to what is allowed", 90, 90, 75, false},
		{"never below nothing", 10, -5, 0, false},
	} {
		if got := s.within(Interval{Weight: row.now, Rise: row.rise}, row.ask); got != row.want {
			t.Errorf("%s: want %d %%, got %d %%", row.name, row.want, got)
		}
	}
}

// In the quarantine a candidate has a third of its most at most, so that the baseline can be seen.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	both := between(60*time.Second, time.Hour, service{errors: .03, slow: .02}, sound())
	quarantined := 0
	for seed := range uint64(12) {
		w := release(3, both)
		w.baseline, w.seed = both, seed
		w.run(func(_ State, _ Interval, after State) {
			if c := after.Call(); c.Phase == Quarantined {
				quarantined++
				if c.Weight > 25 {
					t.Errorf("seed %d: quarantined at %d %%", seed, c.Weight)
				}
			}
		})
	}
	if quarantined == 0 {
		t.Error("no run was ever quarantined")
	}
}
