package experiment

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestInitializedAddsVariables(t *testing.T) {
	t.Parallel()
	spec := tutorial(t)
	s := State{}.Apply(Event{1, start(), Started{Spec: spec}})
	s = s.Apply(Event{2, start().Add(time.Minute), Initialized{
		Variables: map[string]map[string]string{"current": {"namespace": "default", "revision": "found"}},
		Traffic:   Traffic{Split: weights(t, 95, 5)}, Next: start().Add(time.Hour),
	}})
	want := map[string]string{"namespace": "default", "revision": "sample-app-v1", "promote": "baseline"}
	if diff := cmp.Diff(want, s.Spec().Baseline().Variables); diff != "" {
		t.Errorf("what the file says wins over what was found:\n%s", diff)
	}
	if diff := cmp.Diff(tutorial(t), spec); diff != "" {
		t.Errorf("the spec that was given has changed:\n%s", diff)
	}
	if s.Stage != Running || !s.Since.Equal(start().Add(time.Minute)) || !s.Next.Equal(start().Add(time.Hour)) {
		t.Errorf("want running since the second event, got %s since %s, next %s", s.Stage, s.Since, s.Next)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	r := begin(tutorial(t), BaselineOnly(2))
	for i := range historyLimit + 5 {
		r.happens(Measured{Iteration: i + 1})
	}
	h := r.state.History
	if len(h) != historyLimit || h[0].Iteration != 6 || h[len(h)-1].Iteration != historyLimit+5 {
		t.Errorf("want the newest %d looks, got %d from %d", historyLimit, len(h), h[0].Iteration)
	}
}

func TestLatestWithoutALook(t *testing.T) {
	t.Parallel()
	if look, ok := (State{}).Latest(); ok || look.Iteration != 0 {
		t.Errorf("want none, got %+v", look)
	}
	r := begin(tutorial(t), BaselineOnly(2))
	r.happens(Decided{Iteration: 1}) // without a look: a damaged record must not stop a replay
	if r.state.Iteration != 1 {
		t.Errorf("want iteration 1, got %d", r.state.Iteration)
	}
}

func TestQuestionsAreWithdrawn(t *testing.T) {
	t.Parallel()
	ask := func(q Question) Asked { return Asked{Question: q, Version: "candidate"} }
	for _, row := range []struct {
		name string
		open Asked
		then Decision
		want Stage
	}{
		{"still to promote", ask(ToPromote), Decision{Kind: AskToPromote, Winner: "candidate"}, Awaiting},
		{"another winner", ask(ToPromote), Decision{Kind: AskToPromote, Winner: "other"}, Running},
		{"no data any more", ask(ToPromote), Decision{Kind: EndsUndecidedly}, Running},
		{"drifted", ask(ToPromote), Decision{Kind: HoldWeights}, Running},
		{"lost", ask(ToPromote), Decision{Kind: KeepBaseline}, RollingBack},
		{"violates a rollback objective", ask(ToPromote), Decision{Kind: RollBackNow}, RollingBack},
		{"still undecided", ask(ToDecide), Decision{Kind: EndsUndecidedly}, Awaiting},
		{"data has come", ask(ToDecide), Decision{Kind: AskToPromote, Winner: "candidate"}, Running},
		{"a retry stands whatever is measured", ask(ToRetry), Decision{Kind: EndsUndecidedly}, Awaiting},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := begin(tutorial(t), weights(t, 25, 75))
			r.happens(row.open)
			r.happens(Measured{Iteration: 11})
			r.happens(Decided{11, row.then})
			if r.state.Stage != row.want || (r.state.Asked != nil) != (row.want == Awaiting) {
				t.Errorf("want %s, got %s with the question %+v", row.want, r.state.Stage, r.state.Asked)
			}
		})
	}
}

