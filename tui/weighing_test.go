package tui

import (
	"cmp"
	"testing"
	"time"

	"perch/experiment"
	"perch/experiment/evidence"
)

// weighing is a run of the judge evidence whose call is made up. The objectives are those of the
// tutorial and one that gives only values.
func weighing(tb testing.TB) *tape {
	tb.Helper()
	tp := &tape{t: tb, at: time.Date(2026, 3, 5, 14, 24, 0, 0, time.UTC), judge: experiment.ByEvidence}
	s := started()
	s.Judge = experiment.JudgeEvidence
	s.Spec.Duration.IterationsPerLoop = 60
	settings := evidence.Balanced()
	s.Evidence = &settings
	const family = "revision_app_request_latencies"
	s.Metrics[0].Kind, s.Metrics[1].Kind, s.Metrics[2].Kind = experiment.MeanLatency, experiment.TailQuantile, experiment.ErrorRate
	s.Metrics[1].Quantile = 0.95
	for i := range s.Metrics {
		s.Metrics[i].Family = family
	}
	tp.tell(0, s)
	tp.begin()
	return tp
}

// weigh makes up what the evidence of the run amounts to.
func (tp *tape) weigh(c evidence.Call, ledger ...experiment.LedgerLine) {
	tp.t.Helper()
	limits := []evidence.Objective{
		{Kind: evidence.Mean, Limit: 50}, {Kind: evidence.Quantile, Quantile: 0.95, Limit: 100}, {Kind: evidence.ErrorRate, Limit: 0.01},
	}
	for i := range c.Objectives {
		c.Objectives[i].Limit = &limits[i].Limit
		c.Objectives[i].Verdict = cmp.Or(c.Objectives[i].Verdict, evidence.Undecided)
	}
	tp.state.Weighing = &experiment.Weighing{
		State: evidence.State{Settings: *tp.state.Setup.Evidence, Objectives: limits},
		Call:  c, Of: []int{0, 1, 2}, Ledger: ledger,
	}
}

// known is what a limit's evidence is like: value, range, certified, alarm.
func known(value, low, high, certified, alarm float64) evidence.Assessment {
	a := evidence.Assessment{
		Verdict: evidence.Undecided, Baseline: &value, Candidate: &value, Range: &evidence.Range{Low: low, High: &high},
		Certified: certified, Alarm: alarm, Requests: 4120, Effective: 3980,
	}
	baseline := value * 0.9
	a.Baseline = &baseline
	switch {
	case alarm >= 1:
		a.Verdict = evidence.Violated
	case certified >= 1:
		a.Verdict = evidence.Satisfied
	}
	return a
}

// cut begins a new record where the run is, as a resumed run does, so that what was made up is in it;
// then the run goes on with a look.
func (tp *tape) cut(r reading) *tape {
	tp.t.Helper()
	before := tp.state.Snapshot()
	after := &tape{t: tp.t, at: tp.at, judge: tp.judge}
	after.tell(time.Second, experiment.Resumed{Before: &before, Policy: before.Setup.Policy})
	after.look(r)
	return after
}

// judged are intervals of a ledger, ten seconds each, the last of them at the latest look.
func (tp *tape) ledger(lines ...experiment.LedgerLine) []experiment.LedgerLine {
	for i := range lines {
		lines[i].End = tp.at.Sub(tp.state.Since) - time.Duration(len(lines)-1-i)*10*time.Second
	}
	return lines
}

func judged(n int64, satisfied, violated float64) experiment.LedgerLine {
	bet := evidence.Bet{Satisfied: satisfied, Violated: violated, Phi: 1}
	return experiment.LedgerLine{Requests: n, Line: evidence.Line{Objectives: []evidence.Bet{bet, bet, bet}}}
}

func flagged(n int64, flag evidence.Flag, missing string) experiment.LedgerLine {
	return experiment.LedgerLine{Requests: n, Line: evidence.Line{Flag: flag, Missing: missing}}
}

