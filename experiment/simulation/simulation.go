// Package simulation plays canary releases against made-up traffic, to tell how often a rule of
// decision errs and how long it takes.
//
// Everything is drawn from one seed: the requests that arrive, who fails and how slowly, which
// scrapes are missed. Two rules that are played with the same seed meet the same environment, and
// where they give the candidate the same weight they see the very same requests. It does no I/O and
// reads no clock; only play starts goroutines, and it waits for them.
//
// Time is simulated in ticks of a few seconds. Latencies are milliseconds, error rates and shares
// are fractions, weights are percent.
package simulation

import (
	"time"

	"perch/experiment/evidence"
)

// Truth is what a candidate really is, which only a simulation knows.
type Truth string

// The truths.
const (
	Good     Truth = "good"     // meets every objective
	Bad      Truth = "bad"      // misses at least one
	Boundary Truth = "boundary" // lies on a limit: either verdict is a coin toss
)

// A Service is one release to be played: two versions behind one stream of requests.
type Service struct {
	Name      string
	Truth     Truth
	Rate      float64 // requests a second, over both versions
	Swing     float64 // by which share the rate rises and falls, within twenty minutes
	Baseline  Version
	Candidate Version
	Incidents []Incident
	Scrapes   Scrapes
	Interval  time.Duration // between two ticks, and two scrapes at best
	Plan      evidence.Plan
	Limits    []evidence.Objective // absolute ones
}

// A Version is how one version answers.
type Version struct {
	Errors  float64 // share of requests that fail
	Latency Latency
	Cluster float64 // intraclass correlation of the errors of one tick; 0: independent
	Bursts  Bursts
	Drift   Drift
	WarmUp  WarmUp
	Ramp    Ramp
	Load    Load
}

// Bursts are times in which a share of the requests fails: the version enters and leaves them at
// random, and stays for Length and away for Gap in the mean.
type Bursts struct {
	Errors      float64
	Length, Gap time.Duration
}

// A Drift multiplies latencies by a factor whose logarithm is a first-order autoregression.
type Drift struct {
	Deviation float64       // standard deviation of the logarithm; 0: no drift
	Memory    time.Duration // after which the correlation has fallen to 1/e
}

// A WarmUp is how a version answers for a while after its first request.
type WarmUp struct {
	For      time.Duration
	Errors   float64
	Slowdown float64 // factor of latencies
}

// A Ramp raises the errors from the version's own to To, linearly within Over, beginning at From.
type Ramp struct {
	To         float64
	From, Over time.Duration
}

// Load is what happens to a candidate that gets more than it can bear.
type Load struct {
	Weight   int // from which weight on; 0: never
	Errors   float64
	Slowdown float64 // factor of latencies
}

// An Incident strikes a version, or both, for a while: a dependency that is down.
type Incident struct {
	From, To            time.Duration // since the experiment began
	Errors              float64       // share of requests that fail on top
	Slowdown            float64       // factor of latencies; 0: as before
	Baseline, Candidate bool
}

// Scrapes are how the counters are read.
type Scrapes struct {
	Every  time.Duration // a multiple of the tick
	Miss   float64       // share of scrapes that fail
	Resets float64       // restarts of a version an hour, each of which loses what was not scraped
}
