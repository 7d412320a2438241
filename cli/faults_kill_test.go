//go:build e2e || faults

package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"

	"perch/experiment"
)

// killedIterations is how long the runs are that are killed.
const killedIterations = 4

// A matrix is runs that are killed after each of their events, for one candidate.
type matrix struct {
	tag    string
	want   ending
	loses  bool // the baseline may win in several ways
	events int  // after how many at most; more than a run has
}

func matrices() []matrix {
	return []matrix{
		{tag: "green", want: ending{experiment.OutcomePromoted, codeOK, "0/100"}, events: 19},
		{tag: "green-broken", want: ending{experiment.OutcomeBaselineKept, codeBaseline, "100/0"}, loses: true, events: 15},
	}
}

// signals are those that a run is killed with.
func signals() []syscall.Signal {
	return []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGHUP}
}

// kill runs the experiment, kills it when its n-th event arrives, and lets it go on until it ends.
func (m matrix) kill(t *testing.T, all *worlds, r *report, signal syscall.Signal, n int) {
	t.Helper()
	w := all.borrow(t, m.tag)
	x := r.trial(t, w, fmt.Sprintf("%s when killed by %s", m.tag, name(signal)))
	d, file := w.driver(t), quick(t, killedIterations)
	run := d.run(t, file)
	x.runs++
	for range n {
		if _, ok := run.next(t); !ok {
			break // as far as it came
		}
	}
	if err := run.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	x.kills++
	got, over := x.rest(run)
	for ; !over && x.resumes < 3; got, over = x.rest(run) {
		run = d.run(t, file)
		x.resumes++
	}
	t.Logf("%d events, resumed %d times", len(x.events), x.resumes)
	if x.resumes > 1 {
		x.violate("it took %d runs more to the end", x.resumes)
	}
	m.judge(x, got)
	x.observe()
	x.released(1)
}

// rest reads a run to its end. It is over when nothing is left to go on with.
func (x *trial) rest(run *sandbox) (got ending, over bool) {
	x.Helper()
	for _, ok := run.next(x.T); ok; _, ok = run.next(x.T) {
	}
	x.events = append(x.events, run.events...)
	got.code = run.code(x.T)
	if len(run.events) == 0 {
		x.violate("a run had no events, exit code %d: %s", got.code, run.err.String())
		return got, true
	}
	ended, ok := run.events[len(run.events)-1].Fact.(experiment.Ended)
	if !ok {
		if got.code != -1 {
			x.violate("a run ended with code %d and without a word: %s", got.code, run.err.String())
		}
		return got, false
	}
	got.outcome = ended.Outcome
	if ended.Traffic != nil {
		got.traffic = ended.Traffic.Split.String()
	}
	return got, ended.Outcome.Final()
}

// judge compares an ending with that of a run that nobody disturbed. A run that was killed after its
// last event has no exit code of its own.
func (m matrix) judge(x *trial, got ending) {
	x.Helper()
	if got.code == -1 {
		got.code = m.want.code
	}
	if m.loses && got.outcome == experiment.OutcomeRolledBack {
		got.outcome = m.want.outcome
	}
	if got != m.want {
		x.violate("ended %+v, want %+v; events %s", got, m.want, (&sandbox{events: x.events}).names())
	}
	revision := candidateRevision
	if m.loses {
		revision = baselineRevision
	}
	if now := x.world.template(x.T); now != revision {
		x.violate("the release has %s, want %s", now, revision)
	}
	if slices.ContainsFunc(x.events, func(e experiment.Event) bool { return is(e, "asked/decide") || is(e, "asked/adopt") }) {
		x.violate("a run came to a question")
	}
}

// name is the word for one of the signals.
func name(s syscall.Signal) string {
	return map[syscall.Signal]string{syscall.SIGKILL: "SIGKILL", syscall.SIGTERM: "SIGTERM", syscall.SIGHUP: "SIGHUP"}[s]
}