// climbing looks until the candidate has 45 %, and at something new each time.
func climbing(tb testing.TB) *tape {
	tb.Helper()
	tp := weighing(tb)
	for i, c := range []evidence.Call{
		{Phase: evidence.Warming, Weight: 5, Reason: "waiting for the candidate's first request"},
		{Phase: evidence.Warming, Weight: 5, Reason: "warming up: not judged for another 10s"},
		{Phase: evidence.Exploring, Weight: 25, Reason: "too little is known of the error rate yet"},
		{Phase: evidence.Exploring, Weight: 45, Reason: "needs about 5,100 more requests to be sure of the error rate"},
	} {
		c.Action, c.Objectives = evidence.Continue, make([]evidence.Assessment, 3)
		if i > 1 {
			c.Objectives = []evidence.Assessment{known(34, 30, 39, 0.3, 0), known(68, 40, 150, 0.2, 0), known(0.003, 0, 0.04, 0.04, 0)}
		}
		tp.weigh(c)
		tp.look([]reading{noTraffic(), good(1), good(2), good(3)}[i])
	}
	return tp
}

func warming(tb testing.TB) *tape {
	tb.Helper()
	tp := weighing(tb)
	tp.look(noTraffic())
	tp.weigh(evidence.Call{
		Action: evidence.Continue, Phase: evidence.Warming, Weight: 5, Reason: "warming up: not judged for another 20s",
		Objectives: make([]evidence.Assessment, 3), Line: evidence.Line{Flag: evidence.WarmingUp},
	}, tp.ledger(flagged(0, evidence.NoTraffic, ""), flagged(38, evidence.WarmingUp, ""))...)
	return tp.cut(good(1))
}

// exploring: errors come in bursts, so the error rate takes longest.
func exploring(tb testing.TB) *tape {
	tb.Helper()
	tp := climbing(tb)
	errors := known(0.0031, 0.0011, 0.0162, 0.18, 0)
	errors.Requests, errors.Effective, errors.Events = 10120, 410, 31
	tail := known(68, 60, 100, 0.81, 0)
	tail.Requests, tail.Effective = 10120, 9800
	mean := known(34, 32.9, 35.1, 1.4, 0)
	mean.Requests, mean.Effective = 10120, 9900
	tp.weigh(evidence.Call{
		Action: evidence.Continue, Phase: evidence.Exploring, Weight: 45,
		Reason:     "needs about 2,400 more requests to be sure of the error rate",
		Objectives: []evidence.Assessment{mean, tail, errors}, Certified: 0.18, Slowest: 2,
		Forecast: evidence.Forecast{Known: true, Soonest: 130 * time.Second, Latest: 290 * time.Second, Requests: 1600, MaxRequests: 3200, Slowest: 2},
	}, tp.ledger(flagged(0, evidence.NoTraffic, ""), flagged(98, evidence.WarmingUp, ""), judged(1904, 0.12, -0.2), judged(2210, -0.08, 0.01),
		judged(2301, 0.3, -0.3))...)
	return tp.cut(good(5))
}

// accelerating: two limits are proven, and an incident of both versions was left out.
func accelerating(tb testing.TB) *tape {
	tb.Helper()
	tp := climbing(tb)
	tp.weigh(evidence.Call{
		Action: evidence.Continue, Phase: evidence.Accelerating, Weight: 65,
		Reason: "needs about 740 more requests to be sure of the error rate",
		Objectives: []evidence.Assessment{known(34, 33.2, 34.9, 1.9, 0), known(68, 60, 80, 1.1, 0),
			known(0.0028, 0.0012, 0.0091, 0.62, 0)},
		Certified: 0.62, Slowest: 2, Excluded: 70 * time.Second,
		Forecast: evidence.Forecast{Known: true, Soonest: 18 * time.Second, Latest: 62 * time.Second, Requests: 420, MaxRequests: 1060, Slowest: 2},
	}, tp.ledger(flagged(98, evidence.WarmingUp, ""), judged(804, 0.4, -0.2), flagged(790, evidence.Rewound, ""), flagged(802, evidence.Excluded, ""),
		flagged(0, evidence.NoScrape, "unreachable"), judged(1598, 0.9, -0.4), judged(810, 0.5, -0.3))...)
	return tp.cut(good(6))
}

