package simulation

import (
	"time"

	"perch/experiment/evidence"
)

// Iter8 is the rule of Iter8 v2alpha2: point estimates since the start, the last iteration decides.
// With a budget it iterates as long as that lasts, else ten times in a hundred seconds, as the
// tutorial does.
func Iter8(name string, budget time.Duration) Rule {
	return Rule{
		Name: name, Peer: true,
		begin: func(e *environment) (driver, int) {
			d := &iter8{env: e, series: newSeries(e.bounds), end: budget}
			d.due = iter8Interval
			return d, iter8Weight(0, false, e.service.Plan)
		},
		ends: func(evidence.Plan) time.Duration { return budget },
	}
}

// iter8Interval is the tutorial's interval of ten seconds with the time that the analytics takes:
// ten iterations, of which the first is at the start and finds no data, were seen to take 103 s.
const iter8Interval = 11 * time.Second

type iter8 struct {
	env      *environment
	series   *series
	due, end time.Duration
}

func (d *iter8) look(v view) move {
	if v.scraped {
		d.series.scraped(v.at, v.gained)
	}
	if v.at < d.due && v.at < d.end {
		return move{weight: v.weight}
	}
	d.due += iter8Interval
	feasible := d.series.since(candidate, 0).meetsAll(d.env.service.Limits)
	switch {
	case v.at < d.end:
		return move{weight: iter8Weight(v.weight, feasible, d.env.service.Plan)}
	case feasible:
		return move{outcome: Promoted}
	}
	return move{outcome: RolledBack}
}

// iter8Weight sends the winner of two versions towards 95 %, within the limits of the candidate.
func iter8Weight(old int, feasible bool, p evidence.Plan) int {
	target := 5
	if feasible {
		target = 95
	}
	return min(target, old+p.MaxIncrement, p.MaxWeight)
}
