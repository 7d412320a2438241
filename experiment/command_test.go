package experiment

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stages leads a run to each state that a command may meet.
func stages(t *testing.T) map[string]State {
	t.Helper()
	begun := func(facts ...Fact) State {
		r := begin(tutorial(t), weights(t, 95, 5))
		for _, f := range facts {
			r.happens(f)
		}
		return r.state
	}
	held := Obeyed{Command{Wish: Hold, By: "ann"}}
	return map[string]State{
		"idle":                        {},
		"initializing":                State{}.Apply(Event{1, start(), Started{Spec: tutorial(t)}}),
		"running":                     begun(),
		"held":                        begun(held),
		"asked to promote":            begun(Asked{Question: ToPromote, Version: "candidate"}),
		"asked to retry":              begun(Asked{Question: ToRetry, Version: "candidate"}),
		"asked to decide":             begun(Asked{Question: ToDecide}),
		"rolling back":                begun(Obeyed{Command{Wish: RollBack}}),
		"asked to retry a locked one": begun(Asked{Question: ToRetry, Version: "candidate", Locked: true}),
		"asked to adopt":              begun(Asked{Question: ToAdopt}),
		"finishing":                   begun(Asked{Question: ToPromote}, Promoting{Version: "candidate"}),
		"finishing, to be undone":     begun(Promoting{Version: "candidate"}, Obeyed{Command{Wish: RollBack}}),
		"restoring":                   begun(Obeyed{Command{Wish: RollBack}}, Promoting{Version: "current"}),
		"ended":                       begun(Ended{Outcome: OutcomeStopped}),
	}
}

func TestPermits(t *testing.T) {
	t.Parallel()
	const noMove, ended = "no traffic was moved yet: q stops", "the run has ended"
	const free = "no Helm release is known to be locked"
	type answers map[Wish]string // "" is yes
	want := map[string]answers{
		"idle":             {Approve: "nothing to approve while idle", Hold: "nothing to hold while idle", Resume: "nothing is held", RollBack: noMove},
		"initializing":     {Approve: "nothing to approve while initializing", Hold: "nothing to hold while initializing", Resume: "nothing is held", RollBack: noMove},
		"running":          {Approve: "nothing to approve yet: iteration 0 of 10", Resume: "nothing is held"},
		"held":             {Approve: "nothing to approve yet: iteration 0 of 10", Hold: "already held"},
		"asked to promote": {Resume: "nothing is held"},
		"asked to retry":   {Hold: "nothing to hold while awaiting approval", Resume: "nothing is held"},
		"asked to decide":  {Approve: "the evidence does not suffice to promote", Resume: "nothing is held"},
		"rolling back": {
			Approve: "nothing to approve while rolling back", Hold: "nothing to hold while rolling back",
			Resume: "nothing is held", RollBack: "already rolling back",
		},
		"asked to retry a locked one": {Hold: "nothing to hold while awaiting approval", Resume: "nothing is held"},
		"asked to adopt":              {Resume: "nothing is held"},
		"finishing":                   {Approve: "nothing to approve while finishing", Hold: "nothing to hold while finishing", Resume: "nothing is held"},
		"finishing, to be undone": {
			Approve: "nothing to approve while finishing", Hold: "nothing to hold while finishing", Resume: "nothing is held",
			RollBack: "rolling back begins as soon as the finish actions have ended",
		},
		"restoring": {
			Approve: "nothing to approve while finishing", Hold: "nothing to hold while finishing", Resume: "nothing is held",
			RollBack: "already rolling back: the baseline's release is being restored",
		},
		"ended": {Approve: ended, Hold: ended, Resume: ended, RollBack: ended, Recover: ended, Stop: ended},
	}
	for name, answers := range want {
		if name != "ended" && name != "asked to retry a locked one" {
			answers[Recover] = free
		}
	}
	for name, state := range stages(t) {
		got := answers{}
		for _, wish := range Wishes() {
			if err := state.Permits(Command{Wish: wish}); err != nil {
				got[wish] = err.Error()
			}
		}
		if diff := cmp.Diff(want[name], got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestPermitsOnlyKnownWishes(t *testing.T) {
	t.Parallel()
	err := stages(t)["running"].Permits(Command{Wish: "dance"})
	if got := errorText(err); got != `there is no command "dance"` {
		t.Errorf("got %q", got)
	}
}

func TestPermitsApprovalOfTheQuestionThatIsOpen(t *testing.T) {
	t.Parallel()
	state := stages(t)["asked to promote"]
	for _, row := range []struct {
		name    string
		answers int
		want    string
	}{
		{"the open one", 0, ""},
		{"by its number", state.Asked.Seq, ""},
		{"an older one", state.Asked.Seq - 1, "the evidence has changed since you looked: look again"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := errorText(state.Permits(Command{Wish: Approve, Answers: row.answers})); got != row.want {
				t.Errorf("want %q, got %q", row.want, got)
			}
		})
	}
}
