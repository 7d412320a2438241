package simulation

import (
	"context"
	"slices"
	"time"

	"perch/experiment"
	"perch/experiment/evidence"
)

// A Trial asks how one experiment would end, again and again, at a given traffic.
type Trial struct {
	Plan       evidence.Plan        `json:"plan"`
	Objectives []evidence.Objective `json:"objectives"`
	Settings   evidence.Settings    `json:"settings"`
	Rate       float64              `json:"rps"` // requests a second, over both versions
	Baseline   Profile              `json:"baseline"`
	Candidates []Candidate          `json:"candidates"`
	Runs       int                  `json:"runs"`
	Seed       uint64               `json:"seed"`
}

// A Candidate is like the baseline but in one objective, where it has Times its limit: the error
// rate, or the first if that is not limited. Times 0 is a candidate like the baseline.
type Candidate struct {
	Name  string  `json:"name"`
	Times float64 `json:"times,omitempty"`
}

// truth of a candidate.
func (c Candidate) truth() Truth {
	switch {
	case c.Times > 1:
		return Bad
	case c.Times == 1:
		return Boundary
	}
	return Good
}

// Odds are how the experiment ends for one candidate under one rule.
type Odds struct {
	Candidate  string  `json:"candidate"`
	Value      float64 `json:"value"` // what it has, in the objective that Trial.Aim names
	Rule       string  `json:"rule"`
	Truth      Truth   `json:"truth"`
	Promoted   Share   `json:"promoted"`
	RolledBack Share   `json:"rolledBack"`
	Undecided  Share   `json:"undecided"`
	Told       Share   `json:"told"`    // a good one promoted on proof, a bad one not promoted
	Seconds    float64 `json:"seconds"` // median
	P90        float64 `json:"secondsP90"`
	Harm       float64 `json:"harm"`     // mean number of requests answered worse than by the baseline
	Requests   float64 `json:"requests"` // of the candidate, median
}

// mostTicks is how many ticks a run may have: a day is looked at less closely than a minute.
const mostTicks = 2000

// PlanOf is what a spec allows, looked at every five seconds, or less often if it takes very long.
func PlanOf(spec experiment.Spec) evidence.Plan {
	interval := spec.Duration.Interval()
	budget := interval * time.Duration(spec.Duration.Iterations())
	look := max(5*time.Second, budget/mostTicks)
	look = interval / max(1, (interval+look-1)/look)
	return evidence.Plan{
		Interval: interval, Look: look, Budget: budget,
		MaxWeight: spec.Strategy.MaxCandidateWeight, MaxIncrement: spec.Strategy.MaxCandidateWeightIncrement,
	}
}

// Aim is the objective by which candidates differ.
func (t Trial) Aim() (evidence.Objective, error) { return aim(t.Objectives) }

// Play plays all candidates, with Perch's judge and with Iter8's.
func (t Trial) Play(ctx context.Context, tell Progress) ([]Odds, error) {
	iterations := int(t.Plan.Budget / t.Plan.Interval)
	return t.play(ctx, []Rule{Perch("evidence", t.Settings), Iter8("iter8", t.Plan.Interval, iterations)}, tell)
}

func (t Trial) play(ctx context.Context, rules []Rule, tell Progress) ([]Odds, error) {
	var games []game
	var services []Service
	for i, c := range t.Candidates {
		s, err := t.service(c)
		if err != nil {
			return nil, err
		}
		services = append(services, s)
		for n := range t.Runs {
			games = append(games, game{func() Service { return s }, seedOf(t.Seed, i, n)})
		}
	}
	results, err := play(ctx, games, rules, tell)
	if err != nil {
		return nil, err
	}
	var list []Odds
	for i, c := range t.Candidates {
		for k, rule := range rules {
			odds := oddsOf(c.truth(), column(results[i*t.Runs:(i+1)*t.Runs], k))
			odds.Candidate, odds.Rule, odds.Value = c.Name, rule.Name, t.value(services[i])
			list = append(list, odds)
		}
	}
	return list, nil
}

// service is the release that a candidate makes of the trial.
func (t Trial) service(c Candidate) (Service, error) {
	o, err := t.Aim()
	if err != nil {
		return Service{}, err
	}
	version, err := t.Baseline.version(t.Objectives)
	if err != nil {
		return Service{}, err
	}
	s := Service{
		Name: c.Name, Truth: c.truth(), Rate: t.Rate, Interval: t.Plan.Look, Scrapes: Scrapes{Every: t.Plan.Look},
		Baseline: version, Candidate: version, Plan: t.Plan, Limits: t.Objectives,
	}
	if c.Times > 0 {
		s.Candidate = version.at(c.Times, o)
	}
	return s, nil
}

// value is what the candidate has in the objective that Aim names; of a tail latency it is the share
// beyond the limit.
func (t Trial) value(s Service) float64 {
	o, err := t.Aim()
	switch {
	case err != nil:
		return 0
	case o.Kind == evidence.ErrorRate:
		return s.Candidate.Errors
	case o.Kind == evidence.Quantile:
		return s.Candidate.Latency.Above(o.Limit)
	}
	return s.Candidate.Latency.Mean()
}

// column is what one rule made of each game.
func column(games [][]Run, rule int) []Run {
	list := make([]Run, len(games))
	for i, g := range games {
		list[i] = g[rule]
	}
	return list
}

func oddsOf(truth Truth, runs []Run) Odds {
	c := cellOf("", truth, "", runs)
	var back, told int
	var requests, seconds []float64
	for _, r := range runs {
		back += one(r.Outcome == RolledBack)
		told += one(r.Outcome == Promoted && r.Proven && truth != Bad || r.Outcome != Promoted && truth == Bad)
		requests = append(requests, float64(r.Requests))
		seconds = append(seconds, r.Took.Seconds())
	}
	slices.Sort(requests)
	slices.Sort(seconds)
	return Odds{
		Truth: truth, Promoted: c.Promoted, RolledBack: ShareOf(back, len(runs)), Undecided: c.Undecided,
		Told: ShareOf(told, len(runs)), Seconds: quantile(seconds, 0.5), P90: quantile(seconds, 0.9),
		Harm: c.Harm, Requests: quantile(requests, 0.5),
	}
}
