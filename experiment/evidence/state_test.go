package evidence

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// written is a state as the record holds it.
func written(tb testing.TB, s State) string {
	tb.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

func read(tb testing.TB, text string) State {
	tb.Helper()
	var s State
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		tb.Fatal(err)
	}
	return s
}

// anyWorld is a release of any kind, with incidents, missed scrapes and odd plans.
func anyWorld(seed uint64) world {
	rng := rand.New(rand.NewPCG(seed, 11))
	some := func() service {
		return service{errors: 0.03 * rng.Float64() * rng.Float64(), slow: 0.12 * rng.Float64() * rng.Float64(), factor: 0.7 + 0.6*rng.Float64()}
	}
	w := release(2+60*rng.Float64(), steady(some()))
	w.seed, w.missing = seed, 0.2*float64(rng.IntN(2))
	w.plan.MaxWeight, w.plan.MaxIncrement = rng.IntN(101), rng.IntN(41)
	w.plan.Budget = time.Duration(2+rng.IntN(10)) * time.Minute
	w.plan.Look = []time.Duration{5, 10, 15}[rng.IntN(3)] * time.Second
	w.plan.Interval = w.plan.Look * time.Duration(1+rng.IntN(3))
	w.settings = []Settings{Balanced(), Strict(), Fast()}[rng.IntN(3)]
	if rng.IntN(3) == 0 {
		w.settings.WhenUndecided = PointEstimate
	}
	switch rng.IntN(4) {
	case 0: // an incident of both
		from, trouble := time.Duration(rng.IntN(200))*time.Second, service{errors: 0.2 * rng.Float64(), slow: 0.5 * rng.Float64()}
		w.baseline = between(from, from+time.Minute, trouble, sound())
		w.candidate = between(from, from+time.Minute, trouble, some())
	case 1: // the candidate turns
		w.candidate = between(time.Duration(rng.IntN(400))*time.Second, time.Hour, some(), sound())
	}
	extra := []Objective{
		{Kind: ErrorRate, Limit: 1.5, Relative: true},
		{Kind: Mean, Limit: 1.2, Relative: true},
		{Kind: Quantile, Quantile: 0.9, Limit: 1.2, Relative: true},
		{Kind: Mean, Limit: 10, Lower: true},
		{Kind: Quantile, Quantile: 0.5, Limit: 30},
		{Kind: ErrorRate, Limit: 0},
	}
	if rng.IntN(2) == 0 {
		w.objectives = append(w.objectives, extra[rng.IntN(len(extra))])
	}
	return w
}

const worlds = 24

// A restart in the middle changes nothing: what is read back goes on to the same calls, bit by bit.
func TestStateSurvivesBeingWritten(t *testing.T) {
	t.Parallel()
	longest := 0
	for seed := range uint64(worlds) {
		var restarted *State
		anyWorld(seed).run(func(before State, i Interval, after State) {
			text := written(t, before)
			longest = max(longest, len(text))
			if restarted == nil || seed%2 == 0 {
				s := read(t, text)
				restarted = &s
			}
			next := restarted.Step(i)
			restarted = &next
			if diff := cmp.Diff(after.Call(), next.Call()); diff != "" {
				t.Fatalf("seed %d at %s:\n%s", seed, i.End, diff)
			}
			if written(t, next) != written(t, after) {
				t.Fatalf("seed %d at %s: another state", seed, i.End)
			}
		})
	}
	if longest > 20_000 {
		t.Errorf("a state takes %d bytes", longest)
	}
}

func TestStepNeverChangesTheState(t *testing.T) {
	t.Parallel()
	for seed := range uint64(worlds / 2) {
		anyWorld(seed).run(func(before State, i Interval, after State) {
			was := written(t, read(t, written(t, before)))
			again := before.Step(i)
			if diff := cmp.Diff(was, written(t, before)); diff != "" {
				t.Fatalf("seed %d at %s: Step changed its receiver:\n%s", seed, i.End, diff)
			}
			if diff := cmp.Diff(written(t, after), written(t, again)); diff != "" {
				t.Fatalf("seed %d at %s: Step is not pure:\n%s", seed, i.End, diff)
			}
		})
	}
}

