package evidence

import (
	"testing"
	"time"
)

// A catastrophe is met within two scrapes of the first bad one, whenever it comes.
func TestGuardMeetsCatastrophes(t *testing.T) {
	t.Parallel()
	crash := service{errors: 0.9, slow: 0.02}
	for _, row := range []struct {
		name  string
		from  time.Duration
		what  service
		rps   float64
		scrap int // that it may take
	}{
		{"errors in the warm-up", 0, crash, 200, 2},
		{"errors in the warm-up, with little traffic", 0, crash, 20, 3},
		{"errors while it explores", 90 * time.Second, crash, 20, 2},
		{"errors at load", 4 * time.Minute, crash, 20, 2},
		{"slowness at load", 4 * time.Minute, service{slow: 1}, 20, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(10) {
				w := release(row.rps, between(row.from, time.Hour, row.what, sound()))
				w.seed = seed
				s := w.run(nil)
				if took := s.Now - row.from; s.Call().Action != RollBack || took > time.Duration(row.scrap)*w.plan.Look {
					t.Errorf("seed %d: want a rollback within %d scrapes, got %s after %s: %s", seed, row.scrap, s.Call().Action, took, s.Call().Reason)
				}
			}
		})
	}
}

func TestGuardKnowsWhoseFaultItIs(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name                string
		candidate, baseline pair
		want                bool
	}{
		{"a clean baseline", pair{candidate: 12, candidateN: 20}, pair{baselineN: 10}, true},
		{"a clean baseline of few requests", pair{candidate: 8, candidateN: 22}, pair{baselineN: 7}, false},
		{"total failure beside few requests", pair{candidate: 30, candidateN: 30}, pair{baselineN: 2}, true},
		{"a baseline as bad", pair{candidate: 30, candidateN: 60}, pair{baseline: 10, baselineN: 20}, false},
		{"a baseline half as bad", pair{candidate: 3000, candidateN: 6000}, pair{baseline: 500, baselineN: 2000}, false},
		{"no baseline", pair{candidate: 10, candidateN: 20}, pair{}, true},
	} {
		p := pair{row.candidate.candidate, row.baseline.baseline, row.candidate.candidateN, row.baseline.baselineN}
		if got := (guard{}).add(p, 0.05, 5).alone(Balanced().Burst.Alone); got != row.want {
			t.Errorf("%s: want %v, got %v", row.name, row.want, got)
		}
	}
}

// A candidate at five times its limit is bad, but no catastrophe: the guard leaves it to the bets.
func TestGuardIsNotForTheOrdinary(t *testing.T) {
	t.Parallel()
	fired := 0
	for seed := range uint64(20) {
		w := release(50, failing(0.05))
		w.seed = seed
		if w.run(nil).Decision.Cause == blown {
			fired++
		}
	}
	if fired > 2 {
		t.Errorf("want the guard silent, it fired in %d of 20 runs", fired)
	}
}
