package simulation

import (
	"errors"
	"fmt"
	"math"

	"perch/experiment/evidence"
)

// A Profile is how a version answers, in the terms of objectives.
type Profile struct {
	Errors float64 `json:"errors"` // share of requests that fail
	Mean   float64 `json:"mean"`   // latency, ms
	Slow   float64 `json:"slow"`   // share of requests beyond the limit of the tail latency
}

// Unset is a property of a profile that nobody has said anything about.
const Unset = -1.0

// Complete fills what is unset with what keeps the limits with ease: a fifth of the errors, two
// fifths of the slow requests and two thirds of the mean latency that are allowed, but nothing
// below a lower limit.
func (p Profile) Complete(list []evidence.Objective) Profile {
	mean, tail := 30.0, math.Inf(1)
	errors, slow := 0.002, 0.0
	for _, o := range list {
		switch {
		case o.Lower:
		case o.Kind == evidence.ErrorRate:
			errors = 0.2 * o.Limit
		case o.Kind == evidence.Quantile:
			slow, tail = 0.4*(1-o.Quantile), o.Limit
		case o.Kind == evidence.Mean:
			mean = 2.0 / 3 * o.Limit
		}
	}
	mean = min(mean, tail/3)
	for _, set := range []struct {
		to    *float64
		value float64
	}{{&p.Errors, errors}, {&p.Mean, mean}, {&p.Slow, slow}} {
		if *set.to < 0 {
			*set.to = set.value
		}
	}
	return p
}

// version makes a version with that profile: most requests are quick, the slow share takes nearly
// twice the limit of the tail.
func (p Profile) version(list []evidence.Objective) (Version, error) {
	if p.Errors > 1 || p.Slow >= 1 || p.Mean <= 0 {
		return Version{}, fmt.Errorf("%g of the requests failing, %g slow, %g ms in the mean: no service is like that", p.Errors, p.Slow, p.Mean)
	}
	limit, ok := tailLimit(list)
	if !ok {
		return Version{Errors: p.Errors, Latency: Latency{{1, p.Mean, 0.35}}}, nil
	}
	slow := 1.8 * limit
	quick := (p.Mean - p.Slow*slow) / (1 - p.Slow)
	if quick <= 0 || quick > 0.8*limit {
		return Version{}, fmt.Errorf("a mean latency of %g ms does not go with %g %% of the requests above %g ms", p.Mean, 100*p.Slow, limit)
	}
	sigma := min(0.35, math.Log(limit/quick)/3.5) // so that hardly any quick request is slow
	return Version{Errors: p.Errors, Latency: Latency{{1 - p.Slow, quick, sigma}, {p.Slow, slow, 0.15}}}, nil
}

// tailLimit is the upper limit of the tail latency, if there is one.
func tailLimit(list []evidence.Objective) (float64, bool) {
	for _, o := range list {
		if o.Kind == evidence.Quantile && !o.Lower {
			return o.Limit, true
		}
	}
	return 0, false
}

// aim is the objective that candidates are measured by: the error rate if it is limited, else the
// first that has an upper limit.
func aim(list []evidence.Objective) (evidence.Objective, error) {
	var first *evidence.Objective
	for i, o := range list {
		switch {
		case o.Lower || o.Limit <= 0:
		case o.Kind == evidence.ErrorRate:
			return o, nil
		case first == nil:
			first = &list[i]
		}
	}
	if first == nil {
		return evidence.Objective{}, errors.New("no objective has an upper limit above zero: nothing to simulate")
	}
	return *first, nil
}

// at makes a version like v that has k times the limit of an objective.
func (v Version) at(k float64, o evidence.Objective) Version {
	switch o.Kind {
	case evidence.ErrorRate:
		v.Errors = min(1, k*o.Limit)
	case evidence.Quantile:
		v.Latency = v.Latency.slowed(min(1, k*(1-o.Quantile)))
	case evidence.Mean:
		v.Latency = v.Latency.stalled(k * o.Limit)
	}
	return v
}

// slowed gives the second of two modes another share.
func (l Latency) slowed(share float64) Latency {
	quick, slow := l[0], l[1]
	quick.Share, slow.Share = 1-share, share
	return Latency{quick, slow}
}

// stalled reaches a mean: a lower one by being quicker, a higher one by one request of a hundred
// that takes as long as is needed.
func (l Latency) stalled(mean float64) Latency {
	now := l.Mean()
	if mean <= now {
		return l.times(mean / now)
	}
	const share = 0.01
	quick := l[0]
	stall := Mode{share, quick.Mean + (mean-now)/share, 0.25}
	quick.Share -= share
	return append(Latency{quick, stall}, l[1:]...)
}