func TestHeading(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		facts []Fact
		want  Outcome
	}{
		{"nowhere yet", nil, ""},
		{"promotion", []Fact{Promoting{}}, OutcomePromoted},
		{"baseline kept", []Fact{Decided{1, Decision{Kind: KeepBaseline}}}, OutcomeBaselineKept},
		{"baseline promoted", []Fact{Decided{1, Decision{Kind: KeepBaseline}}, Promoting{}}, OutcomeBaselineKept},
		{"rolled back by an objective", []Fact{Decided{1, Decision{Kind: RollBackNow}}}, OutcomeRolledBack},
		{"rolled back by a person", []Fact{Obeyed{Command{Wish: RollBack}}}, OutcomeRolledBack},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := begin(tutorial(t), BaselineOnly(2))
			for _, f := range row.facts {
				r.happens(f)
			}
			if r.state.Heading != row.want {
				t.Errorf("want %q, got %q", row.want, r.state.Heading)
			}
		})
	}
}

func TestTroubleLastsUntilSomethingSucceeds(t *testing.T) {
	t.Parallel()
	spec := tutorial(t)
	for _, row := range []struct {
		name, doing string
		then        Fact
		want        bool // that the trouble lasts
	}{
		{"shifted", "shift", Shifted{}, false},
		{"promoting again", "promote", Promoting{}, false},
		{"rolled back", "roll back", RolledBack{}, false},
		{"measured everything", "measure", Decided{1, Decision{Assessments: []Assessment{{Verdict: Satisfied}}}}, false},
		{"measured half of it", "measure", Decided{1, Decision{Assessments: []Assessment{{Verdict: Unknown}}}}, true},
		{"measured beside another trouble", "shift", Decided{1, Decision{}}, true},
		{"refused something", "shift", Refused{}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := begin(spec, BaselineOnly(2))
			r.happens(Troubled{Doing: row.doing})
			r.happens(row.then)
			if got := r.state.Trouble != nil; got != row.want {
				t.Errorf("want trouble %v, got %v", row.want, got)
			}
		})
	}
}

func TestDrift(t *testing.T) {
	t.Parallel()
	other := Traffic{Split: Split{[]int{50, 50}}, ChangedBy: "kubectl-edit"}
	own := Traffic{Split: Split{[]int{50, 50}}}
	for _, row := range []struct {
		name  string
		facts []Fact
		want  bool
	}{
		{"at the start", nil, false},
		{"somebody else's change", []Fact{Measured{Traffic: &other}}, true},
		{"told of it", []Fact{Drifted{Traffic: other}}, true},
		{"told, then measured", []Fact{Drifted{Traffic: other}, Measured{}}, true},
		{"a late write of Perch's own", []Fact{Measured{Traffic: &own}}, false},
		{"the cluster does not say", []Fact{Measured{Traffic: &Traffic{}}}, false},
		{"the cluster does not say, then somebody else's change", []Fact{Measured{Traffic: &Traffic{}}, Measured{Traffic: &other}}, true},
		{"shifted over it", []Fact{Measured{Traffic: &other}, Shifted{Asked: other.Split, Traffic: own}}, false},
		{"rolled back over it", []Fact{Measured{Traffic: &other}, RolledBack{Traffic: Traffic{Split: BaselineOnly(2)}}}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := begin(tutorial(t), weights(t, 75, 25))
			for _, f := range row.facts {
				r.happens(f)
			}
			if got := r.state.Drift(); got != row.want {
				t.Errorf("want %v, got %v: %s asked, %s seen", row.want, got, r.state.Wanted, r.state.Seen.Split)
			}
		})
	}
}

func TestMetricThatIsUnknownIsDescribedByItsName(t *testing.T) {
	t.Parallel()
	r := begin(tutorial(t), BaselineOnly(2))
	if got := r.state.Metric("shop/sales"); got.Label != "shop/sales" {
		t.Errorf("got %+v", got)
	}
	if got := r.state.Metric("iter8-knative/error-rate"); got.Label != "error rate" {
		t.Errorf("got %+v", got)
	}
}
