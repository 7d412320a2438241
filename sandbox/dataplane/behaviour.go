// Package dataplane is the part of a cluster that serves requests, which the sandbox plays itself at
// Knative's own extension points: an autoscaler class that runs each revision as an HTTP server in
// this process, an ingress class whose gateway splits requests as the KIngress says, and the
// Deployments, pods and endpoints in between. It listens on loopback only.
package dataplane

import (
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// A Behaviour is how the container of an image answers: with a latency that is lognormal, and with
// some share of its requests slow or failed. Shares are fractions between 0 and 1.
type Behaviour struct {
	Median time.Duration // of the latency of a request that is not slow
	Spread float64       // standard deviation of the logarithm of that latency
	Slow   float64       // share of requests that take between 120 and 280 ms
	Errors float64       // share of requests answered with 500
	Warmup time.Duration // for so long after its first request it answers as Cold
	Cold   *Behaviour
	Ramp   time.Duration // over so long it turns from what it is into Worst
	Worst  *Behaviour
}

// Slow requests take at least slowest - slowSpan and at most slowest.
const (
	slowest  = 280 * time.Millisecond
	slowSpan = 160 * time.Millisecond
)

// healthy has a mean of about 10 ms, a 95th percentile of about 22 ms, and no errors.
func healthy() Behaviour { return Behaviour{Median: 8 * time.Millisecond, Spread: 0.6} }

// BehaviourOf an image goes by its tag. Tags that are not listed here are healthy, as blue and
// green are: a demo with a tag of one's own shows a good release.
func BehaviourOf(image string) Behaviour {
	_, tag, _ := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	b := healthy()
	switch tag {
	case "green-slow":
		b.Slow = 0.20
	case "green-errors":
		b.Errors = 0.05
	case "green-leak":
		b.Errors = 0.02
	case "green-broken":
		b.Errors = 0.50
	case "green-coldstart":
		b.Warmup = 30 * time.Second
		b.Cold = &Behaviour{Median: 60 * time.Millisecond, Spread: 0.6, Slow: 0.3, Errors: 0.05}
	case "green-ramp":
		b.Ramp = 4 * time.Minute
		b.Worst = &Behaviour{Median: 40 * time.Millisecond, Spread: 0.6, Slow: 0.15, Errors: 0.08}
	}
	return b
}

// at is the behaviour some time after the first request.
func (b Behaviour) at(age time.Duration) Behaviour {
	if b.Cold != nil && age < b.Warmup {
		return *b.Cold
	}
	if b.Worst != nil {
		share := min(1, age.Seconds()/b.Ramp.Seconds())
		mix := func(from, to float64) float64 { return from + share*(to-from) }
		return Behaviour{
			Median: time.Duration(mix(float64(b.Median), float64(b.Worst.Median))),
			Spread: mix(b.Spread, b.Worst.Spread),
			Slow:   mix(b.Slow, b.Worst.Slow),
			Errors: mix(b.Errors, b.Worst.Errors),
		}
	}
	return b
}

// Answer draws the latency and the outcome of one request, some time after the first one.
func (b Behaviour) Answer(random *rand.Rand, age time.Duration) (latency time.Duration, failed bool) {
	b = b.at(age)
	failed = random.Float64() < b.Errors
	if random.Float64() < b.Slow {
		return slowest - time.Duration(random.Float64()*float64(slowSpan)), failed
	}
	return time.Duration(float64(b.Median) * math.Exp(b.Spread*random.NormFloat64())), failed
}