// alarmed: the error rate is likely too high, so the weight stays.
func alarmed(tb testing.TB) *tape {
	tb.Helper()
	tp := climbing(tb)
	errors := known(0.0164, 0.0093, 0.0271, 0, 0.47)
	tp.weigh(evidence.Call{
		Action: evidence.Continue, Phase: evidence.Holding, Weight: 45,
		Reason:     "error rate 1.64 % against a limit of 1 % on 4,120 requests, not proven yet",
		Objectives: []evidence.Assessment{known(41, 40.1, 42.2, 0.9, 0), known(92, 80, 150, 0.1, 0.06), errors},
		Slowest:    2, Alarm: 0.47, Worst: 2,
		Forecast: evidence.Forecast{Known: true, Soonest: 40 * time.Second, Latest: 3 * time.Minute, Requests: 900, MaxRequests: 3800, Slowest: 2},
	}, tp.ledger(judged(804, 0.4, -0.2), judged(812, -0.4, 0.5), judged(790, -0.7, 0.8))...)
	return tp.cut(reading{baseline: good(1).baseline, candidate: []float64{41, 92, 0.0164}})
}

// silent: the latest scrape is missing.
func silent(tb testing.TB) *tape {
	tb.Helper()
	tp := climbing(tb)
	tp.weigh(evidence.Call{
		Action: evidence.Continue, Phase: evidence.Holding, Weight: 45, Reason: "no data: no newer scrape",
		Objectives: []evidence.Assessment{known(34, 33.2, 34.9, 1.9, 0), known(68, 60, 80, 1.1, 0), known(0.0028, 0.0012, 0.0091, 0.62, 0)},
		Certified:  0.62, Slowest: 2, Line: evidence.Line{Flag: evidence.NoScrape, Missing: "no newer scrape"},
	}, tp.ledger(judged(804, 0.4, -0.2), flagged(0, evidence.NoScrape, "no newer scrape"))...)
	return tp.cut(good(7))
}

// quarantined: far out of limits, and perhaps so is the baseline.
func quarantined(tb testing.TB) *tape {
	tb.Helper()
	tp := climbing(tb)
	tail := known(260, 200, 300, 0, 1.3)
	tail.Verdict = evidence.Undecided
	tp.weigh(evidence.Call{
		Action: evidence.Continue, Phase: evidence.Quarantined, Weight: 25,
		Reason:     "p95 latency 260 ms against a limit of 100 ms on 1,204 requests, but the baseline may have the same trouble",
		Objectives: []evidence.Assessment{known(62, 58, 67, 0, 0.4), tail, known(0.0028, 0.0012, 0.0091, 0.62, 0)},
		Alarm:      1.1, Worst: 1, Slowest: 1,
	}, tp.ledger(judged(804, 0.4, -0.2), judged(812, -0.4, 1.5), judged(790, -0.7, 1.5))...)
	return tp.cut(reading{baseline: []float64{48, 99, 0.002}, candidate: []float64{62, 260, 0.0028}})
}

// proven: every limit is kept, and a person is asked.
func proven(tb testing.TB) *tape {
	tb.Helper()
	tp := climbing(tb)
	tp.weigh(evidence.Call{
		Action: evidence.Promote, Phase: evidence.AllSatisfied, Weight: 75, Reason: "all 3 limits are kept, proven on 4,120 requests",
		Objectives: []evidence.Assessment{known(34, 33.4, 34.6, 2.4, 0), known(68, 60, 80, 1.6, 0), known(0.0028, 0.0014, 0.0061, 1.04, 0)},
		Certified:  1.04, Slowest: 2,
	}, tp.ledger(judged(804, 0.4, -0.2), judged(812, 0.6, -0.5), judged(790, 0.7, -0.8))...)
	after := tp.cut(good(8))
	after.tell(time.Second, experiment.Asked{Question: experiment.ToPromote, Version: "candidate", Plan: plan(),
		For: []string{"all 3 limits are kept, proven on 4,120 requests"}})
	return after
}

