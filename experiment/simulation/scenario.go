package simulation

import (
	"time"

	"perch/experiment/evidence"
)

// standard is a service with the tutorial's objectives whose baseline keeps them with ease, and a
// candidate that answers just as well.
func standard(name string, truth Truth, rate float64) Service {
	version := Version{Errors: 0.002, Latency: latency(0.02)}
	return Service{
		Name: name, Truth: truth, Rate: rate,
		Baseline: version, Candidate: version,
		Interval: 5 * time.Second,
		Scrapes:  Scrapes{Every: 5 * time.Second},
		Plan: evidence.Plan{
			Interval: 10 * time.Second, Look: 5 * time.Second, Budget: 40 * time.Minute,
			MaxWeight: 75, MaxIncrement: 20,
		},
		Limits: limits(100),
	}
}

// limits are the tutorial's objectives, with a limit of the tail latency.
func limits(tail float64) []evidence.Objective {
	return []evidence.Objective{
		{Kind: evidence.Mean, Limit: 50},
		{Kind: evidence.Quantile, Quantile: 0.95, Limit: tail},
		{Kind: evidence.ErrorRate, Limit: 0.01},
	}
}

// latency is 30 ms for most requests and 180 ms, beyond the limit of the tail, for a share.
func latency(slow float64) Latency {
	return Latency{{1 - slow, 30, 0.35}, {slow, 180, 0.15}}
}

// stalling is a latency whose mean is reached by a few requests that take very long, while the tail
// keeps its limit.
func stalling(mean float64) Latency {
	const share = 0.03
	rest := latency(0.005)
	stalled := rest[0].Mean + (mean-rest.Mean())/share
	return Latency{{rest[0].Share - share, rest[0].Mean, rest[0].Sigma}, rest[1], {share, stalled, 0.25}}
}

// bursting is a version whose errors come in bursts, with that error rate in the mean.
func bursting(v Version, mean, within float64, length, gap time.Duration) Version {
	share := length.Seconds() / (length + gap).Seconds()
	v.Bursts = Bursts{Errors: within, Length: length, Gap: gap}
	v.Errors = max(0, (mean-share*within)/(1-share))
	return v
}

// A change makes a scenario of the standard service.
type change func(*Service)

func failing(rate float64) change {
	return func(s *Service) { s.Candidate.Errors = rate }
}

func slow(share float64) change {
	return func(s *Service) { s.Candidate.Latency = latency(share) }
}

func mean(ms float64) change {
	return func(s *Service) { s.Candidate.Latency = stalling(ms) }
}

func both(errors float64) change {
	return func(s *Service) { s.Baseline.Errors, s.Candidate.Errors = errors, errors }
}

// tutorial is the sample application: it never fails.
func tutorial(s *Service) {
	v := Version{Latency: latency(0.013)}
	s.Baseline, s.Candidate = v, v
}

// clusters: errors of one tick go together; the baseline has 0.6 % of them.
func clusters(rate float64) change {
	return func(s *Service) {
		s.Baseline.Cluster, s.Candidate.Cluster = 0.004, 0.004
		s.Baseline.Errors, s.Candidate.Errors = 0.006, rate
	}
}

func incident(i Incident) change {
	return func(s *Service) { s.Incidents = append(s.Incidents, i) }
}

// outage of a dependency that both versions need.
func outage(from, to time.Duration, errors float64) change {
	return incident(Incident{From: from, To: to, Errors: errors, Baseline: true, Candidate: true})
}

func warmUp(length time.Duration) change {
	return func(s *Service) { s.Candidate.WarmUp = WarmUp{For: length, Errors: 0.04, Slowdown: 5} }
}

func tail(limit float64) change {
	return func(s *Service) { s.Limits = limits(limit) }
}

func candidateBursts(mean, within float64, length, gap time.Duration) change {
	return func(s *Service) { s.Candidate = bursting(s.Candidate, mean, within, length, gap) }
}

func bothBurst(mean float64) change {
	return func(s *Service) {
		s.Baseline = bursting(s.Baseline, min(mean, 0.0043), 0.06, 15*time.Second, 4*time.Minute)
		s.Candidate = bursting(s.Candidate, mean, 0.06, 15*time.Second, 4*time.Minute)
	}
}

// Scenarios are the named ones, in order: good ones, bad ones, boundary ones.
func Scenarios() []Service {
	list := goodOnes()
	list = append(list, badOnes()...)
	return append(list, boundaryOnes()...)
}

// scenario applies changes to the standard service.
func scenario(truth Truth, name string, rate float64, changes ...change) Service {
	s := standard(name, truth, rate)
	for _, c := range changes {
		c(&s)
	}
	return s
}

