package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"perch/experiment"
)

// survivors are runs that were killed, resumed, drifted, locked, owned by others or taken over.
func survivors(t *testing.T) map[string]*tape {
	t.Helper()
	return map[string]*tape{
		"resumed": resumed(t), "withdrawn": withdrawn(t), "undoing": undoing(t), "reversed": reversed(t),
		"locked": locked(t), "recovered": recovered(t), "adopting": adopting(t), "repairing": repairing(t),
		"owned": owned(t), "takenover": takenOver(t), "outage": outage(t), "extended": extended(t),
	}
}

func driver(at time.Time) experiment.Driver {
	return experiment.Driver{Run: "9f2c", Holder: "bob@ci-7", Since: at}
}

// resumed is a run that was stopped, and goes on in the same record.
func resumed(t *testing.T) *tape {
	t.Helper()
	tp := running(t)
	traffic := tp.served(45)
	tp.tell(time.Second, experiment.Ended{Outcome: experiment.OutcomeStopped, Reason: "stopped by SIGTERM", Traffic: &traffic})
	tp.tell(3*time.Minute+12*time.Second, experiment.Resumed{Driver: driver(tp.at), Record: "canary-progressive.jsonl"})
	return tp
}

// withdrawn is a run whose checkpoint says that it would promote, which had not begun; meanwhile
// the record is a new one.
func withdrawn(t *testing.T) *tape {
	t.Helper()
	before := promoting(t)
	snapshot := before.state.Snapshot()
	tp := &tape{t: t, at: before.at}
	tp.tell(72*time.Second, experiment.Resumed{Driver: driver(tp.at), Record: "second.jsonl", Before: &snapshot})
	tp.tell(time.Second, experiment.Withdrawn{Version: "candidate"})
	return tp
}

// undoing is a run in which somebody wants to roll back while Helm upgrades.
func undoing(t *testing.T) *tape {
	t.Helper()
	tp := promoting(t)
	tp.tell(4*time.Second, experiment.Obeyed{Command: experiment.Command{Wish: experiment.RollBack, By: "alice"}})
	return tp
}

func reversed(t *testing.T) *tape {
	t.Helper()
	tp := undoing(t)
	tp.tell(5*time.Second, experiment.Reversed{Version: "candidate"})
	return tp
}

// locked is a run whose promotion failed on a locked release.
func locked(t *testing.T) *tape {
	t.Helper()
	tp := promoting(t)
	what := "upgrade release sample-app: release locked: another operation (pending-upgrade) is in progress"
	tp.tell(3*time.Second, experiment.Troubled{Doing: "promote", What: what, Hint: "wait for the other operation, or press u"})
	tp.tell(0, experiment.Asked{Question: experiment.ToRetry, Version: "candidate", Plan: plan(), Against: []string{what}, Locked: true})
	return tp
}

func recovered(t *testing.T) *tape {
	t.Helper()
	tp := locked(t)
	tp.tell(6*time.Second, experiment.Obeyed{Command: experiment.Command{Wish: experiment.Recover, By: "alice"}})
	tp.tell(0, experiment.Promoting{Version: "candidate", Plan: plan()})
	tp.tell(time.Second, experiment.Recovered{Details: "release sample-app rolled back to revision 2, deployed as revision 4"})
	return tp
}

// moved lets somebody else move the traffic.
func (tp *tape) moved(by string, candidate int) {
	tp.t.Helper()
	traffic := experiment.Traffic{Split: tp.split(candidate), Settled: true, ChangedBy: by, ChangedAt: tp.at}
	tp.tell(time.Second, experiment.Drifted{Asked: tp.state.Wanted, Traffic: traffic})
}

func adopting(t *testing.T) *tape {
	t.Helper()
	tp := running(t)
	tp.moved("kubectl-patch", 40)
	tp.tell(0, experiment.Asked{Question: experiment.ToAdopt, Against: []string{"hold: traffic is 60/40, Perch asked for 55/45; changed by kubectl-patch"}})
	return tp
}

// repairing is a run with a policy that writes against others.
func repairing(t *testing.T) *tape {
	t.Helper()
	tp := newTape(t)
	s := started()
	s.Policy = experiment.Policy{OnDrift: experiment.DriftRepairs, OutageBudget: 4}
	s.Driver = driver(tp.at)
	tp.tell(0, s)
	tp.begin()
	tp.look(noTraffic())
	tp.look(good(1))
	tp.look(good(2))
	tp.moved("kubectl-patch", 90)
	tp.measured(good(3), tp.state.Seen)
	tp.decided()
	return tp
}

