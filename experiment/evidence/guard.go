package evidence

import "math"

// A guard meets catastrophes within a scrape or two, even while the candidate warms up: a sudden
// burst of requests so bad, and so many, that nothing like it is normal. It is a CUSUM of the
// likelihood ratio against the worst share that might be normal, and begins anew whenever it falls
// to 0.
type guard struct {
	Log      [3]float64 `json:"log"`
	Burst    sums       `json:"burst"`    // the candidate's blown requests since it was 0
	Baseline sums       `json:"baseline"` // the baseline's
}

// surges are how many times the odds of the worst normal share a catastrophe may have.
func surges() [3]float64 { return [3]float64{2, 8, 50} }

func (g guard) add(p pair, normal, seconds float64) guard {
	alive := false
	for q, ratio := range surges() {
		share := odds(normal, ratio)
		gain := p.candidate*math.Log(share/normal) + (p.candidateN-p.candidate)*math.Log((1-share)/(1-normal))
		g.Log[q] = max(0, g.Log[q]+gain)
		alive = alive || g.Log[q] > 0
	}
	g.Burst = g.Burst.plus(sums{N: p.candidateN, Sum: p.candidate, Seconds: seconds})
	g.Baseline = g.Baseline.plus(sums{N: p.baselineN, Sum: p.baseline})
	if !alive {
		return guard{}
	}
	return g
}

// log is the evidence of a catastrophe.
func (g guard) log() float64 {
	sum := math.Inf(-1)
	for _, v := range g.Log {
		sum = logAddExp(sum, v)
	}
	return sum - math.Log(float64(len(g.Log)))
}

// normal is the worst share of blown requests that might still be no catastrophe.
func (s State) normal(k int) float64 {
	o, b := s.Objectives[k], s.Settings.Burst
	normal := b.Slow
	if o.Kind == ErrorRate {
		normal = b.Errors
	}
	if o.Kind != Mean && !o.Relative {
		normal = max(normal, min(b.OverLimit*o.share(), (1+o.share())/2))
	}
	return min(max(normal, b.OverWorst*s.Controls[k].Worst), 1-leastLimit)
}

// guard tells which objective the candidate fails catastrophically, -1 if none. What the baseline
// does as well is nobody's fault, unless it always does.
func (s *State) guard(l look) int {
	worst, b := -1, s.Settings.Burst
	for k, o := range s.Objectives {
		p := l.readings[k].blown
		if o.Lower || p.candidateN == 0 || !s.guarded(o, l) {
			continue
		}
		g := s.Guards[k].add(p, s.normal(k), l.seconds)
		s.Guards[k] = g
		if worst < 0 && g.log() >= math.Log(b.Evidence) && (g.alone(b.Alone) || !s.healthy()) {
			worst = k
		}
	}
	return worst
}

// alone tells whether the baseline does not fail like the candidate: two shares explain both versions'
// counts better than a common one, by so many nats.
func (g guard) alone(evidence float64) bool {
	c, b := g.Burst, g.Baseline
	if b.N == 0 {
		return true
	}
	if b.rate() >= c.rate()/2 {
		return false
	}
	both := c.plus(b)
	two := logLikelihood(c.Sum, c.N, c.rate()) + logLikelihood(b.Sum, b.N, b.rate())
	return two-logLikelihood(both.Sum, both.N, both.rate()) >= evidence
}

// guarded: errors always are, slowness is natural while caches fill.
func (s State) guarded(o Objective, l look) bool {
	return o.Kind == ErrorRate || s.Warm.Over && l.Start >= s.Warm.Until+s.Settings.Burst.Calm
}
