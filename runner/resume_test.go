package runner

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"perch/experiment"
)

// errDead is what a killed process gets from its cluster, where it has no effect any more.
var errDead = errors.New("killed")

// A casualty is a trial that is killed when it has recorded its n-th event.
type casualty struct {
	*trial
	at     int
	dead   atomic.Bool
	record []experiment.Event
}

// kill makes a trial die at its n-th event: as after SIGKILL, nothing that it does has an effect.
// A promotion that was under way had begun, and was not done.
func (tr *trial) kill(n int) *casualty {
	c := &casualty{trial: tr, at: n}
	begun := ""
	tr.record = func(e experiment.Event) error {
		if c.dead.Load() {
			return errDead
		}
		c.record = append(c.record, e)
		if len(c.record) == c.at {
			c.dead.Store(true)
			runtime.Goexit() // the owner of the state is no more; deferred functions run
		}
		return nil
	}
	tr.shift = func(context.Context, experiment.Split) error { return c.alive() }
	tr.promote = func(_ context.Context, version string) error {
		if err := c.alive(); err != nil {
			return err
		}
		begun = version
		return nil
	}
	tr.config.Keeper = keeperFunc(func(s experiment.State) error {
		if err := c.alive(); err != nil {
			return err
		}
		return tr.Save(context.Background(), s)
	})
	tr.config.Promoter = progressing{tr.fakeCluster, &begun}
	return c
}

func (c *casualty) alive() error {
	if c.dead.Load() {
		return errDead
	}
	return nil
}

type keeperFunc func(experiment.State) error

// Save keeps a state.
func (f keeperFunc) Save(_ context.Context, s experiment.State) error { return f(s) }

// progressing is a promoter that remembers for which version it has done its work.
type progressing struct {
	*fakeCluster
	begun *string
}

// Progress tells what was done.
func (p progressing) Progress(_ context.Context, _ experiment.Spec, version string) (experiment.Progress, error) {
	if *p.begun == version {
		return experiment.Done, nil
	}
	return experiment.NotBegun, nil
}

// die runs until the kill, and tells whether it came to that.
func (c *casualty) die(t *testing.T) bool {
	t.Helper()
	r := New(c.config)
	received := make(chan struct{})
	go func() {
		defer close(received)
		for e := range r.Events() {
			if c.on != nil {
				c.on(e)
			}
		}
	}()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = r.Run(t.Context()) // the record refuses once it is dead
	}()
	<-ended
	<-received
	synctest.Wait()
	return c.dead.Load()
}

// resurrect runs it again from a state, with a live cluster, after a pause in which nobody drove.
func (c *casualty) resurrect(t *testing.T, from experiment.State) experiment.State {
	t.Helper()
	time.Sleep(42 * time.Second)
	c.dead.Store(false)
	c.at, c.events = -1, nil
	c.config.Resumed = &experiment.Resumed{Driver: experiment.Driver{Run: "again"}, Before: &from}
	return c.run(t, t.Context())
}

// origins are where a later run may find the state of a killed one.
func origins() map[string]func(*casualty) (experiment.State, bool) {
	return map[string]func(*casualty) (experiment.State, bool){
		"the record": func(c *casualty) (experiment.State, bool) { return experiment.Fold(c.record), true },
		"the checkpoint": func(c *casualty) (experiment.State, bool) {
			if c.saved == nil {
				return experiment.State{}, false
			}
			return c.saved.Snapshot(), true
		},
	}
}

