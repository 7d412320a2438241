package tui

import (
	"testing"
	"time"

	"perch/experiment"
)

// A tape makes up a recording as the runner would write it, with a judge deciding: Iter8's, if it is nil.
type tape struct {
	judge  experiment.Judge
	t      testing.TB
	at     time.Time
	events []experiment.Event
	state  experiment.State
}

// A reading is what one look finds: the baseline's and the candidate's mean, p95 and error rate;
// a nil slice has no data for the reason given.
type reading struct {
	baseline, candidate []float64
	missing             experiment.Missing
	detail              string
	more                []experiment.Sample // of other metrics
}

const (
	meanLatency = "iter8-knative/mean-latency"
	p95Latency  = "iter8-knative/95th-percentile-tail-latency"
	errorRate   = "iter8-knative/error-rate"
)

func newTape(tb testing.TB) *tape {
	tb.Helper()
	tp := &tape{t: tb, at: time.Date(2026, 3, 5, 14, 24, 0, 0, time.UTC)}
	tp.tell(0, started())
	return tp
}

func started() experiment.Started {
	limit := func(v float64) *float64 { return &v }
	version := func(name, revision, promote string) experiment.Version {
		return experiment.Version{Name: name, Variables: map[string]string{"revision": revision, "promote": promote}}
	}
	return experiment.Started{
		Perch: "0.1.0", Context: "kind-perch", Judge: "iter8", Record: "canary-progressive.jsonl",
		Spec: experiment.Spec{
			Name:   "canary-progressive",
			Target: experiment.Target{Namespace: "default", Name: "sample-app"},
			Strategy: experiment.Strategy{TestingPattern: "Canary", DeploymentPattern: "Progressive",
				MaxCandidateWeight: 75, MaxCandidateWeightIncrement: 20},
			Criteria: experiment.Criteria{Objectives: []experiment.Objective{
				{Metric: meanLatency, UpperLimit: limit(50)},
				{Metric: p95Latency, UpperLimit: limit(100)},
				{Metric: errorRate, UpperLimit: limit(0.01)},
			}},
			Duration: experiment.Duration{IntervalSeconds: 10, IterationsPerLoop: 10, MaxLoops: 1},
			Versions: []experiment.Version{version("current", "sample-app-v1", "baseline"), version("candidate", "sample-app-v2", "candidate")},
		},
		Metrics: []experiment.Metric{
			{Ref: meanLatency, Label: "mean latency", Units: experiment.Milliseconds},
			{Ref: p95Latency, Label: "p95 latency", Units: experiment.Milliseconds},
			{Ref: errorRate, Label: "error rate", Units: experiment.Fraction},
		},
	}
}

// tell adds a fact some time after the one before.
func (tp *tape) tell(after time.Duration, f experiment.Fact) {
	tp.t.Helper()
	tp.at = tp.at.Add(after)
	e := experiment.Event{Seq: len(tp.events) + 1, At: tp.at, Fact: f}
	tp.events = append(tp.events, e)
	tp.state = tp.state.Apply(e)
}

func (tp *tape) split(candidate int) experiment.Split {
	tp.t.Helper()
	s, err := experiment.NewSplit(100-candidate, candidate)
	if err != nil {
		tp.t.Fatal(err)
	}
	return s
}

func (tp *tape) served(candidate int) experiment.Traffic {
	tp.t.Helper()
	return experiment.Traffic{Split: tp.split(candidate), Settled: true}
}

func (tp *tape) begin() {
	tp.t.Helper()
	tp.tell(300*time.Millisecond, experiment.Waiting{For: "revision sample-app-v2 to be ready", Until: tp.at.Add(2 * time.Minute)})
	tp.tell(4*time.Second, experiment.Initialized{Traffic: tp.served(0), Next: tp.at.Add(14 * time.Second)})
}

