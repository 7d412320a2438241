package evidence

import (
	"fmt"
	"time"
)

// Settings are all that can be tuned. Start from a profile: the zero value is of no use.
//
// Where no other source is named, a value was chosen by playing some thousand random services and
// fifty named troubles in perch/experiment/simulation.
type Settings struct {
	// Alpha is the chance, at most, to roll back a candidate that keeps its limits; over all
	// objectives and looks (Ville's inequality).
	Alpha float64 `json:"alpha"`
	// Beta is the chance, at most, to promote a candidate that misses a limit by more than Margin.
	// It is not divided by the objectives: all must be proven (Berger's intersection-union test).
	Beta float64 `json:"beta"`
	// Margin is how far beyond the limit a candidate may be without being worth the requests that
	// proof would cost: 0.25 certifies that a rate is below 1.25 times its limit, and asks that the
	// measured rate be within the limit itself. With 0 a candidate just inside of its limit can
	// never be certified.
	Margin float64 `json:"margin"`
	// WhenUndecided says what happens at the end of the budget when nothing is proven.
	WhenUndecided Policy `json:"whenUndecided"`
	// Soak is how long an experiment lasts at least before it promotes or gives up; at most half of
	// the budget. Ramps and rare bursts need time to show, however many requests there are.
	Soak time.Duration `json:"soak"`
	// Load is how many blocks of traffic at half of the maximal weight or more a promotion needs.
	Load float64 `json:"load"`
	// Block is the length of time on which clusters, warm-up and the latest values are measured, in
	// seconds. A verdict does not depend on how often one looks within a block.
	Block float64 `json:"block"`
	// Concern is the part of a full alarm that keeps the weight from rising, and from promotion.
	Concern float64 `json:"concern"`
	// Leaning is how many standard errors beyond its limit a value must be, after the soak, to give
	// up on a candidate that is not proven bad. 1.96 is the usual two-sided 5 %.
	Leaning float64 `json:"leaning"`
	// Patience is how many looks after the budget may pass without data before the end.
	Patience    int         `json:"patience"`
	WarmUp      WarmUp      `json:"warmUp"`
	Pace        Pace        `json:"pace"`
	Clip        Clip        `json:"clip"`
	Correlation Correlation `json:"correlation"`
	Burst       Burst       `json:"burst"`
	Blame       Blame       `json:"blame"`
}

// WarmUp says how long a candidate is not judged; in a short experiment a tenth of the budget at
// least, and two fifths at most.
type WarmUp struct {
	// Least is how long it lasts at least, from the first request on.
	Least time.Duration `json:"least"`
	// Most is how long it lasts at most, while the candidate does not look healthy. Then what it did
	// since Least counts at once: raise it for services that take longer to get warm.
	Most        time.Duration `json:"most"`
	Requests    float64       `json:"requests"`    // in a block, to look healthy or not
	Traffic     float64       `json:"traffic"`     // requests per iteration that set the weight
	LeastWeight float64       `json:"leastWeight"` // percent
	MostWeight  float64       `json:"mostWeight"`  // percent
}

// Pace says how much traffic the candidate gets until it is half certified.
type Pace struct {
	Requests float64 `json:"requests"` // per iteration
	Least    float64 `json:"least"`    // percent
}

// Clip bounds what one interval may add to a bet, so that no single one decides. Clipping a bet keeps
// it valid, and makes it slower.
type Clip struct {
	PerSecond float64 `json:"perSecond"` // nats
	Most      float64 `json:"most"`      // nats
}

func (s Settings) clip(seconds float64) float64 { return min(s.Clip.Most, s.Clip.PerSecond*seconds) }

// Correlation is that of two requests of the same block, at least, whatever was measured: a block is
// never worth more than 1/Correlation requests (Kish's design effect).
type Correlation struct {
	Violated  float64 `json:"violated"`
	Satisfied float64 `json:"satisfied"`
}

// Burst says what a catastrophe is.
type Burst struct {
	Errors    float64       `json:"errors"`    // share of errors that may be normal
	Slow      float64       `json:"slow"`      // share of slow requests that may be normal
	OverLimit float64       `json:"overLimit"` // multiple of the limit that may be normal
	OverWorst float64       `json:"overWorst"` // multiple of the baseline's worst block that may be normal
	Evidence  float64       `json:"evidence"`  // likelihood ratio that makes a catastrophe
	Calm      time.Duration `json:"calm"`      // after the warm-up, before slowness can be one
	Alone     float64       `json:"alone"`     // nats that tell the versions apart; 3.3 is a chance of 1 in 200
}

// Blame says when a trouble is the candidate's, and when it is one of both versions.
type Blame struct {
	Suspicious float64 `json:"suspicious"` // nats against the candidate that keep a suspicion alive
	Clear      float64 `json:"clear"`      // nats for or against the baseline that tell whose fault it is
	Plain      float64 `json:"plain"`      // nats of one block that put the baseline out of limits; 3 is 20 to 1
	Lasting    float64 `json:"lasting"`    // nats of all blocks that do so while the latest are; 2.3 is 10 to 1
	Lead       float64 `json:"lead"`       // standard errors worse than the baseline, to be given up; 1.645 is 5 %
}

// A Policy decides what is not proven when the budget is used up.
type Policy string

// The policies.
const (
	KeepBaseline  Policy = "keepBaseline"  // give up, a person may decide otherwise
	PointEstimate Policy = "pointEstimate" // promote if all measured values are within their limits, as Iter8 does
)

// Balanced is the profile for most: errors of 5 and 10 % at most, a quarter of indifference, five
// minutes. A good candidate that stays undecided costs more than one that is a quarter beyond its limit.
func Balanced() Settings {
	return Settings{
		Alpha: 0.05, Beta: 0.1, Margin: 0.25,
		WhenUndecided: KeepBaseline,
		Soak:          5 * time.Minute,
		Load:          6,
		Block:         10,
		Concern:       1. / 3,
		Leaning:       1.96,
		Patience:      3,
		WarmUp: WarmUp{
			Least: 30 * time.Second, Most: 2 * time.Minute,
			Requests: 20, Traffic: 200, LeastWeight: 1, MostWeight: 5,
		},
		Pace:        Pace{Requests: 800, Least: 5},
		Clip:        Clip{PerSecond: 0.15, Most: 3},
		Correlation: Correlation{Violated: 5e-4, Satisfied: 1e-3},
		Burst: Burst{
			Errors: 0.05, Slow: 0.25, OverLimit: 5, OverWorst: 1.5,
			Evidence: 1000, Calm: 30 * time.Second, Alone: 3.3,
		},
		Blame: Blame{Suspicious: 0.5, Clear: 2, Plain: 3, Lasting: 2.3, Lead: 1.645},
	}
}

// Strict certifies the limits themselves: near-limit candidates stay undecided.
func Strict() Settings {
	s := Balanced()
	s.Margin = 0
	return s
}

// Fast decides sooner, errs more often, and cannot see a slow ramp.
func Fast() Settings {
	s := Balanced()
	s.Alpha, s.Beta = 0.1, 0.1
	s.Soak = 2 * time.Minute
	return s
}

// Profile finds settings by the name that people use: balanced, strict or fast.
func Profile(name string) (Settings, error) {
	switch name {
	case "balanced":
		return Balanced(), nil
	case "strict":
		return Strict(), nil
	case "fast":
		return Fast(), nil
	}
	return Settings{}, fmt.Errorf("there is no profile %q: balanced, strict or fast", name)
}
