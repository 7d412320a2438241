package experiment

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// drifting begins a run under a policy in which somebody has moved the traffic from 75/25 to 40/60.
func drifting(t *testing.T, policy Policy) *run {
	t.Helper()
	r := begin(tutorial(t), weights(t, 75, 25))
	r.state.Setup.Policy = policy
	return r
}

// others moves the traffic as another writer does.
func (r *run) others(t *testing.T, percent ...int) {
	t.Helper()
	r.happens(Drifted{Asked: r.state.Wanted, Traffic: Traffic{Split: weights(t, percent...), ChangedBy: "kubectl"}})
}

func TestDriftPolicies(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		policy OnDrift
		theirs int
		kind   DecisionKind
		weight int
	}{
		{"stop holds", DriftStops, 60, HoldWeights, 60},
		{"the zero policy holds", "", 60, HoldWeights, 60},
		{"adopt goes on from there", DriftAdopts, 40, Advance, 60},
		{"adopt withdraws what is above the limit", DriftAdopts, 90, Withdraw, 75},
		{"repair takes back", DriftRepairs, 60, Repair, 25},
		{"repair rises by the increment at most", DriftRepairs, 2, Repair, 22},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := drifting(t, Policy{OnDrift: row.policy})
			r.others(t, 100-row.theirs, row.theirs)
			if d := r.see("gg"); d.Kind != row.kind || d.Split.Candidate() != row.weight {
				t.Errorf("want %s at %d, got %s at %d: %s", row.kind, row.weight, d.Kind, d.Split.Candidate(), d.Reason)
			}
		})
	}
}

func TestRepairGivesInToAWriterWhoInsists(t *testing.T) {
	t.Parallel()
	r := drifting(t, Policy{OnDrift: DriftRepairs})
	for i := range maxRepairs + 1 {
		r.others(t, 40, 60)
		want := Repair
		if i == maxRepairs {
			want = HoldWeights
		}
		if d := r.see("gg"); d.Kind != want {
			t.Errorf("drift %d: want %s, got %s", i+1, want, d.Kind)
		}
	}
}

func TestRepairsAreForgottenOnceTheSplitStays(t *testing.T) {
	t.Parallel()
	r := drifting(t, Policy{OnDrift: DriftRepairs})
	r.others(t, 40, 60)
	r.see("gg")
	r.see("gg")
	if r.state.Repairs != 0 {
		t.Errorf("want no repairs on the books, got %d", r.state.Repairs)
	}
}

func TestAdoptionByAPerson(t *testing.T) {
	t.Parallel()
	r := drifting(t, Policy{})
	r.others(t, 40, 60)
	r.happens(Asked{Question: ToAdopt})
	r.see("gg")
	if r.state.Asked == nil {
		t.Fatal("the question must stand while the drift does")
	}
	r.happens(Obeyed{Command{Wish: Approve}})
	if d := r.see("gg"); d.Kind != Advance || d.Split.Candidate() != 75 {
		t.Errorf("want to go on to 75, got %s at %d", d.Kind, d.Split.Candidate())
	}
	r.others(t, 40, 60)
	r.happens(Asked{Question: ToAdopt})
	r.others(t, 50, 50)
	if r.state.Asked != nil {
		t.Error("a question about a split that is no more must lapse")
	}
}

func TestOutageBudget(t *testing.T) {
	t.Parallel()
	r := begin(tutorial(t), weights(t, 75, 25))
	r.state.Setup.Policy.OutageBudget = 3
	for i, row := range []struct {
		letters string
		kind    DecisionKind
		outage  bool
	}{
		{"gx", HoldWeights, true}, {"g-", HoldWeights, false}, {"xx", EndsUndecidedly, true}, {"gg", Advance, false},
		{"gx", HoldWeights, true}, {"bb", Withdraw, false}, {"gx", HoldWeights, true},
	} {
		d := r.see(row.letters)
		if d.Kind != row.kind || r.state.InOutage() != row.outage {
			t.Errorf("look %d (%s): want %s in outage %t, got %s in outage %t: %s",
				i+1, row.letters, row.kind, row.outage, d.Kind, r.state.InOutage(), d.Reason)
		}
	}
}

// A split from before is no ground to move on: a write that was given up may have changed it since.
func TestNothingMovesWhileTheClusterDoesNotSayTheSplit(t *testing.T) {
	t.Parallel()
	r := begin(tutorial(t), weights(t, 75, 25))
	r.state.Setup.Policy.OutageBudget = 3
	spec := r.state.Spec()
	for i, want := range []DecisionKind{HoldWeights, HoldWeights, EndsUndecidedly} {
		r.happens(Measured{Iteration: 1, Samples: append(reading(spec, "current", 'g'), reading(spec, "candidate", 'g')...)})
		if d := Decide(r.state, Iter8); d.Kind != want || d.Split.Candidate() != 25 || !r.state.InOutage() {
			t.Errorf("look %d: want %s at 25, got %s at %d: %s", i+1, want, d.Kind, d.Split.Candidate(), d.Reason)
		}
	}
	if d := r.see("gg"); d.Kind != Advance {
		t.Errorf("want to go on once the cluster says it, got %s: %s", d.Kind, d.Reason)
	}
}