// look measures, decides, and shifts when the decision says so.
func (tp *tape) look(r reading) {
	tp.t.Helper()
	tp.measured(r, tp.served(tp.state.Seen.Split.Candidate()))
	d := tp.decided()
	switch d.Kind {
	case experiment.Explore, experiment.Advance, experiment.Withdraw:
		from := tp.state.Seen.Split
		tp.tell(2*time.Second, experiment.Shifted{From: from, Asked: d.Split,
			Traffic: experiment.Traffic{Split: d.Split, Settled: true}, TookMS: 1840})
	default:
		tp.at = tp.at.Add(2 * time.Second)
	}
}

// measured looks, while the router serves some traffic.
func (tp *tape) measured(r reading, traffic experiment.Traffic) {
	tp.t.Helper()
	tp.tell(10*time.Second-2*time.Second, experiment.Measured{
		Iteration: min(tp.state.Iteration+1, tp.state.Iterations()), Samples: r.samples(), Traffic: &traffic, TookMS: 198, Next: tp.at.Add(20 * time.Second),
	})
}

// decided lets the judge of the run decide upon the latest look.
func (tp *tape) decided() experiment.Decision {
	tp.t.Helper()
	judge := tp.judge
	if judge == nil {
		judge = experiment.Iter8
	}
	d := experiment.Decide(tp.state, judge)
	iteration := tp.state.Iteration
	if tp.state.Stage == experiment.Running && tp.state.Held == nil {
		iteration++
	}
	tp.tell(0, experiment.Decided{Iteration: iteration, Decision: d})
	return d
}

func (r reading) samples() []experiment.Sample {
	requests := 240.0
	var list []experiment.Sample
	for i, metric := range []string{meanLatency, p95Latency, errorRate} {
		for v, values := range [][]float64{r.baseline, r.candidate} {
			s := experiment.Sample{Metric: metric, Version: []string{"current", "candidate"}[v], Missing: r.missing, Detail: r.detail}
			if values != nil {
				value := values[i]
				s.Value, s.Missing, s.Detail, s.Requests = &value, "", "", &requests
			}
			list = append(list, s)
		}
	}
	return append(list, r.more...)
}

// good is a look at a candidate within its limits, a little different for each n.
func good(n int) reading {
	d := float64(n%5) * 1.3
	return reading{baseline: []float64{31 + d, 64 + 2*d, 0.0021}, candidate: []float64{33 + d, 68 + 3*d, 0.0028 + d/3000}}
}

func noTraffic() reading {
	return reading{baseline: good(0).baseline, missing: experiment.NoRequests}
}

func bad() reading {
	return reading{baseline: good(1).baseline, candidate: []float64{71, 184, 0.0314}}
}

func down() reading {
	return reading{missing: experiment.Unreachable, detail: "dial tcp 127.0.0.1:9090: connection refused"}
}

// plan is the tutorial's promotion.
func plan() experiment.Plan {
	return experiment.Plan{Version: "candidate", Upgrades: []experiment.Upgrade{{
		Release: "sample-app", Namespace: "iter8-system", Chart: "sample-app", ChartVersion: "0.1.0", From: 2, To: 3,
		Values:  []string{"https://raw.githubusercontent.com/iter8-tools/iter8/master/samples/knative/canaryprogressive/candidate-values.yaml"},
		Changes: []experiment.Change{{Path: "traffic[0].percent", From: "100"}, {Path: "traffic[1].percent", From: "0", To: "100"}},
	}}}
}

// running is a run in its middle, with one iteration whose candidate had no data.
func running(t *testing.T) *tape {
	t.Helper()
	tp := newTape(t)
	tp.begin()
	tp.look(noTraffic())
	tp.look(good(1))
	tp.look(good(2))
	tp.look(reading{baseline: good(3).baseline, missing: experiment.Stale, detail: "newest point is 48 s old"})
	return tp
}

