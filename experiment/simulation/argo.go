package simulation

import (
	"math"
	"time"

	"perch/experiment/evidence"
)

// Argo is the rule of Argo Rollouts in the setting of its documentation: 20, 40, 60 and 80 %, ten
// minutes each, beside an analysis that measures every minute, of the minute past, and aborts when
// one metric has failed more often than limit.
func Argo(name string, limit int) Rule {
	return Rule{
		Name: name, Peer: true,
		begin: func(e *environment) (driver, int) {
			d := &argo{series: newSeries(e.bounds), limit: limit}
			for _, o := range e.service.Limits {
				d.metrics = append(d.metrics, argoMetric{objective: o, due: time.Minute})
			}
			return d, argoWeight
		},
		ends: func(evidence.Plan) time.Duration { return 4 * argoPause },
	}
}

const (
	argoWeight = 20 // that each step adds
	argoPause  = 10 * time.Minute
	argoErrors = 4 // consecutive ones that are tolerated
)

type argo struct {
	series  *series
	limit   int
	metrics []argoMetric
}

type argoMetric struct {
	objective      evidence.Objective
	due            time.Duration
	failed, errors int
}

func (d *argo) look(v view) move {
	if v.scraped {
		d.series.scraped(v.at, v.gained)
	}
	for i := range d.metrics {
		m := &d.metrics[i]
		if v.at >= m.due {
			m.measure(v.at, d.series.since(candidate, v.at-time.Minute))
		}
		if m.failed > d.limit || m.errors > argoErrors {
			return move{outcome: RolledBack}
		}
	}
	if v.at >= 4*argoPause {
		return move{outcome: Promoted}
	}
	return move{weight: argoWeight * (1 + int(v.at/argoPause))}
}

// measure asks once. An answer without a series is an error, and asked again after ten seconds;
// NaN is an answer, and no comparison with it succeeds.
func (m *argoMetric) measure(at time.Duration, s span) {
	if !s.known {
		m.errors++
		m.due = at + 10*time.Second
		return
	}
	m.errors = 0
	m.due = at + time.Minute
	if math.IsNaN(s.value(m.objective)) || !s.meets(m.objective) {
		m.failed++
	}
}
