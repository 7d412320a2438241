package experiment

import (
	"testing"
	"time"
)

// The one sentence that matters, for every kind of decision and what may stand in its way.
func TestDecideSaysWhy(t *testing.T) {
	t.Parallel()
	drifted := Traffic{Split: Split{[]int{50, 50}}, ChangedBy: "kubectl-edit", ChangedAt: start().Add(time.Minute)}
	held := Obeyed{Command{Wish: Hold, By: "ann"}}
	for _, row := range []struct {
		name    string
		split   Split
		before  []Fact
		letters string
		last    bool // iteration
		kind    DecisionKind
		want    string
	}{
		{"explore", weights(t, 100, 0), nil, "g-", false, Explore, "explore at 5 %: the candidate has no traffic yet"},
		{"advance", weights(t, 95, 5), nil, "gg", false, Advance, "advance to 25 %: 3 of 3 objectives met"},
		{"stay", weights(t, 25, 75), nil, "gg", false, Stay, "stay at 75 %: 3 of 3 objectives met"},
		{"withdraw", weights(t, 55, 45), nil, "gb", false, Withdraw, "withdraw to 5 %: candidate misses mean latency (100 ms > 50 ms)"},
		{"violation at 5", weights(t, 95, 5), nil, "gb", false, Stay, "stay at 5 %: candidate misses mean latency (100 ms > 50 ms)"},
		{"no data", weights(t, 95, 5), nil, "g-", false, HoldWeights, "hold at 5 %: candidate has no mean latency data (no series) and 2 more without data"},
		{"backend down", weights(t, 95, 5), nil, "xx", false, HoldWeights,
			"hold at 5 %: current has no mean latency data (unreachable: connection refused) and 5 more without data (1 of 10 tolerated)"},
		{"promote", weights(t, 25, 75), nil, "gg", true, AskToPromote, "candidate wins: 3 of 3 objectives met"},
		{"keep the baseline", weights(t, 25, 75), nil, "gb", true, KeepBaseline, "keep the baseline: candidate misses mean latency (100 ms > 50 ms)"},
		{"undecided", weights(t, 25, 75), nil, "g-", true, EndsUndecidedly, "undecided: candidate has no mean latency data (no series) and 2 more without data"},
		{"held", weights(t, 55, 45), []Fact{held}, "gg", false, HoldWeights, "held at 45 % by ann"},
		{"held by nobody in particular", weights(t, 55, 45), []Fact{Obeyed{Command{Wish: Hold}}}, "gg", false, HoldWeights, "held at 45 %"},
		{"held and violated", weights(t, 55, 45), []Fact{held}, "gb", false, HoldWeights, "held at 45 % by ann; candidate misses mean latency (100 ms > 50 ms)"},
		{"held and the baseline violates", weights(t, 55, 45), []Fact{held}, "bg", false, HoldWeights, "held at 45 % by ann"},
		{"held at the end", weights(t, 25, 75), []Fact{held}, "gg", true, HoldWeights, "held at 75 % by ann"},
		{"drift", weights(t, 75, 25), []Fact{Drifted{Traffic: drifted}}, "gg", false, HoldWeights,
			"hold: traffic is 50/50, Perch asked for 75/25; changed by kubectl-edit at 12:01:00"},
		{"drift at the end", weights(t, 75, 25), []Fact{Drifted{Traffic: drifted}}, "gg", true, HoldWeights,
			"hold: traffic is 50/50, Perch asked for 75/25; changed by kubectl-edit at 12:01:00"},
		{"unknown split", Split{}, nil, "gg", false, HoldWeights, "hold: the cluster does not say where the traffic goes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			spec := tutorial(t)
			if row.last {
				spec.Duration.IterationsPerLoop = 1
			}
			r := begin(spec, row.split)
			for _, f := range row.before {
				r.happens(f)
			}
			now := r.state.Seen.Split
			d := r.see(row.letters)
			if d.Kind != row.kind || d.Reason != row.want {
				t.Errorf("want %s: %s\n got %s: %s", row.kind, row.want, d.Kind, d.Reason)
			}
			if d.Kind == HoldWeights && !d.Split.Equal(now) {
				t.Errorf("holding moves traffic from %s to %s", now, d.Split)
			}
		})
	}
}

func TestRollbackObjective(t *testing.T) {
	t.Parallel()
	held := Obeyed{Command{Wish: Hold, By: "ann"}}
	for _, row := range []struct {
		name    string
		before  []Fact
		letters string
		want    string // "" for anything but a rollback
	}{
		{"by the candidate", nil, "gb", "roll back: candidate misses mean latency (100 ms > 50 ms)"},
		{"while held", []Fact{held}, "gb", "roll back: candidate misses mean latency (100 ms > 50 ms)"},
		{"while the baseline is not measured", nil, "xb", "roll back: candidate misses mean latency (100 ms > 50 ms)"},
		{"by both", nil, "bb", "roll back: candidate misses mean latency (100 ms > 50 ms)"},
		{"not by the baseline", nil, "bg", ""},
		{"not for want of data", nil, "g-", ""},
		{"not for an outage", nil, "xx", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			spec := tutorial(t)
			spec.Criteria.Objectives[0].RollbackOnFailure = true
			r := begin(spec, weights(t, 55, 45))
			for _, f := range row.before {
				r.happens(f)
			}
			d := r.see(row.letters)
			if (d.Kind == RollBackNow) != (row.want != "") || (row.want != "" && d.Reason != row.want) {
				t.Errorf("want %q, got %s: %s", row.want, d.Kind, d.Reason)
			}
			if d.Kind == RollBackNow && r.state.Stage != RollingBack {
				t.Errorf("want the stage rolling back, got %s", r.state.Stage)
			}
		})
	}
}

func TestOnlyObjectivesWithRollbackRollBack(t *testing.T) {
	t.Parallel()
	spec := tutorial(t)
	spec.Criteria.Objectives[1].RollbackOnFailure = true
	r := begin(spec, weights(t, 55, 45))
	if d := r.see("gb"); d.Kind != Withdraw {
		t.Errorf("want withdraw, got %s: %s", d.Kind, d.Reason)
	}
}
