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
	// the budget.
	Soak time.Duration `json:"soak"`
}

// A Policy decides what is not proven when the budget is used up.
type Policy string

// The policies.
const (
	KeepBaseline  Policy = "keepBaseline"  // give up, a person may decide otherwise
	PointEstimate Policy = "pointEstimate" // promote if all measured values are within their limits, as Iter8 does
)

// Balanced is the profile for most: errors of 5 % at most, a quarter of indifference, five minutes.
func Balanced() Settings {
	return Settings{
		Alpha: 0.05, Beta: 0.05, Margin: 0.25,
		WhenUndecided: KeepBaseline,
		Soak:          5 * time.Minute,
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
