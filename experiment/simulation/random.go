package simulation

import (
	"math"
	"math/rand/v2"
	"time"
)

// Random draws the n-th service of a seed: even ones have a good candidate, odd ones one that misses
// one objective by a quarter to ten times its limit. Many have a warm-up, bursts of errors, an
// incident of both versions, poor scrapes or a drifting latency.
func Random(seed, n uint64) Service {
	r := rand.New(rand.NewPCG(scramble(seed), scramble(n)))
	s := standard("random-good", Good, math.Exp(r.Float64()*math.Log(2000)))
	s.Candidate.Errors = 0.0085 * r.Float64()
	s.Candidate.Latency = latency(0.005 + 0.037*r.Float64())
	if n%2 == 1 {
		s.Name, s.Truth = "random-bad", Bad
		spoil(&s, r)
	}
	if r.Float64() < 0.25 {
		s.Baseline, s.Candidate = inBursts(s.Baseline), inBursts(s.Candidate)
	}
	if r.Float64() < 0.3 {
		s.Candidate.WarmUp = WarmUp{For: 25 * time.Second, Errors: 0.04, Slowdown: 5}
	}
	if r.Float64() < 0.2 {
		from := time.Duration(60+r.IntN(300)) * time.Second
		outage(from, from+time.Duration(30+r.IntN(90))*time.Second, 0.03+0.17*r.Float64())(&s)
	}
	if r.Float64() < 0.25 {
		s.Scrapes = Scrapes{Every: 15 * time.Second, Miss: 0.2, Resets: 6}
		s.Plan.Look = 15 * time.Second
	}
	if r.Float64() < 0.25 {
		d := Drift{Deviation: 0.1, Memory: time.Minute}
		s.Baseline.Drift, s.Candidate.Drift = d, d
	}
	return s
}

// spoil makes the candidate miss one objective.
func spoil(s *Service, r *rand.Rand) {
	by := math.Exp(math.Log(1.25) + r.Float64()*math.Log(10/1.25))
	switch r.IntN(3) {
	case 0:
		s.Candidate.Errors = 0.01 * by
	case 1:
		s.Candidate.Latency = latency(0.05 * by)
	default:
		s.Candidate.Latency = stalling(50 * by)
	}
}

// inBursts gathers a version's errors in bursts of six times their mean rate, which stays.
func inBursts(v Version) Version {
	return bursting(v, v.Errors, min(0.9, 6*v.Errors), 15*time.Second, 4*time.Minute)
}
