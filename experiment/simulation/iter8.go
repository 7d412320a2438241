package simulation

import (
	"time"

	"perch/experiment/evidence"
)

// Iter8 is the rule of Iter8 v2alpha2: point estimates since the start, the last iteration decides.
func Iter8(name string, interval time.Duration, iterations int) Rule {
	pause := interval + analytics
	end := pause * time.Duration(max(1, iterations-1))
	return Rule{
		Name: name, Peer: true,
		begin: func(e *environment) (driver, int) {
			d := &iter8{env: e, series: newSeries(e.bounds), pause: pause, due: pause, end: end}
			return d, iter8Weight(0, false, e.service.Plan) // the first iteration finds no data
		},
		ends: func(evidence.Plan) time.Duration { return end },
	}
}

// analytics is how long an iteration takes beside its interval: ten of them, the first of which is
// at the start, were seen to take 103 s.
const analytics = 1100 * time.Millisecond

type iter8 struct {
	env             *environment
	series          *series
	pause, due, end time.Duration
}

func (d *iter8) look(v view) move {
	if v.scraped {
		d.series.scraped(v.at, v.gained)
	}
	if v.at < d.due && v.at < d.end {
		return move{weight: v.weight}
	}
	d.due += d.pause
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
