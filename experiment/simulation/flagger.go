package simulation

import (
	"time"

	"perch/experiment/evidence"
)

// Flagger is the rule of Flagger in the setting of its tutorials: every minute, of the minute past;
// 10 % more after each good check up to 50 %, then promotion; five failed checks roll back, however
// many were good between them. The first step is made without a check.
func Flagger(name string) Rule {
	return Rule{
		Name: name, Peer: true,
		begin: func(e *environment) (driver, int) {
			return &flagger{env: e, series: newSeries(e.bounds), due: time.Minute}, flaggerStep
		},
		// Each check fails, moves or promotes.
		ends: func(evidence.Plan) time.Duration {
			return (flaggerThreshold + flaggerMax/flaggerStep + 1) * time.Minute
		},
	}
}

const (
	flaggerStep      = 10
	flaggerMax       = 50
	flaggerThreshold = 5
)

type flagger struct {
	env    *environment
	series *series
	due    time.Duration
	failed int
}

func (d *flagger) look(v view) move {
	if v.scraped {
		d.series.scraped(v.at, v.gained)
	}
	if v.at < d.due {
		return move{weight: v.weight}
	}
	d.due += time.Minute
	// Failed checks are counted at the next interval's beginning, before its own check.
	if d.failed >= flaggerThreshold {
		return move{outcome: RolledBack}
	}
	if !d.series.since(candidate, v.at-time.Minute).meetsAll(d.env.service.Limits) {
		d.failed++
		return move{weight: v.weight}
	}
	if v.weight >= flaggerMax {
		return move{outcome: Promoted}
	}
	return move{weight: v.weight + flaggerStep}
}