// TestKilledAfterEveryEvent: whenever a run is killed, the next one comes to the outcome and the
// traffic of a run that was not, and breaks no limit on the way.
func TestKilledAfterEveryEvent(t *testing.T) {
	t.Parallel()
	scenarios := map[string]struct {
		outcome experiment.Outcome
		split   string
		prepare func(*trial)
	}{
		"promoted":    {experiment.OutcomePromoted, "0/100", func(*trial) {}},
		"rolled back": {experiment.OutcomeBaselineKept, "100/0", func(tr *trial) { tr.value = badCandidate }},
	}
	for name, scenario := range scenarios {
		for origin, find := range origins() {
			t.Run(name+" from "+origin, func(t *testing.T) {
				t.Parallel()
				kills := 0
				for n := 1; ; n++ {
					killed := false
					synctest.Test(t, func(t *testing.T) {
						c := newTrial(t, Always).kill(n)
						scenario.prepare(c.trial)
						if killed = c.die(t); !killed {
							return
						}
						from, ok := find(c)
						if !ok {
							return // nothing to go on from: a new run begins
						}
						kills++
						s := c.resurrect(t, from)
						if s.Ended.Outcome != scenario.outcome || s.Seen.Split.String() != scenario.split {
							t.Errorf("killed at event %d (%s): ended %+v with %s", n, c.record[n-1].Name(), s.Ended, s.Seen.Split)
						}
						c.checkShifts(t, fmt.Sprintf("killed at event %d", n))
					})
					if !killed {
						break
					}
				}
				if kills < 20 {
					t.Errorf("only %d runs were killed and resumed", kills)
				}
			})
		}
	}
}

// checkShifts finds a rise that is too high among all splits that were ever served.
func (c *casualty) checkShifts(t *testing.T, when string) {
	t.Helper()
	before := 0
	for _, text := range c.shifts {
		var base, candidate int
		if _, err := fmt.Sscanf(text, "%d/%d", &base, &candidate); err != nil {
			t.Fatal(err)
		}
		if candidate > 75 || candidate-before > 20 || base+candidate != 100 {
			t.Errorf("%s: the splits %v break a limit", when, c.shifts)
		}
		before = candidate
	}
}

func TestResumedRunTellsWhatItDoes(t *testing.T) {
	t.Parallel()
	rollBack := experiment.Obeyed{Command: experiment.Command{Wish: experiment.RollBack}}
	promoting := experiment.Promoting{Version: "candidate"}
	tests := map[string]struct {
		facts    []experiment.Fact // behind the third shift
		progress experiment.Progress
		outcome  experiment.Outcome
		want     string // the first facts after resumed
	}{
		"while running":                    {nil, "", experiment.OutcomePromoted, "measured decided shifted"},
		"after its end":                    {[]experiment.Fact{experiment.Ended{Outcome: experiment.OutcomeUndecided}}, "", experiment.OutcomeUndecided, "ended"},
		"while rolling back":               {[]experiment.Fact{rollBack}, "", experiment.OutcomeRolledBack, "rolledBack promoting promoted ended"},
		"before a promotion began":         {[]experiment.Fact{promoting}, experiment.NotBegun, experiment.OutcomePromoted, "withdrawn measured decided"},
		"in a promotion":                   {[]experiment.Fact{promoting}, experiment.CutShort, experiment.OutcomePromoted, "promoting promoted ended"},
		"after a promotion":                {[]experiment.Fact{promoting}, experiment.Done, experiment.OutcomePromoted, "promoted ended"},
		"in a promotion that is regretted": {[]experiment.Fact{promoting, rollBack}, experiment.NotBegun, experiment.OutcomeRolledBack, "reversed rolledBack promoting promoted ended"},
		"after a promotion that is regretted": {
			[]experiment.Fact{promoting, rollBack}, experiment.Done, experiment.OutcomeRolledBack, "promoted reversed rolledBack promoting promoted ended",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newTrial(t, Always).kill(-1)
				c.sendOn("shifted", 3, experiment.Stop)
				before := c.run(t, t.Context())
				for _, f := range tt.facts {
					before = before.Apply(experiment.Event{Seq: before.Seq + 1, At: time.Now(), Fact: f})
				}
				c.progress, c.on, c.config.Promoter = tt.progress, nil, c.fakeCluster
				s := c.resurrect(t, before)
				if got := c.names(); s.Ended.Outcome != tt.outcome || !strings.HasPrefix(got, "started resumed "+tt.want) {
					t.Errorf("ended %s by\n%s\nwant %s by\n%s", s.Ended.Outcome, got, tt.outcome, tt.want)
				}
			})
		})
	}
}

