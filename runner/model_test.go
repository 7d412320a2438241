package runner

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"perch/experiment"
	"perch/experiment/evidence"
)

// modelRuns is how many runs the model makes. Each has its own seed, which rolls all dice.
const modelRuns = 2000

// TestModel lets anything happen to runs at any time, in virtual time, while an observer sees every
// write and every event. One seed alone: -run 'TestModel/seed_17$'.
func TestModel(t *testing.T) {
	t.Parallel()
	spec := newTrial(t, Ask).config.Setup.Spec
	var mu sync.Mutex
	came := map[string]int{}
	t.Cleanup(func() { checkCame(t, came) })
	for seed := range uint64(modelRuns) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := newModel(t, planned(seed, spec))
				m.live()
				mu.Lock()
				defer mu.Unlock()
				for name, n := range m.came {
					came[name] += n
				}
			})
		})
	}
}

// checkCame: the runs came to every outcome, or the model says nothing of it.
func checkCame(t *testing.T, came map[string]int) {
	t.Helper()
	t.Log(came) // with -v
	if came["runs"] < modelRuns {
		return // some of them
	}
	for _, o := range outcomes() {
		if came[string(o)] == 0 {
			t.Errorf("no run came to %q", o)
		}
	}
}

func outcomes() []experiment.Outcome {
	return []experiment.Outcome{
		experiment.OutcomePromoted, experiment.OutcomeBaselineKept, experiment.OutcomeRolledBack, experiment.OutcomeUndecided,
		experiment.OutcomeStopped, experiment.OutcomePromotionFailed, experiment.OutcomeFailed, experiment.OutcomeTakenOver,
	}
}

// A plan is what a run of the model is like.
type plan struct {
	seed     uint64
	spec     experiment.Spec
	judge    string
	approval Approval
	policy   experiment.Policy
	initial  experiment.Split
	rough    float64
	pace     time.Duration // the longest pause between two things that befall a run
	cadence  time.Duration
	rate     int // requests a second

	backOnStop, recoverHelm bool
}

// planned rolls a plan.
func planned(seed uint64, spec experiment.Spec) plan {
	d := rand.New(rand.NewPCG(seed, 1<<32))
	pick := func(n int) int { return d.IntN(n) }
	spec.Strategy.MaxCandidateWeight = []int{75, 100, 40, pick(101)}[pick(4)]
	spec.Strategy.MaxCandidateWeightIncrement = []int{20, 100, 1 + pick(40)}[pick(3)]
	spec.Duration.IterationsPerLoop = 1 + pick(9)
	spec.Criteria.Objectives = append([]experiment.Objective{}, spec.Criteria.Objectives...)
	spec.Criteria.Objectives[pick(3)].RollbackOnFailure = pick(3) == 0
	if pick(4) == 0 {
		spec.Finish = nil
	}
	p := plan{
		seed: seed, spec: spec, judge: []string{experiment.JudgeIter8, experiment.JudgeEvidence}[pick(2)],
		approval: []Approval{Ask, Ask, Always, Always, Never}[pick(5)], initial: experiment.BaselineOnly(2),
		rough: []float64{0, 0.05, 0.25}[pick(3)], pace: []time.Duration{5, 20, 60}[pick(3)] * time.Second,
		cadence: []time.Duration{2, 5, 10}[pick(3)] * time.Second, rate: []int{5, 50, 2000}[pick(3)],
		backOnStop: pick(3) == 0, recoverHelm: pick(3) == 0,
	}
	if pick(4) == 0 {
		p.initial = anySplit(d)
	}
	p.policy = experiment.Policy{
		OnDrift:        []experiment.OnDrift{experiment.DriftStops, experiment.DriftAdopts, experiment.DriftRepairs}[pick(3)],
		OutageBudget:   1 + pick(6),
		OnInconclusive: []experiment.OnInconclusive{experiment.PointEstimate, experiment.AskPerson, experiment.KeepsBaseline, experiment.Extends}[pick(4)],
	}
	return p
}

// A model is one run, through all of its lives.
type model struct {
	t *testing.T
	plan
	world *world
	watch *observer
	came  map[string]int // what it came to
}

func newModel(t *testing.T, p plan) *model {
	t.Helper()
	o := &observer{plan: p, sent: map[string]int{}, answers: map[string]int{}}
	o.fail = func(rule string) {
		t.Errorf("seed %d: %s\n%s", p.seed, rule, strings.Join(o.story, "\n"))
	}
	return &model{t: t, plan: p, watch: o, world: newWorld(p, o), came: map[string]int{}}
}