// awaiting is a run whose candidate has won and waits for a person.
func awaiting(t *testing.T) *tape {
	t.Helper()
	tp := running(t)
	for i := range 6 {
		tp.look(good(i + 5))
	}
	tp.tell(time.Second, experiment.Asked{Question: experiment.ToPromote, Version: "candidate", Plan: plan(),
		For: []string{"3 of 3 objectives met at 75 % of the traffic", "mean latency 33 ms over 240 requests",
			"p95 latency 68 ms over 240 requests", "error rate 0.28 % over 240 requests"},
		Against: []string{"iteration 4: hold at 45 %: candidate has no mean latency data (stale: newest point is 48 s old) and 2 more without data"},
	})
	return tp
}

func promoting(t *testing.T) *tape {
	t.Helper()
	tp := awaiting(t)
	asked := tp.state.Seq
	tp.tell(21*time.Second, experiment.Obeyed{Command: experiment.Command{Wish: experiment.Approve, By: "alice", Answers: asked}})
	tp.tell(0, experiment.Promoting{Version: "candidate", Plan: plan()})
	return tp
}

func promoted(t *testing.T) *tape {
	t.Helper()
	tp := promoting(t)
	tp.tell(12*time.Second, experiment.Promoted{Version: "candidate", Details: "release sample-app, revision 3", Traffic: tp.served(100), TookMS: 12030})
	traffic := tp.served(100)
	tp.tell(0, experiment.Ended{Outcome: experiment.OutcomePromoted, Reason: "candidate is promoted", Version: "candidate", Traffic: &traffic})
	return tp
}

// retrying is a run whose promotion failed.
func retrying(t *testing.T) *tape {
	t.Helper()
	tp := promoting(t)
	what := "upgrade release sample-app: chart sample-app not found in https://charts.example/helm-repo"
	tp.tell(3*time.Second, experiment.Troubled{Doing: "promote", What: what, Hint: "check the repository of the chart, then press a"})
	tp.tell(0, experiment.Asked{Question: experiment.ToRetry, Version: "candidate", Plan: plan(), Against: []string{what}})
	return tp
}

// rolledBack is a run whose candidate fails and is taken back by a person.
func rolledBack(t *testing.T) *tape {
	t.Helper()
	tp := running(t)
	tp.look(bad())
	tp.tell(3*time.Second, experiment.Obeyed{Command: experiment.Command{Wish: experiment.RollBack, By: "alice"}})
	from := tp.state.Seen.Split
	tp.tell(2*time.Second, experiment.RolledBack{From: from, Reason: "asked for by alice", Traffic: tp.served(0), TookMS: 1650})
	traffic := tp.served(0)
	tp.tell(0, experiment.Ended{Outcome: experiment.OutcomeRolledBack, Reason: "asked for by alice", Version: "current", Traffic: &traffic})
	return tp
}

// troubled is a run whose metrics backend went away, held by a person, with a refused wish.
func troubled(t *testing.T) *tape {
	t.Helper()
	tp := running(t)
	tp.look(good(5))
	tp.look(down())
	tp.tell(0, experiment.Troubled{Doing: "measure", What: "no iter8-knative/mean-latency of current: unreachable: dial tcp 127.0.0.1:9090: connection refused",
		Hint: "Perch holds the weights and asks again; r rolls back"})
	tp.tell(time.Second, experiment.Refused{Command: experiment.Command{Wish: experiment.Approve, By: "stdin"}, Why: "nothing to approve yet: iteration 6 of 10"})
	return tp
}

// drifted is a run that is held, and whose traffic somebody else has moved.
func drifted(t *testing.T) *tape {
	t.Helper()
	tp := running(t)
	tp.tell(time.Second, experiment.Obeyed{Command: experiment.Command{Wish: experiment.Hold, By: "alice"}})
	tp.look(good(6))
	traffic := experiment.Traffic{Split: tp.split(50), Settled: false, ChangedBy: "kubectl-edit", ChangedAt: tp.at}
	tp.tell(time.Second, experiment.Drifted{Asked: tp.state.Wanted, Traffic: traffic})
	return tp
}