func TestRepairKeepsTheMaximum(t *testing.T) {
	t.Parallel()
	r := begin(tutorial(t), weights(t, 0, 100))
	r.state.Setup.Policy.OnDrift = DriftRepairs
	r.others(t, 35, 65)
	if d := r.see("gg"); d.Kind != Repair || d.Split.Candidate() != 75 {
		t.Errorf("want repair to 75, got %s to %d", d.Kind, d.Split.Candidate())
	}
}

func TestACandidateWithoutTrafficLacksNothing(t *testing.T) {
	t.Parallel()
	r := begin(tutorial(t), BaselineOnly(2))
	r.see("g-")
	if r.state.Outage != 0 {
		t.Errorf("want no gap counted, got %d", r.state.Outage)
	}
}

// A run may be cut short after any fact. Whatever it knew, it goes on in the right stage, with no
// question open, and its weights and its start as they were.
func TestResumedStages(t *testing.T) {
	t.Parallel()
	rollBack := Obeyed{Command{Wish: RollBack}}
	promoted := Promoted{Version: "candidate", Traffic: Traffic{Split: Split{[]int{0, 100}}}}
	for _, row := range []struct {
		name  string
		facts []Fact
		want  Stage
	}{
		{"running", nil, Running},
		{"stopped", []Fact{Ended{Outcome: OutcomeStopped}}, Running},
		{"held", []Fact{Obeyed{Command{Wish: Hold}}}, Running},
		{"asked to promote", []Fact{Asked{Question: ToPromote}}, Running},
		{"approved", []Fact{Asked{Question: ToPromote}, Obeyed{Command{Wish: Approve}}}, Running},
		{"promoting", []Fact{Promoting{Version: "candidate"}}, Finishing},
		{"promotion failed", []Fact{Promoting{Version: "candidate"}, Asked{Question: ToRetry}, Ended{Outcome: OutcomePromotionFailed}}, Finishing},
		{"promoted", []Fact{Promoting{Version: "candidate"}, promoted}, Finishing},
		{"a promotion that had not begun", []Fact{Promoting{Version: "candidate"}, Withdrawn{Version: "candidate"}}, Running},
		{"rolling back", []Fact{rollBack}, RollingBack},
		{"rolling back after a failed promotion", []Fact{Promoting{Version: "candidate"}, Asked{Question: ToRetry}, rollBack}, RollingBack},
		{"to be undone", []Fact{Promoting{Version: "candidate"}, rollBack}, Finishing},
		{"reversed", []Fact{Promoting{Version: "candidate"}, rollBack, promoted, Reversed{}}, RollingBack},
		{"restoring", []Fact{rollBack, RolledBack{}, Promoting{Version: "current"}}, Finishing},
		{"keeping the baseline", []Fact{Decided{1, Decision{Kind: KeepBaseline}}}, RollingBack},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := begin(tutorial(t), weights(t, 75, 25))
			r.see("gg")
			for _, f := range row.facts {
				r.happens(f)
			}
			before := through(t, r.state)
			after := &run{judge: Iter8}
			after.happens(before.Setup)
			after.happens(Resumed{Driver: Driver{Run: "x"}, Record: "next.jsonl", Before: &before})
			s := after.state
			if s.Stage != row.want || s.Asked != nil || s.Ended != nil || s.Setup.Record != "next.jsonl" {
				t.Errorf("want %s without a question, got %s with %+v in %s", row.want, s.Stage, s.Asked, s.Setup.Record)
			}
			if s.Since != r.state.Since || s.Iteration != 1 || !s.Wanted.Equal(r.state.Wanted) || len(s.History) != 1 || s.Seq != 2 {
				t.Errorf("since %s, iteration %d, wanted %s, %d looks, event %d: want them as they were", s.Since, s.Iteration, s.Wanted, len(s.History), s.Seq)
			}
		})
	}
}

// through takes a state the way of a checkpoint.
func through(t *testing.T, s State) State {
	t.Helper()
	data, err := json.Marshal(s.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var got State
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, got); diff != "" {
		t.Errorf("a checkpoint changes the state:\n%s", diff)
	}
	return got
}

func TestSnapshotIsBounded(t *testing.T) {
	t.Parallel()
	r := begin(tutorial(t), BaselineOnly(2))
	for i := range snapshotLooks + 3 {
		r.happens(Measured{Iteration: i + 1})
	}
	if got := r.state.Snapshot().History; len(got) != snapshotLooks || got[0].Iteration != 4 {
		t.Errorf("want the newest %d looks, got %d from %d", snapshotLooks, len(got), got[0].Iteration)
	}
}

func TestResumingBeforeTheStart(t *testing.T) {
	t.Parallel()
	r := &run{judge: Iter8}
	r.happens(Started{Spec: tutorial(t)})
	r.happens(Resumed{})
	if r.state.Stage != Initializing {
		t.Errorf("want the start actions again, got %s", r.state.Stage)
	}
}