// What must hold for every call, whatever the traffic.
func TestCallsKeepTheirPromises(t *testing.T) {
	t.Parallel()
	seen := map[Action]int{}
	phases := map[Phase]int{}
	for seed := range uint64(7 * worlds) {
		w := anyWorld(seed)
		last := w.run(func(before State, i Interval, after State) {
			phases[after.Call().Phase]++
			for _, broken := range brokenBy(before, i, after) {
				t.Errorf("seed %d at %s: %s: %+v", seed, i.End, broken, after.Call())
			}
		})
		seen[last.Call().Action]++
		if again := last.Step(w.interval(rand.New(rand.NewPCG(1, 1)), last.Now, last.Now+w.plan.Look, 0)); last.Decision.final() {
			if diff := cmp.Diff(last.Call(), again.Call()); diff != "" {
				t.Errorf("seed %d: not final:\n%s", seed, diff)
			}
		}
	}
	for _, a := range []Action{Promote, RollBack, GiveUp} {
		if seen[a] == 0 {
			t.Errorf("no run came to %s: the property says nothing of it", a)
		}
	}
	for _, p := range []Phase{Warming, Exploring, Accelerating, Holding, Quarantined, AllSatisfied, AnyViolated, Inconclusive} {
		if phases[p] == 0 {
			t.Errorf("no run was ever %s", p)
		}
	}
}

// brokenBy names the promises that a step breaks.
func brokenBy(before State, i Interval, after State) []string {
	c, plan := after.Call(), after.Plan
	rise := c.Weight - i.Weight
	satisfied, violated, both, within := 0, 0, false, true
	for k, a := range c.Objectives {
		o := after.Objectives[k]
		if a.Verdict == Satisfied {
			satisfied++
		}
		if a.Verdict == Violated {
			violated++
		}
		both = both || a.Certified >= 1 && a.Alarm >= 1
		if a.Candidate != nil && a.Limit != nil && !o.Relative {
			within = within && o.within(*a.Candidate, *a.Limit)
		}
	}
	var broken []string
	for _, rule := range []struct {
		name string
		ok   bool
	}{
		{"the weight stays within the plan", 0 <= c.Weight && c.Weight <= plan.MaxWeight},
		{"a rise stays within the increment", rise <= plan.MaxIncrement},
		{"the weight rises only at iterations", rise <= 0 || i.Rise},
		{"the weight never rises on an alarm", rise <= 0 || c.Alarm < after.Settings.Concern || c.Phase == Warming},
		{"the weight never rises without data", rise <= 0 || i.Missing == ""},
		{"nothing is promoted without data", c.Action != Promote || i.Missing == ""},
		{"what is promoted is measured within its limits", c.Action != Promote || within},
		{"nothing is promoted that is proven bad", c.Action != Promote || violated == 0 && c.Alarm < 1},
		{"a rollback is due to a violation", c.Action != RollBack || violated > 0},
		{"nothing is both proven and disproven", !both},
		{"a rollback takes all traffic", c.Action != RollBack && c.Action != GiveUp || c.Weight == 0},
		{"the time taken out is at most half of the budget", 2*c.Excluded <= plan.Budget},
		{"a proven promotion takes the soak", c.Action != Promote || after.Now >= after.soak()},
		{"missing data is no evidence", i.Missing == "" || cmp.Equal(evidenceOf(before), evidenceOf(after))},
		{"missing data never decides early", i.Missing == "" || c.Action == Continue || after.Now >= plan.Budget},
		{"it ends in time", c.Action != Continue || after.Now < plan.Budget || i.Missing != ""},
		{"a reason is given", c.Reason != ""},
	} {
		if !rule.ok {
			broken = append(broken, rule.name)
		}
	}
	return broken
}

// evidenceOf is a state without what the mere passing of time changes.
func evidenceOf(s State) State {
	s.Now, s.Line, s.Decision = 0, Line{}, decision{}
	return s
}

// One more error in an interval that is judged never speaks for the candidate. (In the warm-up it may
// put off that the evidence begins anew, in an incident that it is taken back.)
func TestStepIsMonotone(t *testing.T) {
	t.Parallel()
	compared := 0
	for seed := range uint64(20) {
		w := release(40, failing(0.008))
		w.seed = seed
		s, rng := w.begin()
		for at := w.plan.Look; at <= 3*time.Minute; at += w.plan.Look {
			i := w.interval(rng, at-w.plan.Look, at, s.Call().Weight)
			i.Rise = true
			worse := i
			worse.Candidate.Errors = min(worse.Candidate.Errors+1, worse.Candidate.Requests)
			a, b := s.Step(i), s.Step(worse)
			if s = a; a.Line.Flag != Judged || b.Line.Flag != Judged {
				continue
			}
			compared++
			good, bad := a.Evidence.Trials[2], b.Evidence.Trials[2]
			if bad.Violated.Log < good.Violated.Log || bad.Satisfied.Log > good.Satisfied.Log {
				t.Errorf("seed %d at %s: one more error speaks for the candidate", seed, at)
			}
		}
	}
	if compared < 100 {
		t.Errorf("only %d intervals were judged", compared)
	}
}
