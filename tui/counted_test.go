package tui

import (
	"strings"
	"testing"
	"time"

	"perch/experiment"
	"perch/experiment/evidence"
)

// counting is a run whose evidence is counted by the judge itself: so many looks at a candidate that
// fails so many of a thousand requests, at 60 requests a second.
func counting(tb testing.TB, looks, failing int) *tape {
	tb.Helper()
	tp := weighing(tb)
	for range looks {
		tp.count(failing, false)
		tp.count(failing, true)
		tp.at = tp.at.Add(-2 * countEvery) // the look comes with the second count
		tp.look(good(tp.state.Iteration))
		if tp.state.Stage != experiment.Running {
			break
		}
	}
	return tp
}

// countEvery is the time between two counts; two make a look of a tape.
const countEvery = 4 * time.Second

// count is what both versions do in the next seconds.
func (tp *tape) count(failing int, rise bool) {
	tp.t.Helper()
	from, to := tp.state.Since, tp.at.Add(countEvery)
	if w := tp.state.Weighing; !w.To.IsZero() {
		from = w.To
	}
	weight, rate := int64(tp.state.Seen.Split.Candidate()), int64(60*to.Sub(from).Seconds())
	tally := func(version string, requests, perMille int64) experiment.Tally {
		slow := requests / 50
		return experiment.Tally{
			Family: tp.state.Family(), Version: version, From: from, To: to,
			Requests: requests, Errors: requests * perMille / 1000, Bounds: []float64{20, 40, 60, 100, 200},
			Buckets: []int64{0, requests - slow, 0, 0, slow, 0}, Sum: float64(requests)*31 + float64(slow)*110,
		}
	}
	tp.tell(countEvery, experiment.Counted{Tallies: []experiment.Tally{
		tally("current", rate*(100-weight)/100, 2), tally("candidate", rate*weight/100, int64(failing)),
	}, TookMS: 12, Rise: rise})
}

// TestCountsDoNotFloodALog: most counts change nothing, and a log has only those that do.
func TestCountsDoNotFloodALog(t *testing.T) {
	t.Parallel()
	tp := counting(t, 12, 2)
	lines := printedLines(t, tp.events)
	counts, shown := 0, 0
	for _, e := range tp.events {
		if e.Name() == "counted" {
			counts++
		}
	}
	for _, line := range lines {
		if strings.Contains(line, " counted ") {
			shown++
		}
	}
	if shown == 0 || shown > counts/3 {
		t.Errorf("%d of %d counts are shown:\n%s", shown, counts, strings.Join(lines, "\n"))
	}
	for _, line := range lines {
		if strings.Contains(line, " decided ") && !strings.Contains(line, "certified") && !strings.Contains(line, "explore") {
			t.Errorf("a decision does not say how far the proofs are: %s", line)
		}
	}
}

func printedLines(t *testing.T, events []experiment.Event) []string {
	t.Helper()
	var out strings.Builder
	show := Lines(&out, true)
	for _, e := range events {
		if err := show(e); err != nil {
			t.Fatal(err)
		}
	}
	return strings.Split(strings.TrimSpace(out.String()), "\n")
}

// TestTheJudgeIsShown: what the judge itself makes of counts has its place at every size.
func TestTheJudgeIsShown(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		looks, failing int
		want           []string
	}{
		"good": {10, 2, []string{"CERTIFIED", "certified", "ALARM", "alarm", "EVIDENCE", "VERDICT"}},
		"bad":  {20, 40, []string{"ROLLING BACK", "violated"}},
	} {
		tp := counting(t, row.looks, row.failing)
		for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}, {200, 50}} {
			view := screen(t, driving(), tp.events, size[0], size[1]).View()
			checkSize(t, name, view, size[0], size[1])
			if size[0] < twoColumns {
				continue
			}
			for _, want := range row.want {
				if !strings.Contains(view, want) {
					t.Errorf("%s at %v: no %q in:\n%s", name, size, want, view)
				}
			}
		}
	}
}

func TestWhatACountChanged(t *testing.T) {
	t.Parallel()
	call := func(p evidence.Phase, certified float64, v evidence.Verdict) evidence.Call {
		return evidence.Call{Phase: p, Reason: "the reason", Certified: certified,
			Objectives: []evidence.Assessment{{Verdict: evidence.Undecided}, {Verdict: evidence.Undecided}, {Verdict: v}}}
	}
	excluded := flagged(60, evidence.Excluded, "")
	for name, row := range map[string]struct {
		before, after evidence.Call
		line          experiment.LedgerLine
		quiet         bool
		want          string
	}{
		"nothing": {call(evidence.Exploring, 0.39, evidence.Undecided), call(evidence.Exploring, 0.425, evidence.Undecided), judged(60, 0.1, 0),
			true, "60 requests of candidate, 1 failed: certified 39 → 42 %, alarm 0 %"},
		"the phase": {call(evidence.Exploring, 0.49, evidence.Undecided), call(evidence.Accelerating, 0.51, evidence.Undecided), judged(60, 0.1, 0),
			false, "60 requests of candidate, 1 failed: certified 49 → 51 %, alarm 0 %; accelerating: the reason"},
		"a verdict": {call(evidence.Exploring, 0.9, evidence.Undecided), call(evidence.Exploring, 0.9, evidence.Satisfied), judged(60, 0.1, 0),
			false, "60 requests of candidate, 1 failed: certified 90 %, alarm 0 %; error rate is proven"},
		"a flag": {call(evidence.Exploring, 0.9, evidence.Undecided), call(evidence.Exploring, 0.9, evidence.Undecided), excluded,
			false, "60 requests of candidate, 1 failed: excluded: baseline out of limits too"},
	} {
		tp := weighing(t)
		tp.weigh(row.before, judged(60, 0.1, 0))
		before := tp.state
		tp.weigh(row.after, judged(60, 0.1, 0), row.line)
		e := experiment.Event{Seq: 9, At: tp.at, Fact: experiment.Counted{Tallies: []experiment.Tally{
			{Version: "current", Requests: 240}, {Version: "candidate", Requests: 40}, {Version: "candidate", Requests: 20, Errors: 1},
		}}}
		if got := narrate(before, tp.state, e); got.text != row.want || got.quiet != row.quiet {
			t.Errorf("%s: got %q, quiet %t; want %q, quiet %t", name, got.text, got.quiet, row.want, row.quiet)
		}
	}
}
