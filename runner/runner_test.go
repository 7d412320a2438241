package runner

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

// A trial is one run of the tutorial's experiment against a fake cluster.
type trial struct {
	*fakeCluster
	config Config
	send   chan experiment.Command
	// on is called for every event, by the receiver of the events.
	on     func(e experiment.Event)
	events []experiment.Event
}

func newTrial(t *testing.T, approval Approval) *trial {
	t.Helper()
	data, err := os.ReadFile("../testdata/canary-progressive/experiment.yaml")
	if err != nil {
		t.Fatal(err)
	}
	spec, err := experiment.Parse("experiment.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	cluster := &fakeCluster{}
	send := make(chan experiment.Command, 10)
	return &trial{fakeCluster: cluster, send: send, config: Config{
		Setup: experiment.Started{Spec: spec, Judge: "iter8"}, Judge: experiment.Iter8,
		Metrics: cluster, Traffic: cluster, Promoter: cluster, Recorder: cluster, Keeper: cluster,
		Approval: approval, Commands: send,
	}}
}

// run conducts the experiment in virtual time and returns the last state.
func (tr *trial) run(t *testing.T, ctx context.Context) experiment.State { //nolint:revive // t first, as helpers do
	t.Helper()
	r := New(tr.config)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range r.Events() {
			tr.events = append(tr.events, e)
			if tr.on != nil {
				tr.on(e)
			}
		}
	}()
	state, err := r.Run(ctx)
	<-done
	if err != nil {
		t.Errorf("run: %v", err)
	}
	if got := experiment.Fold(tr.events); !cmp.Equal(got, state) {
		t.Errorf("the fold of the events differs from the last state: %s", cmp.Diff(state, got))
	}
	return state
}

