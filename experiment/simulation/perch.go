package simulation

import (
	"time"

	"perch/experiment/evidence"
)

// Perch judges with evidence, as settings say, within the budget of the service's plan.
func Perch(name string, s evidence.Settings) Rule {
	return Rule{
		Name:  name,
		begin: func(e *environment) (driver, int) { return beginPerch(e, s, e.service.Plan) },
		ends:  func(p evidence.Plan) time.Duration { return p.Budget + grace*p.Look },
	}
}

// grace is how many scrapes after its budget the judge may still wait for: the last ones within it
// may have failed, or it may end between two.
const grace = 3

// compatible judges with evidence in the tutorial's hundred seconds. Where nothing is proven by then
// the point estimate decides, as it does for an experiment file that was written for Iter8.
func compatible(name string) Rule {
	const budget = 100 * time.Second
	s := evidence.Balanced()
	s.WhenUndecided = evidence.PointEstimate
	return Rule{
		Name: name,
		begin: func(e *environment) (driver, int) {
			plan := e.service.Plan
			plan.Budget = budget
			return beginPerch(e, s, plan)
		},
		ends: func(p evidence.Plan) time.Duration { return budget + grace*p.Look },
	}
}

// perch shows the judge every scrape.
type perch struct {
	env   *environment
	plan  evidence.Plan
	state evidence.State
	used  time.Duration // when the last scrape was that the judge has seen
	rise  bool          // an iteration has ended since
}

func beginPerch(e *environment, s evidence.Settings, plan evidence.Plan) (driver, int) {
	state := evidence.New(s, plan, e.service.Limits, e.past())
	return &perch{env: e, plan: plan, state: state}, state.Call().Weight
}

// past is what the baseline did before the experiment, scrape by scrape. It is drawn once.
func (e *environment) past() []evidence.Interval {
	if e.remembered != nil {
		return e.remembered
	}
	t := newTraffic(e)
	used := e.start(0)
	for i := range e.history {
		t.flow(i, 0)
		if gained, ok := t.scrape(i); ok {
			at := e.start(i + 1)
			e.remembered = append(e.remembered, evidence.Interval{Start: used, End: at, Bounds: e.bounds, Baseline: gained[baseline]})
			used = at
		}
	}
	return e.remembered
}

func (p *perch) look(v view) move {
	p.rise = p.rise || v.at%p.plan.Interval < p.env.service.Interval
	if !v.scraped && !v.missed {
		return move{weight: v.weight}
	}
	i := evidence.Interval{Start: p.used, End: v.at, Weight: v.weight, Rise: p.rise}
	if v.scraped {
		i.Bounds, i.Baseline, i.Candidate = p.env.bounds, v.gained[baseline], v.gained[candidate]
		p.used, p.rise = v.at, false
	} else {
		i.Missing = "no scrape"
	}
	p.state = p.state.Step(i)
	return p.follow(p.state.Call())
}

func (p *perch) follow(c evidence.Call) move {
	m := move{weight: c.Weight, reason: c.Reason}
	switch c.Action {
	case evidence.Continue:
	case evidence.Promote:
		m.outcome, m.proven = Promoted, c.Certified >= 1
	case evidence.RollBack:
		m.outcome, m.proven = RolledBack, true
	case evidence.GiveUp:
		m.outcome = Undecided
	}
	return m
}