// lives is how often a run may go on.
const lives = 4

// live goes through the lives.
func (m *model) live() {
	m.came["runs"]++
	var before *experiment.State
	for n := range lives {
		m.came["lives"]++
		l := m.born(before)
		state := m.drive(l)
		m.watch.mu.Lock()
		m.checkAnswers()
		if state != nil {
			m.checkEnd(l, *state)
		}
		m.watch.mu.Unlock()
		d := m.world.dice[fate]
		if before = m.next(l, state, d); before == nil || n == lives-1 {
			return
		}
		time.Sleep(upTo(d, 2*time.Minute))
		if d.IntN(4) == 0 {
			m.world.meddle(anySplit(d), d.IntN(4) == 0)
		}
	}
}

// born makes a process.
func (m *model) born(before *experiment.State) *life {
	l := &life{world: m.world, send: make(chan experiment.Command), lost: make(chan struct{}), alone: make(chan struct{}), over: make(chan struct{})}
	m.world.mu.Lock()
	m.world.rough = m.rough
	m.world.mu.Unlock()
	judge, err := experiment.JudgeNamed(m.judge)
	if err != nil {
		m.t.Fatal(err)
	}
	c := Config{
		Setup: experiment.Started{Spec: m.spec, Judge: m.judge, Policy: m.policy}, Judge: judge,
		Metrics: l, Traffic: l, Promoter: l, Recorder: l, Keeper: l, Commands: l.send, Lost: l.lost,
		Approval: m.approval, RollBackOnStop: m.backOnStop, RecoverHelm: m.recoverHelm,
	}
	if m.approval == Ask {
		c.Unattended = l.alone
	}
	if m.judge == experiment.JudgeEvidence {
		c.Counter, c.Setup.Evidence, c.Setup.Metrics = l, new(evidence.Balanced()), counts(m.spec)
	}
	if before != nil {
		c.Resumed = &experiment.Resumed{Driver: experiment.Driver{Run: "again"}, Policy: m.policy, Before: before}
	}
	l.runner, m.watch.life = New(c), l
	return l
}

// counts describes the metrics of a spec as ones that are counted.
func counts(spec experiment.Spec) []experiment.Metric {
	var list []experiment.Metric
	for i, kind := range []experiment.Kind{experiment.MeanLatency, experiment.TailQuantile, experiment.ErrorRate} {
		ref := spec.Criteria.Objectives[i].Metric
		list = append(list, experiment.Metric{Ref: ref, Label: ref, Family: "f", Kind: kind, Quantile: 0.95})
	}
	return list
}

// drive runs a process to its end; nil: it was killed.
func (m *model) drive(l *life) *experiment.State {
	ctx, cancel := context.WithCancel(m.t.Context())
	defer cancel()
	l.cancel = cancel
	var state *experiment.State
	var told []experiment.Event
	var wg sync.WaitGroup
	wg.Go(func() {
		for e := range l.runner.Events() {
			told = append(told, e)
		}
	})
	wg.Go(func() {
		defer close(l.over)
		s, err := l.runner.Run(ctx)
		if err != nil {
			m.watch.broken("the record failed: %v", err)
		}
		state = &s
	})
	wg.Go(l.befall)
	wg.Wait()
	if state != nil && !reflect.DeepEqual(told, l.record) {
		m.watch.broken("%d events were told, and %d recorded", len(told), len(l.record))
	}
	return state
}

// next is the state with which another process goes on; nil: with none.
func (m *model) next(l *life, ended *experiment.State, d *rand.Rand) *experiment.State {
	var from experiment.State
	switch {
	case ended != nil && (ended.Ended == nil || ended.Ended.Outcome.Final() || l.lostAt.Load() != nil):
		return nil
	case l.lostAt.Load() != nil:
		return nil
	case d.IntN(2) == 0:
		from = experiment.Fold(l.record).Snapshot()
	default:
		m.world.mu.Lock()
		defer m.world.mu.Unlock()
		if m.world.saved == nil {
			return nil
		}
		from = *m.world.saved
	}
	if from.Since.IsZero() || from.Ended != nil && from.Ended.Outcome.Final() {
		return nil
	}
	return &from
}
