package simulation

import (
	"math"
	"time"

	"perch/experiment/evidence"
)

// The two versions, as positions.
const (
	baseline = iota
	candidate
	versions
)

// An environment is what happens to a service whatever the rule does, drawn tick by tick. Its
// first ticks are the history before the experiment, in which the baseline has all the traffic.
type environment struct {
	service    *Service
	bounds     []float64
	draws      draws
	history    int // number of ticks before the experiment
	ticks      []tick
	remembered []evidence.Interval // of the history, once it was asked for
}

// A tick is the environment of Service.Interval.
type tick struct {
	requests int64
	scraped  bool
	missed   bool // a scrape was due and failed
	versions [versions]weather
}

// weather is what a version is exposed to in one tick.
type weather struct {
	bursting bool
	factor   float64 // of latencies, by drift
	restarts bool
}

// newEnvironment draws history and experiment. The history is as long as Perch asks Prometheus for.
func newEnvironment(s *Service, length time.Duration, seed uint64) *environment {
	e := &environment{service: s, bounds: Bounds(), draws: newDraws(seed), history: int(historyLength / s.Interval)}
	e.ticks = make([]tick, e.history+s.ticks(length))
	e.drawArrivals()
	e.drawScrapes()
	e.drawWeather(baseline, s.Baseline)
	e.drawWeather(candidate, s.Candidate)
	return e
}

// ticks are how many it takes for a time to pass.
func (s *Service) ticks(length time.Duration) int {
	return int((length + s.Interval - 1) / s.Interval)
}

// historyLength is how much of the baseline's past there is.
const historyLength = 30 * time.Minute

// swingPeriod is the period of Service.Swing.
const swingPeriod = 20 * time.Minute

// start is when the i-th tick starts, since the experiment began.
func (e *environment) start(i int) time.Duration {
	return time.Duration(i-e.history) * e.service.Interval
}

func (e *environment) drawArrivals() {
	e.draws.start(arrivals, 0)
	for i := range e.ticks {
		phase := 2 * math.Pi * e.start(i).Seconds() / swingPeriod.Seconds()
		rate := e.service.Rate * (1 + e.service.Swing*math.Sin(phase))
		e.ticks[i].requests = e.draws.poisson(rate * e.service.Interval.Seconds())
	}
}

func (e *environment) drawScrapes() {
	s := e.service.Scrapes
	e.draws.start(scraping, 0)
	restart := s.Resets * e.service.Interval.Hours()
	every := max(1, int(s.Every/e.service.Interval))
	for i := range e.ticks {
		t := &e.ticks[i]
		due := (i+1-e.history)%every == 0
		t.missed = e.draws.rand.Float64() < s.Miss && due
		for v := range t.versions {
			t.versions[v].restarts = e.draws.rand.Float64() < restart
		}
		t.scraped = due && !t.missed
	}
}

// drawWeather walks the chains of one version's bursts and drift, each from its long-run state.
func (e *environment) drawWeather(v int, version Version) {
	e.draws.start(history, v)
	r := e.draws.rand
	step := e.service.Interval.Seconds()
	enter, leave := chance(step, version.Bursts.Gap), chance(step, version.Bursts.Length)
	bursting := enter > 0 && r.Float64() < enter/(enter+leave)
	keep := 0.0
	if version.Drift.Deviation > 0 {
		keep = math.Exp(-step / version.Drift.Memory.Seconds())
	}
	noise := math.Sqrt(1 - keep*keep)
	level := r.NormFloat64()
	for i := range e.ticks {
		e.ticks[i].versions[v].bursting = bursting
		e.ticks[i].versions[v].factor = math.Exp(version.Drift.Deviation * level)
		if bursting {
			bursting = r.Float64() >= leave
		} else {
			bursting = r.Float64() < enter
		}
		level = keep*level + noise*r.NormFloat64()
	}
}

// chance of something that happens once in a mean time to happen in one step; 0 for never.
func chance(step float64, mean time.Duration) float64 {
	if mean <= 0 {
		return 0
	}
	return min(1, step/mean.Seconds())
}

// A mood is how a version answers in one tick.
type mood struct {
	errors, factor float64
}

// mood of a version at a tick, given the candidate's weight and how long it has had traffic.
func (e *environment) mood(v, i, weight int, warm time.Duration) mood {
	version := e.service.version(v)
	at := e.start(i)
	w := e.ticks[i].versions[v]
	m := mood{version.Errors, w.factor}
	if r := version.Ramp; r.Over > 0 {
		done := min(1, max(0, (at-r.From).Seconds()/r.Over.Seconds()))
		m.errors += (r.To - m.errors) * done
	}
	if w.bursting {
		m.errors = version.Bursts.Errors
	}
	if l := version.Load; v == candidate && l.Weight > 0 && weight >= l.Weight {
		m.errors = max(m.errors, l.Errors)
		m.factor *= max(1, l.Slowdown)
	}
	if u := version.WarmUp; warm < u.For {
		m.errors = max(m.errors, u.Errors)
		m.factor *= max(1, u.Slowdown)
	}
	for _, in := range e.service.Incidents {
		m = in.strike(m, v, at)
	}
	return m
}

// strike adds an incident to a mood.
func (in Incident) strike(m mood, v int, at time.Duration) mood {
	struck := v == baseline && in.Baseline || v == candidate && in.Candidate
	if !struck || at < in.From || at >= in.To {
		return m
	}
	m.errors += in.Errors * (1 - m.errors)
	if in.Slowdown > 0 {
		m.factor *= in.Slowdown
	}
	return m
}

// version is the one at a position.
func (s *Service) version(v int) *Version {
	if v == baseline {
		return &s.Baseline
	}
	return &s.Candidate
}
