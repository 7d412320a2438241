// Package evidence judges a canary on counts: by how much the requests served so far prove that
// the candidate keeps its limits, or that it does not.
//
// Each objective is a pair of bets, one against "the limit is kept" and one against "it is not".
// The capital of a bet is an e-process: if the bet is on the wrong side, the chance that its
// capital ever reaches 1/alpha is at most alpha (Ville's inequality), so it may be looked at after
// every scrape. A verdict is satisfied, violated or undecided, and undecided is an honest answer.
//
// Proven are the bets on shares and ratios, those that a mean is too high, their mixtures, restarts and
// clips. Measured only, by simulation, are what keeps them honest outside of textbooks: how many
// clustered requests count as one, the mean square behind "the mean is low enough", whose fault an
// incident is, and when to give up. A certificate speaks of the traffic that was seen: bursts rarer
// than the soak, and ramps that start after it, are invisible to any judge.
//
// New makes a State, Step folds one interval into it, Call says what follows. All of it is pure:
// no I/O, no clock, no randomness, no goroutine. A State is plain data of bounded size; written as
// JSON and read back, it goes on as if nothing had happened. Any experiment code may call it; it
// knows nothing of specs, events, clusters or screens.
//
// Shares are fractions between 0 and 1, latencies milliseconds, weights whole percent, and times
// durations since the experiment began. Evidence is counted in nats, natural logarithms of capital.
package evidence

import "time"

// A Kind says what an objective is about.
type Kind string

// The kinds of objective.
const (
	ErrorRate Kind = "errorRate" // the share of requests that fail
	Quantile  Kind = "quantile"  // a quantile of latency, in ms
	Mean      Kind = "mean"      // the mean latency, in ms
)

// An Objective bounds one property of the candidate. Limits are inclusive; a property with two
// limits is two objectives.
type Objective struct {
	Kind     Kind    `json:"kind"`
	Quantile float64 `json:"quantile,omitempty"` // which, 0.95; of the kind Quantile only
	Limit    float64 `json:"limit"`              // a fraction for ErrorRate, else ms; a ratio if Relative
	Lower    bool    `json:"lower,omitempty"`    // Limit is a lower limit
	Relative bool    `json:"relative,omitempty"` // Limit is a multiple of the baseline's value
}

// A Plan is what the user allows. Weights are in percent.
type Plan struct {
	Interval     time.Duration `json:"interval"` // of an iteration: weights rise only at iterations
	Look         time.Duration `json:"look"`     // between two counts: the scrape interval, at most Interval
	Budget       time.Duration `json:"budget"`   // of the whole experiment
	MaxWeight    int           `json:"maxWeight"`
	MaxIncrement int           `json:"maxIncrement"`
}

// Counts are the increments of one version's counters in one interval.
type Counts struct {
	Requests int64   `json:"n"`
	Errors   int64   `json:"errors,omitempty"`
	Buckets  []int64 `json:"buckets,omitempty"` // not cumulative; one more than Bounds: the last is the open one
	Sum      float64 `json:"sum,omitempty"`     // of latencies, ms
}

// An Interval is what happened between two scrapes. Intervals come in order of time. One that
// follows a missing one may start where the missing one did, and holds the counts of both.
type Interval struct {
	Start     time.Duration `json:"start"` // (Start, End] since the experiment began; negative: before it
	End       time.Duration `json:"end"`
	Weight    int           `json:"weight"`           // the candidate's, in force
	Bounds    []float64     `json:"bounds,omitempty"` // of the buckets, upper, ms, ascending, without +Inf; they may differ between intervals
	Baseline  Counts        `json:"baseline"`
	Candidate Counts        `json:"candidate"`
	Missing   string        `json:"missing,omitempty"` // why there are no counts, for people; "" when there are
	Rise      bool          `json:"rise,omitempty"`    // an iteration ends here: the weight may rise
}
