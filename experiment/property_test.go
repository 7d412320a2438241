package experiment

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// seeds is how many runs are tried; each is the same on every machine.
const seeds = 300

// wander takes a run through any samples, commands and changes by others, and shows each decision
// to check, with the state it was made from.
func wander(t *testing.T, seed uint64, check func(before State, d Decision)) *run {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	spec := tutorial(t)
	spec.Strategy.MaxCandidateWeight = rng.IntN(101)
	spec.Strategy.MaxCandidateWeightIncrement = rng.IntN(41)
	spec.Duration.IterationsPerLoop = 1 + rng.IntN(12)
	spec.Criteria.Objectives[rng.IntN(3)].RollbackOnFailure = rng.IntN(4) == 0
	r := begin(spec, anySplit(t, rng))
	r.state.Setup.Policy = Policy{
		OnDrift: []OnDrift{DriftStops, DriftAdopts, DriftRepairs}[rng.IntN(3)], OutageBudget: 1 + rng.IntN(12),
	}
	for range 20 {
		r.meddle(t, rng)
		r.happens(Measured{Iteration: r.state.Iteration + 1, Samples: anySamples(spec, rng), Traffic: new(r.state.Seen)})
		before := r.state
		d := Decide(before, Iter8)
		check(before, d)
		r.happens(Decided{before.Iteration + 1, d})
		if d.Split.Known() {
			r.happens(Shifted{From: before.Seen.Split, Asked: d.Split, Traffic: Traffic{Split: d.Split}})
		}
	}
	return r
}

func anySplit(t *testing.T, rng *rand.Rand) Split {
	t.Helper()
	candidate := []int{0, 0, 0, 5, rng.IntN(101)}[rng.IntN(5)]
	return weights(t, 100-candidate, candidate)
}

// anySamples are good mostly, so that runs get somewhere.
func anySamples(spec Spec, rng *rand.Rand) []Sample {
	var samples []Sample
	for _, v := range spec.Versions {
		for i := range spec.Criteria.Objectives {
			samples = append(samples, reading(spec, v.Name, "ggggggggggbb-x"[rng.IntN(14)])[i])
		}
	}
	return samples
}

// meddle is what people and other writers do between two looks, now and then.
func (r *run) meddle(t *testing.T, rng *rand.Rand) {
	t.Helper()
	switch rng.IntN(16) {
	case 0:
		r.happens(Obeyed{Command{Wish: Hold}})
	case 1, 2:
		r.happens(Obeyed{Command{Wish: Resume}})
	case 3:
		r.happens(Drifted{Traffic: Traffic{Split: anySplit(t, rng), ChangedBy: "kubectl"}})
	case 4:
		r.happens(Drifted{Traffic: Traffic{}})
	}
}

func TestDecideNeverBreaksItsLimits(t *testing.T) {
	t.Parallel()
	seen := map[DecisionKind]int{}
	for seed := range uint64(seeds) {
		wander(t, seed, func(s State, d Decision) {
			seen[d.Kind]++
			for _, broken := range brokenBy(s, d) {
				t.Errorf("seed %d, iteration %d: %s: %s to %s: %s", seed, s.Iteration+1, broken, s.Seen.Split, d.Split, d.Reason)
			}
		})
	}
	for _, kind := range []DecisionKind{Explore, Advance, Stay, HoldWeights, Withdraw, Repair, AskToPromote, KeepBaseline, RollBackNow, EndsUndecidedly} {
		if seen[kind] == 0 {
			t.Errorf("no run came to %s: the property says nothing of it", kind)
		}
	}
}

// brokenBy names the rules that a decision breaks.
func brokenBy(s State, d Decision) []string {
	strategy, from, to := s.Spec().Strategy, s.Seen.Split.Candidate(), d.Split.Candidate()
	moves := map[DecisionKind]bool{Explore: true, Advance: true, Withdraw: true, Repair: true, AskToPromote: true}[d.Kind]
	explores := d.Kind == Explore && from == 0
	var broken []string
	for _, rule := range []struct {
		name string
		ok   bool
	}{
		{"a split sums to 100", !d.Split.Known() || d.Split.Of(0)+to == 100},
		{"the candidate stays within its maximum", to <= strategy.MaxCandidateWeight || to <= from},
		{"a rise stays within the increment", to-from <= strategy.MaxCandidateWeightIncrement},
		{"nothing rises on unknown data, except to explore", to <= from || len(d.Unknown()) == 0 || explores},
		{"nothing rises on a violation by the candidate", to <= from || !violates(s, d)},
		{"nothing moves while held", s.Held == nil || d.Split.Equal(s.Seen.Split)},
		{"nothing moves while others do, but to repair", !s.Drift() || d.Kind == Repair || d.Split.Equal(s.Seen.Split)},
		{"only what has drifted is repaired", d.Kind != Repair || s.Drift() && s.Setup.Policy.OnDrift == DriftRepairs},
		{"only some kinds move traffic", moves || d.Split.Equal(s.Seen.Split)},
		{"a rise is said to be one", to <= from || d.Kind != Withdraw},
		{"nothing is promoted on unknown data", d.Kind != AskToPromote || len(d.Unknown()) == 0},
		{"nothing is promoted that fails", d.Kind != AskToPromote || !violates(s, d)},
		{"only the winner is promoted", d.Kind != AskToPromote || d.Winner == s.Spec().Candidate().Name},
		{"nothing is promoted early", d.Kind != AskToPromote || s.Iteration+1 >= s.Spec().Duration.Iterations()},
		{"missing data is no failure", violates(s, d) || (d.Kind != KeepBaseline && d.Kind != RollBackNow)},
		{"a reason is given", d.Reason != ""},
	} {
		if !rule.ok {
			broken = append(broken, rule.name)
		}
	}
	return broken
}

func violates(s State, d Decision) bool {
	for _, a := range d.Violations() {
		if a.Version == s.Spec().Candidate().Name {
			return true
		}
	}
	return false
}

// Every state that was ever made is written down when it is made, and is the same when all is over.
func TestApplyNeverChangesAnEarlierState(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		var states []State
		var texts []string
		keep := func(s State) { states, texts = append(states, s), append(texts, deep(t, s)) }
		r := wander(t, seed, func(before State, _ Decision) { keep(before) })
		for _, f := range facts(t) { // every fact on every state: none may reach into its neighbours
			for _, s := range states {
				s.Apply(Event{99, start(), f})
			}
		}
		keep(r.state)
		for i, s := range states {
			if diff := cmp.Diff(texts[i], deep(t, s)); diff != "" {
				t.Fatalf("seed %d: state %d was changed later:\n%s", seed, i, diff)
			}
		}
	}
}

// deep writes a state with all that it points to.
func deep(t *testing.T, s State) string {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFoldIsTheSameTwice(t *testing.T) {
	t.Parallel()
	var events []Event
	for i, f := range facts(t) {
		events = append(events, Event{i + 1, start(), f})
	}
	once := Fold(events)
	halfway := Fold(events[:7])
	for _, e := range events[7:] {
		halfway = halfway.Apply(e)
	}
	for name, got := range map[string]State{"twice": Fold(events), "in two parts": halfway} {
		if diff := cmp.Diff(once, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestDecideIsPure(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		wander(t, seed, func(s State, d Decision) {
			if diff := cmp.Diff(d, Decide(s, Iter8)); diff != "" {
				t.Errorf("seed %d: the same state gives another decision:\n%s", seed, diff)
			}
		})
	}
}