// owned is a run whose target belongs to Argo CD, and whose promotion runs a program as well.
func owned(t *testing.T) *tape {
	t.Helper()
	tp := newTape(t)
	tp.tell(time.Second, experiment.Initialized{Traffic: tp.served(0), Next: tp.at.Add(14 * time.Second), Owners: []experiment.Owner{
		{Tool: "Argo CD", Name: "application shop", Hint: "ignore differences of /spec/traffic in the application, or turn off its self-heal"},
	}})
	tp.look(noTraffic())
	for i := range 9 {
		tp.look(good(i + 5))
	}
	p := plan()
	p.Programs = []string{"/bin/sh -c 'make announce VERSION=candidate'"}
	tp.tell(time.Second, experiment.Asked{Question: experiment.ToPromote, Version: "candidate", Plan: p, For: []string{"3 of 3 objectives met at 75 % of the traffic"}})
	return tp
}

func takenOver(t *testing.T) *tape {
	t.Helper()
	tp := running(t)
	traffic := tp.served(45)
	tp.tell(time.Second, experiment.Ended{Outcome: experiment.OutcomeTakenOver, Reason: "bob@ci-7 drives default/sample-app since 14:24:41", Traffic: &traffic})
	return tp
}

// outage is a run whose metrics backend does not answer, with a reason that has room.
func outage(t *testing.T) *tape {
	t.Helper()
	tp := running(t)
	tp.look(good(5))
	tp.look(reading{missing: experiment.Unreachable})
	tp.look(reading{missing: experiment.Unreachable})
	return tp
}

// extended is a run that may take twice as long as its spec says.
func extended(t *testing.T) *tape {
	t.Helper()
	tp := newTape(t)
	s := started()
	s.Policy = experiment.Policy{OnInconclusive: experiment.Extends}
	tp.tell(0, s)
	tp.begin()
	tp.look(noTraffic())
	for i := range 11 {
		tp.look(good(i))
	}
	return tp
}

// TestTheSentenceSaysWhatSurvived: what each of these states must say at a glance.
func TestTheSentenceSaysWhatSurvived(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		tape *tape
		want string
	}{
		"resumed":       {resumed(t), "RESUMED at 45 %   after 3:12 without a driver; measuring anew"},
		"withdrawn":     {withdrawn(t), "RESUMED at 75 %   after 1:12 without a driver; the promotion had not begun: measuring anew"},
		"undoing":       {undoing(t), "PROMOTING candidate   rolls back as soon as the upgrade has ended"},
		"adopting":      {adopting(t), "GO ON from 40 %?   kubectl-patch changed the traffic to 60/40, Perch asked for 55/45: a goes on from there, r rolls back"},
		"repairing":     {repairing(t), "REPAIRING to 45 %"},
		"locked":        {locked(t), "RELEASE LOCKED"},
		"taken over":    {takenOver(t), "TAKEN OVER   bob@ci-7 drives default/sample-app"},
		"outage":        {outage(t), "current has no mean latency data"},
		"its tolerance": {outage(t), "2 of 10 tolerated"},
		"extended":      {extended(t), "iteration 12/20"},
	}
	for name, row := range rows {
		got := ansi.Strip(screen(t, driving(), row.tape.events, 200, 50).View())
		if !strings.Contains(got, row.want) {
			t.Errorf("%s: want %q in:\n%s", name, row.want, got)
		}
	}
}

// TestAResumedRunLooksAgain: after the first look the sentence is the look's.
func TestAResumedRunLooksAgain(t *testing.T) {
	t.Parallel()
	tp := resumed(t)
	tp.look(good(6))
	got := screen(t, driving(), tp.events, 120, 40).View()
	if strings.Contains(got, "RESUMED") {
		t.Errorf("still resumed after a look:\n%s", got)
	}
}

// TestUnlockIsOfferedOnlyWhenLocked: a key that is seldom of use must not crowd the others out.
func TestUnlockIsOfferedOnlyWhenLocked(t *testing.T) {
	t.Parallel()
	for name, tp := range tapes(t) {
		view := screen(t, driving(), tp.events, 120, 40).View()
		want := tp.state.Asked != nil && tp.state.Asked.Fact.Locked
		if got := strings.Contains(view, "u unlock"); got != want {
			t.Errorf("%s: u is offered: %t, want %t", name, got, want)
		}
	}
}
