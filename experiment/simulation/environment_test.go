package simulation

import (
	"math"
	"testing"
	"time"
)

// days of a service: long enough for the law of large numbers.
func days(change ...func(*Service)) *environment {
	s := standard("days", Good, 20)
	for _, c := range change {
		c(&s)
	}
	return newEnvironment(&s, 20*24*time.Hour, 1)
}

// share of the ticks for which something holds.
func (e *environment) share(holds func(tick) bool) float64 {
	n := 0
	for _, t := range e.ticks {
		if holds(t) {
			n++
		}
	}
	return float64(n) / float64(len(e.ticks))
}

func TestArrivals(t *testing.T) {
	t.Parallel()
	e := days(func(s *Service) { s.Swing = 0.5 })
	var sum, square float64
	for _, tick := range e.ticks {
		n := float64(tick.requests)
		sum += n / float64(len(e.ticks))
		square += n * n / float64(len(e.ticks))
	}
	near(t, "requests a tick", sum, 100, 0.5)
	near(t, "their variance: Poisson and the swing", square-sum*sum, 100+100*100*0.5*0.5/2, 25)
}

func TestBurstsComeAndStay(t *testing.T) {
	t.Parallel()
	e := days(func(s *Service) { s.Candidate = bursting(s.Candidate, 0.0043, 0.06, 15*time.Second, 4*time.Minute) })
	near(t, "share of time in bursts", e.share(func(t tick) bool { return t.versions[candidate].bursting }), 15.0/255, 0.003)
	starts, before, errors := 0, false, 0.0
	for i, tick := range e.ticks {
		now := tick.versions[candidate].bursting
		if now && !before {
			starts++
		}
		before = now
		errors += e.mood(candidate, i, 10, time.Hour).errors / float64(len(e.ticks))
	}
	near(t, "seconds from burst to burst", float64(len(e.ticks))*5/float64(starts), 255, 8)
	near(t, "mean error rate", errors, 0.0043, 1e-4)
	near(t, "share of time the baseline bursts", e.share(func(t tick) bool { return t.versions[baseline].bursting }), 0, 0)
}

// TestDriftIsAutoregressive: the logarithm of the factor has the deviation, and forgets as asked.
func TestDriftIsAutoregressive(t *testing.T) {
	t.Parallel()
	e := days(func(s *Service) { s.Candidate.Drift = Drift{Deviation: 0.2, Memory: time.Minute} })
	var square, lagged float64
	logs := make([]float64, len(e.ticks))
	for i, tick := range e.ticks {
		logs[i] = math.Log(tick.versions[candidate].factor)
		square += logs[i] * logs[i] / float64(len(e.ticks))
		if i >= 12 { // a minute
			lagged += logs[i] * logs[i-12] / float64(len(e.ticks))
		}
	}
	near(t, "deviation", math.Sqrt(square), 0.2, 0.003)
	near(t, "correlation after the memory", lagged/square, math.Exp(-1), 0.02)
	near(t, "factor of the baseline", e.ticks[9].versions[baseline].factor, 1, 0)
}

func TestScrapes(t *testing.T) {
	t.Parallel()
	e := days(func(s *Service) { s.Scrapes = Scrapes{Every: 15 * time.Second, Miss: 0.3, Resets: 12} })
	near(t, "scraped", e.share(func(t tick) bool { return t.scraped }), 0.7/3, 0.003)
	near(t, "missed", e.share(func(t tick) bool { return t.missed }), 0.3/3, 0.003)
	near(t, "restarts an hour", 720*e.share(func(t tick) bool { return t.versions[candidate].restarts }), 12, 0.6)
	for i, tick := range e.ticks {
		if at := e.start(i + 1); tick.scraped && at%(15*time.Second) != 0 {
			t.Fatalf("scraped at %s", at)
		}
	}
}

func TestMoods(t *testing.T) {
	t.Parallel()
	s := standard("moods", Good, 1)
	s.Candidate.WarmUp = WarmUp{For: 30 * time.Second, Errors: 0.04, Slowdown: 5}
	s.Candidate.Ramp = Ramp{To: 0.042, From: time.Minute, Over: 10 * time.Minute}
	s.Candidate.Load = Load{Weight: 35, Errors: 0.3, Slowdown: 2}
	s.Incidents = []Incident{
		{From: 20 * time.Minute, To: 21 * time.Minute, Errors: 0.5, Slowdown: 3, Baseline: true, Candidate: true},
		{From: 30 * time.Minute, To: 31 * time.Minute, Errors: 0.5, Baseline: true},
	}
	e := newEnvironment(&s, time.Hour, 1)
	for _, row := range []struct {
		name    string
		version int
		at      time.Duration
		weight  int
		warm    time.Duration
		want    mood
	}{
		{"young", candidate, 0, 10, 0, mood{0.04, 5}},
		{"warm, before the ramp", candidate, time.Minute, 10, 30 * time.Second, mood{0.002, 1}},
		{"half up the ramp", candidate, 6 * time.Minute, 10, time.Hour, mood{0.022, 1}},
		{"up", candidate, 15 * time.Minute, 10, time.Hour, mood{0.042, 1}},
		{"just bearable", candidate, 15 * time.Minute, 34, time.Hour, mood{0.042, 1}},
		{"too much", candidate, 15 * time.Minute, 35, time.Hour, mood{0.3, 2}},
		{"incident of both", candidate, 20 * time.Minute, 10, time.Hour, mood{0.521, 3}},
		{"the baseline in it", baseline, 20 * time.Minute, 10, time.Hour, mood{0.501, 3}},
		{"incident over", baseline, 21 * time.Minute, 10, time.Hour, mood{0.002, 1}},
		{"incident of the baseline", candidate, 30 * time.Minute, 10, time.Hour, mood{0.042, 1}},
		{"history", baseline, -time.Minute, 0, time.Hour, mood{0.002, 1}},
	} {
		got := e.mood(row.version, e.history+int(row.at/s.Interval), row.weight, row.warm)
		near(t, row.name+": errors", got.errors, row.want.errors, 1e-12)
		near(t, row.name+": factor", got.factor, row.want.factor, 1e-12)
	}
}
