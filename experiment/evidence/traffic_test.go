package evidence

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A service is how one version behaves at some time.
type service struct {
	errors float64 // share of requests
	slow   float64 // share of requests that take around 160 ms instead of around 30
	factor float64 // of all latencies; 0: 1
}

// sound is a good version: 0.2 % errors, mean 33 ms, 2 % slower than 100 ms.
func sound() service { return service{errors: 0.002, slow: 0.02} }

// A behaviour is a service in the course of time.
type behaviour func(at time.Duration) service

func steady(s service) behaviour { return func(time.Duration) service { return s } }

func failing(share float64) behaviour { return steady(service{errors: share, slow: 0.02}) }

// between is one service within a time, and another outside.
func between(from, to time.Duration, in, out service) behaviour {
	return func(at time.Duration) service {
		if from <= at && at < to {
			return in
		}
		return out
	}
}

// A world is the traffic of one experiment, the same for each seed on every machine.
type world struct {
	rps                 float64
	seed                uint64
	baseline, candidate behaviour
	missing             float64 // share of scrapes
	plan                Plan
	settings            Settings
	objectives          []Objective
}

// release is a world with a good baseline, the objectives of the Iter8 tutorial, and 40 minutes.
func release(rps float64, candidate behaviour) world {
	return world{
		rps: rps, seed: 1, baseline: steady(sound()), candidate: candidate, settings: Balanced(),
		plan: Plan{
			Interval: 10 * time.Second, Look: 5 * time.Second, Budget: 40 * time.Minute,
			MaxWeight: 75, MaxIncrement: 20,
		},
		objectives: []Objective{
			{Kind: Mean, Limit: 50},
			{Kind: Quantile, Quantile: 0.95, Limit: 100},
			{Kind: ErrorRate, Limit: 0.01},
		},
	}
}

// The buckets of Knative's request latencies, in part.
func bounds() []float64 {
	return []float64{5, 10, 20, 40, 60, 80, 100, 150, 200, 250, 300, 400, 500, 700, 1000, 2000, 5000, 10000}
}

func (s service) serve(rng *rand.Rand, c *Counts, bounds []float64) {
	latency := 30 * math.Exp(0.35*rng.NormFloat64()-0.06)
	if rng.Float64() < s.slow {
		latency = 160 * math.Exp(0.15*rng.NormFloat64())
	}
	if s.factor > 0 {
		latency *= s.factor
	}
	at, _ := slices.BinarySearch(bounds, latency)
	c.Requests++
	c.Buckets[at]++
	c.Sum += latency
	if rng.Float64() < s.errors {
		c.Errors++
	}
}

func empty(from, to time.Duration, weight int) Interval {
	n := len(bounds()) + 1
	return Interval{
		Start: from, End: to, Weight: weight, Bounds: bounds(),
		Baseline: Counts{Buckets: make([]int64, n)}, Candidate: Counts{Buckets: make([]int64, n)},
	}
}

// interval makes the traffic of one interval.
func (w world) interval(rng *rand.Rand, from, to time.Duration, weight int) Interval {
	i := empty(from, to, weight)
	for at := from.Seconds() + rng.ExpFloat64()/w.rps; at < to.Seconds(); at += rng.ExpFloat64() / w.rps {
		if now := seconds(at); rng.IntN(100) < weight {
			w.candidate(now).serve(rng, &i.Candidate, i.Bounds)
		} else {
			w.baseline(now).serve(rng, &i.Baseline, i.Bounds)
		}
	}
	return i
}

// begin starts after a quarter of an hour of the baseline.
func (w world) begin() (State, *rand.Rand) {
	rng := rand.New(rand.NewPCG(w.seed, 7))
	var history []Interval
	for at := -15 * time.Minute; at < 0; at += 10 * time.Second {
		history = append(history, w.interval(rng, at, at+10*time.Second, 0))
	}
	return New(w.settings, w.plan, w.objectives, history), rng
}

// run goes on until the judge has decided. Each step is shown to watch, if that is not nil.
func (w world) run(watch func(before State, i Interval, after State)) State {
	s, rng := w.begin()
	counted := time.Duration(0)
	for at := w.plan.Look; s.Call().Action == Continue; at += w.plan.Look {
		i := w.interval(rng, counted, at, s.Call().Weight)
		i.Rise = at%w.plan.Interval == 0
		if counted = at; rng.Float64() < w.missing {
			counted = i.Start // the next scrape holds this one's counts too
			i = Interval{Start: i.Start, End: at, Weight: i.Weight, Rise: i.Rise, Missing: "no scrape"}
		}
		next := s.Step(i)
		if watch != nil {
			watch(s, i, next)
		}
		s = next
	}
	return s
}

// outcomes counts the actions of many runs, and the median time they took.
func (w world) outcomes(t *testing.T, seeds uint64) (map[Action]int, time.Duration) {
	t.Helper()
	count := map[Action]int{}
	var took []time.Duration
	for seed := range seeds {
		w.seed = seed
		s := w.run(nil)
		count[s.Call().Action]++
		took = append(took, s.Now)
	}
	slices.Sort(took)
	return count, took[len(took)/2]
}
