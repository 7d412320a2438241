package evidence

import (
	"fmt"
	"time"
)

// Settings are all that can be tuned. Start from a profile: the zero value is of no use.
type Settings struct {
	// Alpha is the chance, at most, to roll back a candidate that keeps its limits; over all
	// objectives and looks.
	Alpha float64 `json:"alpha"`
	// Beta is the chance, at most, to promote a candidate that misses a limit by more than Margin.
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
	// Leaning is how many standard errors beyond its limit a value must be, after the soak, to give
	// up on a candidate that is not proven bad. 1.96 is the usual two-sided 5 %.
	Leaning     float64     `json:"leaning"`
	WarmUp      WarmUp      `json:"warmUp"`
	Pace        Pace        `json:"pace"`
	Clip        Clip        `json:"clip"`
	Correlation Correlation `json:"correlation"`
	Burst       Burst       `json:"burst"`
}

// WarmUp says how long a candidate is not judged; in a short experiment a tenth of the budget at
// least, and two fifths at most.
type WarmUp struct {
	Least       time.Duration `json:"least"`       // at least
	Most        time.Duration `json:"most"`        // at most, while it does not look healthy
	Requests    float64       `json:"requests"`    // in a block, to look healthy
	Traffic     float64       `json:"traffic"`     // requests per iteration that set the weight
	LeastWeight float64       `json:"leastWeight"` // percent
	MostWeight  float64       `json:"mostWeight"`  // percent
}

// Pace says how much traffic the candidate gets until it is half certified.
type Pace struct {
	Requests float64 `json:"requests"` // per iteration
	Least    float64 `json:"least"`    // percent
}

// Clip bounds what one interval may add to a bet, so that no single one decides.
type Clip struct {
	PerSecond float64 `json:"perSecond"` // nats
	Most      float64 `json:"most"`      // nats
}

func (s Settings) clip(seconds float64) float64 { return min(s.Clip.Most, s.Clip.PerSecond*seconds) }

// Correlation is that of two requests of the same block, at least, whatever was measured: a block is
// never worth more than 1/Correlation requests.
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
		Leaning:       1.96,
		WarmUp: WarmUp{
			Least: 30 * time.Second, Most: 2 * time.Minute,
			Requests: 20, Traffic: 200, LeastWeight: 1, MostWeight: 5,
		},
		Pace:        Pace{Requests: 800, Least: 5},
		Clip:        Clip{PerSecond: 0.15, Most: 3},
		Correlation: Correlation{Violated: 5e-4, Satisfied: 1e-3},
		Burst:       Burst{Errors: 0.05, Slow: 0.25, OverLimit: 5, OverWorst: 1.5, Evidence: 1000, Calm: 30 * time.Second},
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