// condemned: a limit is violated, and the run rolls back.
func condemned(tb testing.TB) *tape {
	tb.Helper()
	tp := climbing(tb)
	errors := known(0.043, 0.031, 0.058, 0, 1.2)
	errors.Range.High = nil
	tp.weigh(evidence.Call{
		Action: evidence.RollBack, Phase: evidence.AnyViolated, Reason: "error rate 4.3 % against a limit of 1 %, proven on 1,204 requests",
		Objectives: []evidence.Assessment{known(34, 33.2, 34.9, 1.9, 0), known(68, 60, 80, 1.1, 0), errors},
		Alarm:      1.02, Worst: 2, Slowest: 2,
	}, tp.ledger(judged(804, 0.4, -0.2), judged(400, -0.4, 3), judged(402, -0.7, 3))...)
	return tp.cut(reading{baseline: good(1).baseline, candidate: []float64{34, 68, 0.043}})
}

// hopeless: nothing will be proven in time, and a person is to say.
func hopeless(tb testing.TB) *tape {
	tb.Helper()
	tp := climbing(tb)
	tp.state.Setup.Policy.OnInconclusive = experiment.AskPerson
	tp.weigh(evidence.Call{
		Action: evidence.GiveUp, Phase: evidence.Inconclusive, Reason: "the time left is too short: needs about 92,000 more requests to be sure of the error rate",
		Objectives: []evidence.Assessment{known(34, 33.2, 34.9, 1.9, 0), known(68, 60, 80, 1.1, 0), known(0.0098, 0.007, 0.0131, 0.05, 0)},
		Certified:  0.05, Slowest: 2,
	}, tp.ledger(judged(804, 0.1, -0.2), judged(812, -0.1, 0.1), judged(790, 0.1, -0.1))...)
	after := tp.cut(good(2))
	after.tell(time.Second, experiment.Asked{Question: experiment.ToDecide})
	return after
}

// late: the forecast lies behind the end of the experiment; and one objective gives only values.
func late(tb testing.TB) *tape {
	tb.Helper()
	tp := climbing(tb)
	limit := 40.0
	tp.state.Setup.Spec.Criteria.Objectives = append(tp.state.Setup.Spec.Criteria.Objectives,
		experiment.Objective{Metric: "shop/queue-length", UpperLimit: &limit})
	tp.state.Setup.Metrics = append(tp.state.Setup.Metrics, experiment.Metric{Ref: "shop/queue-length", Label: "queue length"})
	tp.weigh(evidence.Call{
		Action: evidence.Continue, Phase: evidence.Exploring, Weight: 45, Reason: "needs about 24,000 more requests to be sure of the error rate",
		Objectives: []evidence.Assessment{known(34, 33.2, 34.9, 1.9, 0), known(68, 60, 80, 1.1, 0), known(0.0071, 0.0049, 0.0102, 0.3, 0)},
		Certified:  0.3, Slowest: 2,
		Forecast: evidence.Forecast{Known: true, Soonest: 7 * time.Minute, Latest: 31 * time.Minute, Requests: 9000, MaxRequests: 39000, Slowest: 2},
	}, tp.ledger(judged(804, 0.1, -0.2), judged(812, -0.1, 0.1))...)
	r, length := good(3), 12.0
	for _, version := range []string{"current", "candidate"} {
		r.more = append(r.more, experiment.Sample{Metric: "shop/queue-length", Version: version, Value: &length})
	}
	return tp.cut(r)
}

// weighings are runs of the judge evidence in every phase.
func weighings(tb testing.TB) map[string]*tape {
	tb.Helper()
	return map[string]*tape{
		"warming": warming(tb), "exploring": exploring(tb), "accelerating": accelerating(tb), "alarmed": alarmed(tb),
		"silent": silent(tb), "quarantined": quarantined(tb), "proven": proven(tb), "condemned": condemned(tb),
		"hopeless": hopeless(tb), "late": late(tb),
	}
}
