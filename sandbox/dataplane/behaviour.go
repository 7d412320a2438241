package dataplane

import (
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// Phase is how a simulated container answers while nothing about it changes.
type Phase struct {
	// Median is the latency that half of the fast answers stay under.
	Median time.Duration
	// Spread is the sigma of the log-normal latency: at 0.6 the mean is 1.2 times and the 95th
	// percentile 2.7 times the median.
	Spread float64
	// Slow is the share of answers, 0 to 1, that take Delay longer.
	Slow float64
	// Delay is what a slow answer takes on top.
	Delay time.Duration
	// Errors is the share of answers, 0 to 1, that have status 500.
	Errors float64
}

// Behaviour is how a simulated container answers over time: as First, and once it has served for
// Turn, as Later. If Gradual it goes from the one to the other evenly.
type Behaviour struct {
	First, Later Phase
	// Turn counts from the first request, not from the start of the container; at 0 only Later counts.
	Turn    time.Duration
	Gradual bool
}

// Answer is what becomes of one request.
type Answer struct {
	Status  int
	Latency time.Duration
}

// longest bounds a single latency, so that the tail of the distribution does not hang a client.
const longest = 5 * time.Second

// healthy has a mean of 10 ms and a 95th percentile of 23 ms.
func healthy() Phase {
	return Phase{Median: 8500 * time.Microsecond, Spread: 0.6}
}

// with is a healthy phase with the share of errors given.
func with(errors float64) Phase {
	phase := healthy()
	phase.Errors = errors
	return phase
}

// behaviours are the image tags that stand for something.
func behaviours() map[string]Behaviour {
	slow := healthy()
	slow.Slow, slow.Delay = 0.2, 120*time.Millisecond
	cold := with(0.04) // what starting does to most services: slow, and a few failures
	cold.Slow, cold.Delay = 1, 250*time.Millisecond
	worn := with(0.15)
	worn.Slow, worn.Delay = 0.5, 200*time.Millisecond
	return map[string]Behaviour{
		"blue":            {Later: healthy()},
		"green":           {Later: healthy()},
		"green-slow":      {Later: slow},
		"green-errors":    {Later: with(0.05)},
		"green-leak":      {Later: with(0.02)},
		"green-broken":    {Later: with(0.5)},
		"green-coldstart": {First: cold, Later: healthy(), Turn: 30 * time.Second},
		"green-ramp":      {First: healthy(), Later: worn, Turn: 5 * time.Minute, Gradual: true},
	}
}

// BehaviourOf is chosen by the tag of the image. A tag that stands for nothing, and no tag, is
// healthy: most images are.
func BehaviourOf(image string) Behaviour {
	name, _, _ := strings.Cut(image, "@")
	tag := ""
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		tag = name[colon+1:]
	}
	if behaviour, known := behaviours()[tag]; known {
		return behaviour
	}
	return Behaviour{Later: healthy()}
}

// Answer decides about a request that comes when the container has served for age.
func (b Behaviour) Answer(age time.Duration, random *rand.Rand) Answer {
	phase := b.at(age)
	latency := float64(phase.Median) * math.Exp(phase.Spread*random.NormFloat64())
	if random.Float64() < phase.Slow {
		latency += float64(phase.Delay)
	}
	answer := Answer{Status: http.StatusOK, Latency: min(time.Duration(latency), longest)}
	if random.Float64() < phase.Errors {
		answer.Status = http.StatusInternalServerError
	}
	return answer
}

func (b Behaviour) at(age time.Duration) Phase {
	switch {
	case age >= b.Turn:
		return b.Later
	case !b.Gradual:
		return b.First
	}
	part := float64(age) / float64(b.Turn)
	between := func(from, to float64) float64 { return from + part*(to-from) }
	return Phase{
		Median: time.Duration(between(float64(b.First.Median), float64(b.Later.Median))),
		Spread: between(b.First.Spread, b.Later.Spread),
		Slow:   between(b.First.Slow, b.Later.Slow),
		Delay:  time.Duration(between(float64(b.First.Delay), float64(b.Later.Delay))),
		Errors: between(b.First.Errors, b.Later.Errors),
	}
}
