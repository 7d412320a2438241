package runner

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"perch/experiment"
)

// However a run ends, its last line tells the split as it is, although it was changed since the last
// look.
func TestTheLastLineTellsTheSplitAsItIs(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		approval Approval
		prepare  func(tr *trial, change func())
		outcome  experiment.Outcome
	}{
		"a promotion fails half way": {Always, func(tr *trial, change func()) {
			tr.promote = func(context.Context, string) error {
				change()
				return errDown
			}
		}, experiment.OutcomePromotionFailed},
		"nobody is left to answer": {Ask, func(tr *trial, change func()) {
			alone := make(chan struct{})
			tr.config.Unattended = alone
			tr.on = func(e experiment.Event) {
				if e.Name() == "asked" {
					time.Sleep(3 * time.Second)
					change()
					close(alone)
				}
			}
		}, experiment.OutcomeStopped},
		"a rise that was given up lands": {Ask, func(tr *trial, change func()) {
			tr.shift = func(_ context.Context, to experiment.Split) error {
				if to.Candidate() == 5 {
					return nil
				}
				change()
				return errDown
			}
			tr.sendOn("troubled", 1, experiment.Stop)
		}, experiment.OutcomeStopped},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tr := newTrial(t, tt.approval)
				tt.prepare(tr, func() {
					tr.mu.Lock()
					defer tr.mu.Unlock()
					tr.split = experiment.BaselineOnly(2)
				})
				s := tr.run(t, t.Context())
				if s.Ended.Outcome != tt.outcome || s.Ended.Traffic.Split.String() != "100/0" {
					t.Errorf("want %s with 100/0, got %+v", tt.outcome, s.Ended)
				}
			})
		})
	}
}

func TestTheLastLineSaysWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(tr *trial){
		"the cluster does not answer": func(tr *trial) {
			tr.observe = func(context.Context) (experiment.Traffic, error) {
				if len(tr.shifts) < 2 {
					return tr.traffic(), nil
				}
				return experiment.Traffic{}, errDown
			}
			tr.sendOn("shifted", 2, experiment.Stop)
		},
		"somebody else drives": func(tr *trial) {
			lost := make(chan struct{})
			tr.config.Lost = lost
			tr.on = func(e experiment.Event) {
				if f, ok := e.Fact.(experiment.Shifted); ok && f.Asked.Candidate() == 25 {
					close(lost)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tr := newTrial(t, Ask)
				prepare(tr)
				s := tr.run(t, t.Context())
				if !s.Ended.LastSeen || s.Ended.Traffic.Split.String() != "75/25" {
					t.Errorf("want 75/25 as it was last seen, got %+v", s.Ended)
				}
			})
		})
	}
}

// The first rise is under way: nobody knows whether the candidate has traffic already.
func TestStoppingDuringTheFirstRiseRollsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Ask)
		tr.config.RollBackOnStop = true
		tr.shift = func(ctx context.Context, to experiment.Split) error {
			if to.Candidate() == 0 {
				return nil
			}
			tr.send <- experiment.Command{Wish: experiment.Stop, By: "SIGTERM"}
			return slowly(ctx, 5*time.Second)
		}
		if s := tr.run(t, t.Context()); s.Ended.Outcome != experiment.OutcomeRolledBack {
			t.Errorf("want to be rolled back, got %+v", s.Ended)
		}
	})
}

func TestNothingIsApprovedWhileTheRunEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Ask)
		tr.sendOn("asked", 1, experiment.Stop, experiment.Approve)
		if s := tr.run(t, t.Context()); s.Ended.Outcome != experiment.OutcomeStopped {
			t.Errorf("want to be stopped, got %+v: %s", s.Ended, tr.names())
		}
	})
}
