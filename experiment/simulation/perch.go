package simulation

import (
	"time"

	"perch/experiment/evidence"
)

// Perch judges with evidence, as settings say.
func Perch(name string, s evidence.Settings) Rule {
	return Rule{
		Name:  name,
		begin: func(e *environment) (driver, int) { return beginPerch(e, s) },
		ends:  func(p evidence.Plan) time.Duration { return p.Budget },
	}
}

// perch shows the judge every scrape.
type perch struct {
	env   *environment
	state evidence.State
	used  time.Duration // when the last scrape was that the judge has seen
	rise  bool          // an iteration has ended since
}

func beginPerch(e *environment, s evidence.Settings) (driver, int) {
	state := evidence.New(s, e.service.Plan, e.service.Limits, e.past())
	return &perch{env: e, state: state}, state.Call().Weight
}

// past is what the baseline did before the experiment, scrape by scrape.
func (e *environment) past() []evidence.Interval {
	t := newTraffic(e)
	var list []evidence.Interval
	used := e.start(0)
	for i := range e.history {
		t.flow(i, 0)
		if gained, ok := t.scrape(i); ok {
			at := e.start(i + 1)
			list = append(list, evidence.Interval{Start: used, End: at, Bounds: e.bounds, Baseline: gained[baseline]})
			used = at
		}
	}
	return list
}

func (p *perch) look(v view) move {
	plan := p.env.service.Plan
	p.rise = p.rise || v.at%plan.Interval < p.env.service.Interval
	over := v.at >= plan.Budget
	if !v.scraped && !v.missed && !over {
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
