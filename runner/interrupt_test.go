package runner

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

// slowly runs do for so long, unless ctx ends before.
func slowly(ctx context.Context, d time.Duration) error {
	if !wait(ctx, d) {
		return ctx.Err()
	}
	return nil
}

func TestAHoldInterruptsARise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Always)
		tr.shift = func(ctx context.Context, to experiment.Split) error {
			if to.Candidate() < 45 {
				return nil
			}
			tr.send <- experiment.Command{Wish: experiment.Hold, By: "test"}
			return slowly(ctx, 5*time.Second)
		}
		tr.sendOn("decided", 8, experiment.Stop)
		tr.run(t, t.Context())
		if diff := cmp.Diff([]string{"95/5", "75/25"}, tr.shifts); diff != "" {
			t.Errorf("splits (-want +got):\n%s", diff)
		}
	})
}

func TestAHoldInterruptsThePlanOfAPromotion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Always)
		tr.plan = func() error {
			tr.send <- experiment.Command{Wish: experiment.Hold, By: "test"}
			time.Sleep(5 * time.Second)
			return nil
		}
		tr.sendOn("decided", 15, experiment.Stop)
		s := tr.run(t, t.Context())
		if names := tr.names(); s.Ended.Outcome != experiment.OutcomeStopped || strings.Contains(names, "promoting") {
			t.Errorf("held, and ended %+v: %s", s.Ended, names)
		}
	})
}

func TestFreeingAReleaseIsNotInterrupted(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		wish    experiment.Wish
		facts   string
		outcome experiment.Outcome
	}{
		"by a retry":      {experiment.Approve, "obeyed refused recovered", experiment.OutcomePromoted},
		"by freeing":      {experiment.Recover, "obeyed refused recovered", experiment.OutcomePromoted},
		"by a stop":       {experiment.Stop, "obeyed refused recovered ended", experiment.OutcomeStopped},
		"by a roll back":  {experiment.RollBack, "obeyed obeyed recovered rolledBack", experiment.OutcomeRolledBack},
		"by nobody there": {"", "obeyed recovered", experiment.OutcomePromoted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tr := newTrial(t, Ask)
				locked, under := true, 0
				tr.promote = func(context.Context, string) error {
					if locked {
						return experiment.ErrReleaseLocked
					}
					return nil
				}
				alone := make(chan struct{})
				tr.config.Unattended = alone
				tr.recover = func() error {
					if under++; under > 1 {
						t.Error("freed twice at the same time")
					}
					defer func() { under-- }()
					if tt.wish == "" {
						close(alone)
					} else {
						tr.send <- experiment.Command{Wish: tt.wish, By: "test"}
					}
					time.Sleep(5 * time.Second)
					locked = false
					return nil
				}
				tr.sendOn("asked", 1, experiment.Approve)
				tr.sendOn("asked", 2, experiment.Recover)
				s := tr.run(t, t.Context())
				if s.Ended.Outcome != tt.outcome || !strings.Contains(tr.names(), tt.facts) {
					t.Errorf("want %s and %q, got %+v: %s", tt.outcome, tt.facts, s.Ended, tr.names())
				}
			})
		})
	}
}

// A tool that takes every write back at once leaves a split that Perch has asked for before.
func TestAWriteThatIsTakenBackIsADrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Ask)
		var taken time.Time
		tr.shift = func(context.Context, experiment.Split) error {
			if len(tr.shifts) < 2 {
				return nil
			}
			taken = time.Now()
			return errDrift
		}
		tr.observe = func(context.Context) (experiment.Traffic, error) {
			traffic := tr.traffic()
			if !taken.IsZero() {
				traffic.ChangedBy, traffic.ChangedAt = "argocd-controller", taken
			}
			return traffic, nil
		}
		tr.sendOn("drifted", 1, experiment.Stop)
		s := tr.run(t, t.Context())
		look, _ := s.Latest()
		want := "hold: traffic is 75/25, Perch asked for 55/45; changed by argocd-controller at 00:00:30"
		if look.Decision.Reason != want {
			t.Errorf("want %q, got %q", want, look.Decision.Reason)
		}
	})
}

// A checkpoint that is slow to be kept must not keep a roll back from being told.
func TestARollBackDoesNotWaitForACheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Ask)
		tr.config.Keeper = hanging{tr.fakeCluster, 3}
		tr.sendOn("troubled", 1, experiment.RollBack)
		tr.sendOn("asked", 1, experiment.Stop) // whether to try again to restore the release
		tr.run(t, t.Context())
		for i, e := range tr.events {
			if c, ok := e.Fact.(experiment.Obeyed); !ok || c.Command.Wish != experiment.RollBack {
				continue
			}
			if took := tr.events[i+1].At.Sub(e.At); tr.events[i+1].Name() != "rolledBack" || took > lastTimeout {
				t.Errorf("%s %s after the command", tr.events[i+1].Name(), took)
			}
		}
	})
}

// hanging keeps checkpoints of the first events alone.
type hanging struct {
	*fakeCluster
	until int
}

// Save hangs, from some event on.
func (h hanging) Save(ctx context.Context, s experiment.State) error {
	if s.Seq > h.until {
		<-ctx.Done()
		return ctx.Err()
	}
	return h.fakeCluster.Save(ctx, s)
}