func (tr *trial) names() string {
	var names []string
	for _, e := range tr.events {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// sendOn sends a command each time a fact of that name arrives, up to the n-th.
func (tr *trial) sendOn(name string, n int, wishes ...experiment.Wish) {
	seen := 0
	before := tr.on
	tr.on = func(e experiment.Event) {
		if before != nil {
			before(e)
		}
		if e.Name() != name {
			return
		}
		if seen++; seen == n {
			for _, w := range wishes {
				tr.send <- experiment.Command{Wish: w, By: "test"}
			}
		}
	}
}

func TestUntouchedRunClimbsAndPromotes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Always)
		begin := time.Now()
		s := tr.run(t, t.Context())
		want := []string{"95/5", "75/25", "55/45", "35/65", "25/75"}
		if diff := cmp.Diff(want, tr.shifts); diff != "" {
			t.Errorf("splits (-want +got):\n%s", diff)
		}
		if s.Ended.Outcome != experiment.OutcomePromoted || s.Seen.Split.String() != "0/100" {
			t.Errorf("ended %+v with %s, want promoted with 0/100", s.Ended, s.Seen.Split)
		}
		if took := time.Since(begin); took != 100*time.Second {
			t.Errorf("ten iterations of 10 s took %s", took)
		}
	})
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		approval Approval
		prepare  func(*trial)
		outcome  experiment.Outcome
		split    string
		facts    string // the last facts
	}{
		"a person approves": {
			approval: Ask,
			prepare:  func(tr *trial) { tr.sendOn("asked", 1, experiment.Approve) },
			outcome:  experiment.OutcomePromoted, split: "0/100",
			facts: "asked obeyed promoting promoted ended",
		},
		"never keeps the weights": {
			approval: Never, prepare: func(*trial) {},
			outcome: experiment.OutcomeStopped, split: "25/75", facts: "measured decided ended",
		},
		"nobody is left to answer": {
			approval: Ask, prepare: func(tr *trial) {
				alone := make(chan struct{})
				close(alone)
				tr.config.Unattended = alone
			},
			outcome: experiment.OutcomeStopped, split: "25/75", facts: "decided asked ended",
		},
		"a bad candidate loses": {
			approval: Always,
			prepare:  func(tr *trial) { tr.value = badCandidate },
			outcome:  experiment.OutcomeBaselineKept, split: "100/0",
			facts: "decided rolledBack promoting promoted ended",
		},
		"a person rolls back": {
			approval: Always,
			prepare:  func(tr *trial) { tr.sendOn("shifted", 3, experiment.RollBack) },
			outcome:  experiment.OutcomeRolledBack, split: "100/0",
			facts: "obeyed rolledBack promoting promoted ended",
		},
		"held, then rolled back": {
			approval: Ask,
			prepare: func(tr *trial) {
				tr.sendOn("shifted", 3, experiment.Hold)
				tr.sendOn("decided", 30, experiment.RollBack)
			},
			outcome: experiment.OutcomeRolledBack, split: "100/0",
			facts: "obeyed rolledBack promoting promoted ended",
		},
		"stopped keeps the weights": {
			approval: Ask,
			prepare:  func(tr *trial) { tr.sendOn("shifted", 3, experiment.Stop) },
			outcome:  experiment.OutcomeStopped, split: "55/45", facts: "shifted obeyed ended",
		},
		"stopped rolls back where asked to": {
			approval: Ask,
			prepare: func(tr *trial) {
				tr.config.RollBackOnStop = true
				tr.sendOn("shifted", 3, experiment.Stop)
			},
			outcome: experiment.OutcomeRolledBack, split: "100/0",
			facts: "obeyed rolledBack promoting promoted ended",
		},
		"metrics go away at the end": {
			approval: Always,
			prepare: func(tr *trial) {
				tr.value = func(look int, metric, version string) experiment.Sample {
					if look > 7 {
						return missing(metric, version, experiment.Unreachable)
					}
					return good(metric, version)
				}
			},
			outcome: experiment.OutcomeUndecided, split: "25/75", facts: "measured decided ended",
		},
		"promotion fails with nobody to ask": {
			approval: Always,
			prepare:  func(tr *trial) { tr.promote = func(context.Context, string) error { return errDown } },
			outcome:  experiment.OutcomePromotionFailed, split: "25/75",
			facts: "obeyed promoting troubled ended",
		},
		"promotion fails when it has moved traffic": {
			approval: Always,
			prepare: func(tr *trial) {
				tr.promote = func(context.Context, string) error {
					tr.mu.Lock()
					defer tr.mu.Unlock()
					tr.split = experiment.BaselineOnly(2)
					return errDown
				}
			},
			outcome: experiment.OutcomePromotionFailed, split: "100/0",
			facts: "obeyed promoting troubled ended",
		},
		"promotion fails, then works": {
			approval: Ask,
			prepare: func(tr *trial) {
				failures := 1
				tr.promote = func(context.Context, string) error {
					if failures--; failures >= 0 {
						return errDown
					}
					return nil
				}
				tr.sendOn("asked", 1, experiment.Approve)
				tr.sendOn("asked", 2, experiment.Approve)
			},
			outcome: experiment.OutcomePromoted, split: "0/100",
			facts: "promoting troubled asked obeyed promoting promoted ended",
		},
		"the metrics backend is not there": {
			approval: Ask, prepare: func(tr *trial) { tr.ping = errDown },
			outcome: experiment.OutcomeFailed, split: "unknown", facts: "started troubled ended",
		},
		"the plan fails, a person rolls back": {
			approval: Ask,
			prepare: func(tr *trial) {
				tr.plan = func() error { return errDown }
				tr.sendOn("asked", 1, experiment.RollBack)
			},
			outcome: experiment.OutcomeRolledBack, split: "100/0",
			facts: "decided troubled asked obeyed rolledBack promoting promoted ended",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tr := newTrial(t, tt.approval)
				tt.prepare(tr)
				s := tr.run(t, t.Context())
				if s.Ended.Outcome != tt.outcome || s.Seen.Split.String() != tt.split {
					t.Errorf("ended %q with %s, want %q with %s", s.Ended.Outcome, s.Seen.Split, tt.outcome, tt.split)
				}
				if !strings.HasSuffix(tr.names(), tt.facts) {
					t.Errorf("facts end with\n%s\nwant\n%s", tr.names(), tt.facts)
				}
			})
		})
	}
}

func badCandidate(_ int, metric, version string) experiment.Sample {
	if version == "candidate" {
		return bad(metric, version)
	}
	return good(metric, version)
}

func TestRollBackNeedsNoMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Ask)
		tr.sendOn("shifted", 2, experiment.Hold)
		hung := make(chan struct{})
		tr.observe = func(ctx context.Context) (experiment.Traffic, error) {
			if len(tr.shifts) < 2 {
				return tr.traffic(), nil
			}
			close(hung)
			<-ctx.Done()
			return experiment.Traffic{}, ctx.Err()
		}
		go func() {
			<-hung
			tr.send <- experiment.Command{Wish: experiment.RollBack, By: "test"}
		}()
		s := tr.run(t, t.Context())
		if s.Ended.Outcome != experiment.OutcomeRolledBack {
			t.Fatalf("ended %+v", s.Ended)
		}
		for i, e := range tr.events {
			if c, ok := e.Fact.(experiment.Obeyed); ok && c.Command.Wish == experiment.RollBack {
				if took := tr.events[i+1].At.Sub(e.At); tr.events[i+1].Name() != "rolledBack" || took != 0 {
					t.Errorf("%s after %s, want rolledBack at once", tr.events[i+1].Name(), took)
				}
			}
		}
	})
}

func TestRollBackIsTriedUntilItIsTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Ask)
		failures := 7
		tr.shift = func(_ context.Context, to experiment.Split) error {
			if to.Candidate() == 0 {
				if failures--; failures >= 0 {
					return errDown
				}
			}
			return nil
		}
		tr.sendOn("shifted", 3, experiment.RollBack)
		if s := tr.run(t, t.Context()); s.Ended.Outcome != experiment.OutcomeRolledBack || failures >= 0 {
			t.Errorf("ended %+v with %d failures to come", s.Ended, failures)
		}
		if n := strings.Count(tr.names(), "troubled"); n != 1 {
			t.Errorf("the same trouble was told %d times, want once", n)
		}
	})
}

func TestStoppingTwiceGivesUpARollBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Ask)
		tr.shift = func(_ context.Context, to experiment.Split) error {
			if to.Candidate() == 0 {
				return errDown
			}
			return nil
		}
		tr.sendOn("shifted", 3, experiment.RollBack)
		tr.sendOn("troubled", 1, experiment.Stop, experiment.Stop)
		s := tr.run(t, t.Context())
		if s.Ended.Outcome != experiment.OutcomeStopped || s.Ended.Traffic.Split.String() != "55/45" {
			t.Errorf("ended %+v, want stopped, telling 55/45", s.Ended)
		}
	})
}

func TestDriftIsToldAndNotFought(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Ask)
		foreign, err := experiment.NewSplit(50, 50)
		if err != nil {
			t.Fatal(err)
		}
		tr.observe = func(context.Context) (experiment.Traffic, error) {
			if len(tr.shifts) < 2 {
				return tr.traffic(), nil
			}
			return experiment.Traffic{Split: foreign, Settled: true, ChangedBy: "kubectl-edit"}, nil
		}
		tr.sendOn("decided", 6, experiment.Stop)
		s := tr.run(t, t.Context())
		look, _ := s.Latest()
		if want := "hold: traffic is 50/50, Perch asked for 75/25; changed by kubectl-edit"; look.Decision.Reason != want {
			t.Errorf("reason %q, want %q", look.Decision.Reason, want)
		}
		if n := strings.Count(tr.names(), "drifted"); n != 1 || len(tr.shifts) != 2 {
			t.Errorf("drifted %d times and shifted %v, want once and no shift after it", n, tr.shifts)
		}
	})
}

func TestSignalStopsAndTellsTheSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Ask)
		ctx, cancel := context.WithCancelCause(t.Context())
		tr.on = func(e experiment.Event) {
			if e.Name() == "shifted" {
				cancel(errors.New("SIGTERM"))
			}
		}
		s := tr.run(t, ctx)
		if s.Ended.Outcome != experiment.OutcomeStopped || s.Ended.Reason != "stopped by SIGTERM" || s.Ended.Traffic == nil {
			t.Errorf("ended %+v, want stopped by SIGTERM with the traffic", s.Ended)
		}
	})
}

func TestApprovalIsWithdrawnWhenDataGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Ask)
		tr.value = func(look int, metric, version string) experiment.Sample {
			if look == 12 {
				return missing(metric, version, experiment.Unreachable)
			}
			return good(metric, version)
		}
		asked := 0
		tr.on = func(e experiment.Event) {
			f, ok := e.Fact.(experiment.Asked)
			if !ok || f.Question != experiment.ToPromote {
				return
			}
			if asked++; asked == 1 {
				return
			}
			tr.send <- experiment.Command{Wish: experiment.Approve, Answers: 1, By: "late"}
			tr.send <- experiment.Command{Wish: experiment.Approve, Answers: e.Seq, By: "test"}
		}
		s := tr.run(t, t.Context())
		if asked != 2 || s.Ended.Outcome != experiment.OutcomePromoted {
			t.Errorf("asked %d times and ended %+v, want twice and promoted", asked, s.Ended)
		}
		if !strings.HasSuffix(tr.names(), "asked refused obeyed promoting promoted ended") {
			t.Errorf("an answer to the withdrawn question was not refused: %s", tr.names())
		}
	})
}

func TestRunEndsSafelyWhenItCannotBeRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Always)
		full := errors.New("no space left on device")
		tr.record = func(e experiment.Event) error {
			if e.Name() == "shifted" && len(tr.shifts) == 3 {
				return full
			}
			return nil
		}
		r := New(tr.config)
		go func() {
			for range r.Events() {
			}
		}()
		s, err := r.Run(t.Context())
		if !errors.Is(err, full) || s.Ended.Outcome != experiment.OutcomeFailed || s.Seen.Split.String() != "55/45" {
			t.Errorf("got %v, ended %+v with %s", err, s.Ended, s.Seen.Split)
		}
	})
}