func goodOnes() []Service {
	good := func(name string, rate float64, changes ...change) Service {
		return scenario(Good, name, rate, changes...)
	}
	nearLimit := func(s *Service) { s.Candidate.Errors, s.Candidate.Latency = 0.007, latency(0.034) }
	nearer := func(s *Service) { s.Candidate.Errors, s.Candidate.Latency = 0.009, latency(0.045) }
	return []Service{
		good("G1-good-100rps", 100),
		good("G2-good-1rps", 1),
		good("G3-good-5rps", 5),
		good("G4-near-limit-50rps", 50, nearLimit),
		good("G5-good-2000rps", 2000),
		good("G6-bursts-50rps", 50, bothBurst(0.0043)),
		good("G6c-candidate-bursts-50rps", 50, candidateBursts(0.0043, 0.06, 15*time.Second, 4*time.Minute)),
		good("G6d-clusters-500rps", 500, clusters(0.006)),
		good("G7-warm-up-30s-50rps", 50, warmUp(30*time.Second)),
		good("G7b-warm-up-60s-50rps", 50, warmUp(time.Minute)),
		good("G8-diurnal-50rps", 50, func(s *Service) { s.Swing = 0.6 }),
		good("G9-shared-incident-50rps", 50, outage(200*time.Second, 320*time.Second, 0.05)),
		good("G9b-shared-incident-5rps", 5, outage(200*time.Second, 320*time.Second, 0.05)),
		good("G10-missed-scrapes-20rps", 20, func(s *Service) {
			s.Scrapes = Scrapes{Every: 15 * time.Second, Miss: 0.3, Resets: 12}
			s.Plan.Look = 15 * time.Second
		}),
		good("G11-drifting-latency-100rps", 100, func(s *Service) {
			d := Drift{Deviation: 0.24, Memory: 2 * time.Minute}
			s.Baseline.Drift, s.Candidate.Drift = d, d
		}),
		good("G12-outage-of-both-50rps", 50, outage(100*time.Second, 160*time.Second, 0.6)),
		good("G13-candidate-is-the-fix-50rps", 50, func(s *Service) { s.Baseline.Errors = 0.03 }),
		good("G14-0.9x-limit-50rps", 50, nearer),
		good("G15-limit-in-bucket-50rps", 50, tail(120)),
		good("S1-tutorial-8rps-good", 8, tutorial),
	}
}

func badOnes() []Service {
	bad := func(name string, rate float64, changes ...change) Service {
		return scenario(Bad, name, rate, changes...)
	}
	return []Service{
		bad("B0-errors-1.1x-50rps", 50, failing(0.011)),
		bad("B1-errors-1.2x-50rps", 50, failing(0.012)),
		bad("B1b-errors-1.5x-50rps", 50, failing(0.015)),
		bad("B2-errors-2x-50rps", 50, failing(0.02)),
		bad("B3-errors-10x-50rps", 50, failing(0.1)),
		bad("B4-errors-2x-1rps", 1, failing(0.02)),
		bad("B5-errors-10x-1rps", 1, failing(0.1)),
		bad("B6-errors-2x-2000rps", 2000, failing(0.02)),
		bad("B6b-errors-1.2x-2000rps", 2000, failing(0.012)),
		bad("B7-slow-6%-50rps", 50, slow(0.06)),
		bad("B8-slow-10%-50rps", 50, slow(0.1)),
		bad("B9-slow-50%-50rps", 50, slow(0.5)),
		bad("B10-mean-60ms-50rps", 50, mean(60)),
		bad("B11-ramp-50rps", 50, func(s *Service) { s.Candidate.Ramp = Ramp{To: 0.04, From: time.Minute, Over: 10 * time.Minute} }),
		bad("B12-rare-bursts-50rps", 50, candidateBursts(0.023, 0.3, 15*time.Second, 210*time.Second)),
		bad("B13-under-load-50rps", 50, func(s *Service) { s.Candidate.Load = Load{Weight: 35, Errors: 0.03, Slowdown: 1.7} }),
		bad("B14-errors-10x-2000rps", 2000, failing(0.1)),
		bad("B15-limit-in-bucket-slow-10%-50rps", 50, tail(120), slow(0.1)),
		bad("B16-crash-60%-20rps", 20, failing(0.6)),
		bad("B17-bad-beside-incident-50rps", 50, failing(0.03),
			incident(Incident{From: 100 * time.Second, To: 400 * time.Second, Errors: 0.04, Baseline: true})),
		bad("B18-both-bad-50rps", 50, both(0.03)),
		bad("B19-clusters-2x-500rps", 500, clusters(0.02)),
		bad("S2-tutorial-8rps-errors-2x", 8, tutorial, failing(0.02)),
		bad("S3-tutorial-8rps-errors-5x", 8, tutorial, failing(0.05)),
		bad("S4-tutorial-8rps-slow-12%", 8, tutorial, slow(0.12)),
	}
}

func boundaryOnes() []Service {
	boundary := func(name string, changes ...change) Service {
		return scenario(Boundary, name, 50, changes...)
	}
	return []Service{
		boundary("N1-errors-at-limit-50rps", failing(0.01)),
		boundary("N2-slow-at-limit-50rps", slow(0.0498)),
		boundary("N3-mean-at-limit-50rps", mean(51.2)),
		boundary("N4-bursts-at-limit-50rps", bothBurst(0.01)),
	}
}