func TestRollBackDuringAPromotionBeginsWhenItHasEnded(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]error{"well": nil, "badly": errDown} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tr := newTrial(t, Always)
				tr.promote = func(_ context.Context, version string) error {
					time.Sleep(time.Minute)
					if version == "candidate" {
						return fails
					}
					return nil
				}
				tr.sendOn("promoting", 1, experiment.RollBack, experiment.RollBack)
				s := tr.run(t, t.Context())
				if s.Ended.Outcome != experiment.OutcomeRolledBack || s.Seen.Split.String() != "100/0" {
					t.Errorf("ended %+v with %s, want rolled back", s.Ended, s.Seen.Split)
				}
				if got := tr.names(); !strings.HasSuffix(got, "reversed rolledBack promoting promoted ended") || !strings.Contains(got, "obeyed refused") {
					t.Errorf("facts: %s", got)
				}
			})
		})
	}
}

func TestATargetThatIsTakenOverIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Always)
		lost := make(chan struct{})
		tr.config.Lost = lost
		seen := 0
		tr.on = func(e experiment.Event) {
			if e.Name() != "shifted" {
				return
			}
			if seen++; seen == 2 {
				close(lost)
			}
		}
		s := tr.run(t, t.Context())
		if s.Ended.Outcome != experiment.OutcomeTakenOver || len(tr.shifts) != 2 {
			t.Errorf("ended %+v after %v, want taken over and no further shift", s.Ended, tr.shifts)
		}
	})
}

func TestNothingIsWrittenBeforeTheCheckpointIsSafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Always)
		begin := time.Now()
		tr.config.Keeper = keeperFunc(func(experiment.State) error {
			if time.Since(begin) < 25*time.Second {
				return errDown
			}
			return nil
		})
		s := tr.run(t, t.Context())
		want := "initialized measured decided troubled measured decided measured decided shifted"
		if s.Ended.Outcome != experiment.OutcomePromoted || !strings.Contains(tr.names(), want) {
			t.Errorf("ended %+v by %s, want two shifts that fail and then a promotion", s.Ended, tr.names())
		}
	})
}

func TestALockedReleaseIsFreed(t *testing.T) {
	t.Parallel()
	locked := fmt.Errorf("pending-upgrade: %w", experiment.ErrReleaseLocked)
	tests := map[string]struct {
		auto    bool
		free    error
		outcome experiment.Outcome
		facts   string
	}{
		"without asking": {true, nil, experiment.OutcomePromoted, "troubled recovered promoting promoted ended"},
		"in vain":        {true, errDown, experiment.OutcomePromotionFailed, "troubled troubled ended"},
		"not at all":     {false, nil, experiment.OutcomePromotionFailed, "troubled ended"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tr := newTrial(t, Always)
				tr.config.RecoverHelm = tt.auto
				first := true
				tr.promote = func(context.Context, string) error {
					if first {
						first = false
						return locked
					}
					return nil
				}
				tr.recover = func() error { return tt.free }
				if s := tr.run(t, t.Context()); s.Ended.Outcome != tt.outcome || !strings.HasSuffix(tr.names(), tt.facts) {
					t.Errorf("ended %+v by %s", s.Ended, tr.names())
				}
			})
		})
	}
}

func TestAPersonFreesALockedRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Ask)
		locks := 1
		tr.plan = func() error {
			if locks--; locks >= 0 {
				return experiment.ErrReleaseLocked
			}
			return nil
		}
		tr.sendOn("asked", 1, experiment.Recover)
		tr.sendOn("asked", 2, experiment.Approve)
		if s := tr.run(t, t.Context()); s.Ended.Outcome != experiment.OutcomePromoted {
			t.Errorf("ended %+v by %s", s.Ended, tr.names())
		}
		if !strings.Contains(tr.names(), "troubled asked obeyed recovered asked obeyed promoting") {
			t.Errorf("facts: %s", tr.names())
		}
	})
}

func TestDriftByPolicy(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		policy   experiment.OnDrift
		approval Approval
		answer   experiment.Wish
		outcome  experiment.Outcome
		shifts   []string
	}{
		"stop, and nobody to ask": {experiment.DriftStops, Always, "", experiment.OutcomeStopped, []string{"95/5", "75/25"}},
		"stop, and go on":         {experiment.DriftStops, Ask, experiment.Approve, experiment.OutcomeStopped, []string{"95/5", "75/25", "60/40", "40/60"}},
		"adopt":                   {experiment.DriftAdopts, Always, "", experiment.OutcomeStopped, []string{"95/5", "75/25", "60/40", "40/60"}},
		"repair":                  {experiment.DriftRepairs, Always, "", experiment.OutcomeStopped, []string{"95/5", "75/25", "75/25", "55/45"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tr := newTrial(t, tt.approval)
				tr.config.Setup.Policy.OnDrift = tt.policy
				changed := false
				tr.observe = func(context.Context) (experiment.Traffic, error) {
					tr.mu.Lock()
					defer tr.mu.Unlock()
					if len(tr.shifts) == 2 && !changed {
						changed = true
						split, err := experiment.NewSplit(80, 20)
						tr.split = split
						return experiment.Traffic{Split: split, Settled: true, ChangedBy: "kubectl"}, err
					}
					by := ""
					if len(tr.shifts) == 2 {
						by = "kubectl"
					}
					return experiment.Traffic{Split: tr.split, Settled: true, ChangedBy: by}, nil
				}
				if tt.answer != "" {
					tr.sendOn("asked", 1, tt.answer)
				}
				tr.sendOn("shifted", 4, experiment.Stop)
				s := tr.run(t, t.Context())
				if s.Ended.Outcome != tt.outcome || !slices.Equal(tr.shifts, tt.shifts) {
					t.Errorf("ended %+v after %v, want %v by %s", s.Ended, tr.shifts, tt.shifts, tr.names())
				}
			})
		})
	}
}

func TestAnOutageDoesNotCountAsIterations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Always)
		tr.value = func(look int, metric, version string) experiment.Sample {
			if look > 3 && look < 9 {
				return missing(metric, version, experiment.Unreachable)
			}
			return good(metric, version)
		}
		begin := time.Now()
		s := tr.run(t, t.Context())
		if took := time.Since(begin); s.Ended.Outcome != experiment.OutcomePromoted || took != 150*time.Second {
			t.Errorf("ended %+v after %s, want promoted after ten good looks of 10 s and five without data", s.Ended, took)
		}
	})
}

func TestALongOutageIsForAPerson(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		approval Approval
		outcome  experiment.Outcome
		facts    string
	}{
		"nobody there": {Always, experiment.OutcomeUndecided, "measured decided ended"},
		"asked":        {Ask, experiment.OutcomeRolledBack, "measured decided asked obeyed rolledBack promoting promoted ended"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tr := newTrial(t, tt.approval)
				tr.config.Setup.Policy.OutageBudget = 4
				tr.value = func(look int, metric, version string) experiment.Sample {
					if look > 3 {
						return missing(metric, version, experiment.Stale)
					}
					return good(metric, version)
				}
				tr.sendOn("asked", 1, experiment.RollBack)
				s := tr.run(t, t.Context())
				if s.Ended.Outcome != tt.outcome || !strings.HasSuffix(tr.names(), tt.facts) {
					t.Errorf("ended %+v by %s", s.Ended, tr.names())
				}
			})
		})
	}
}
