package evidence

import (
	"math"
	"time"
)

// A guess is what the true rate of an objective may be, and how much evidence it would bring.
type guess struct {
	k      int     // the objective
	rate   float64 // of events, or the mean
	weight int     // of the candidate, percent
}

// guess takes the rate from what was measured, shrunk towards one half of the limit while little
// was, and moves it by so many standard errors.
func (s State) guess(k int, errors float64) (guess, bool) {
	o, v := s.Objectives[k], s.Evidence.Trials[k].Tempered
	limit, known := s.strict(k)
	if !known || limit <= 0 || v.N == 0 {
		return guess{}, false
	}
	rate, variance := v.rate(), v.variance()
	if o.Kind != Mean {
		limit = min(max(limit, leastLimit), 1-leastLimit)
		rate = (v.Sum + 0.25) / (v.N + 0.5/limit)
		variance = rate * (1 - rate)
	}
	rate = max(0, rate+errors*math.Sqrt(variance/v.N))
	if o.Kind != Mean {
		rate = min(rate, 1)
	}
	return guess{k, rate, s.Plan.MaxWeight}, true
}

// growth is how many nats a block of so guessed requests adds to the best bet of each kind.
func (s State) growth(g guess) (violated, satisfied float64) {
	o, block := s.Objectives[g.k], s.Settings.Block
	v := sums{N: s.Rate * float64(g.weight) / 100 * block, Seconds: block}
	phi := s.phi(g.k, v)
	bad, good := s.expected(g, v.N)
	gv, gs := o.grids()
	clip := s.Settings.clip(block)
	return min(clip, gv.best(bad)/phi.violated), min(clip, gs.best(good)/phi.satisfied)
}

// best is the bet of a grid that gains most.
func (g grid) best(gain nats) float64 {
	best := gain[0]
	for q := range g.n {
		best = max(best, gain[q])
	}
	return best
}

// expected are the nats that n requests bring on average.
func (s State) expected(g guess, n float64) (bad, good nats) {
	o := s.Objectives[g.k]
	violated, satisfied := o.sides()
	limit, _ := s.strict(g.k)
	loose := o.relaxed(limit, s.Settings.Margin)
	switch {
	case o.Kind == Mean:
		meanSquare := s.Evidence.Trials[g.k].Total.Squares / s.Evidence.Trials[g.k].Total.N
		return meanGrowth(violated, g.rate, limit, meanSquare, n), meanGrowth(satisfied, g.rate, loose, meanSquare, n)
	case o.Relative:
		c := s.Evidence.Trials[g.k].Control
		baselineN := s.Rate*s.Settings.Block - n
		p := pair{g.rate * n, c.rate() * baselineN, n, baselineN}
		return betOnRatio(against(), violated, p, o.share()), betOnRatio(inFavour(), satisfied, p, o.relaxed(o.share(), s.Settings.Margin))
	}
	return betOnShare(against(), violated, g.rate*n, n, limit), betOnShare(inFavour(), satisfied, g.rate*n, n, loose)
}

// meanGrowth is what n requests bring to the bets on a mean, to the second order.
func meanGrowth(s side, mean, limit, meanSquare, n float64) (gain nats) {
	if s == above {
		around := meanSquare - 2*mean*limit + limit*limit
		for q, share := range meanAbove() {
			lam := share / limit
			gain[q] = n * (lam*(mean-limit) - lam*lam/2*around)
		}
		return gain
	}
	for q, part := range meanBelow() {
		lam := part * limit / max(meanSquare, math.SmallestNonzeroFloat32)
		gain[q] = n * (lam*(limit-mean) - lam*lam/2*meanSquare)
	}
	return gain
}

// slack is how much evidence the best bet of a mixture is ahead of the mixture, roughly, in nats.
const slack = 0.7

// blocksLeft are how many blocks an objective needs to be proven violated, or kept; infinite if it
// never will be.
func (s State) blocksLeft(g guess) (violated, satisfied float64) {
	up, down := s.growth(g)
	t := s.Evidence.Trials[g.k]
	k := math.Log(float64(len(s.Objectives)))
	violated = blocks(s.Settings.threshold(s.Settings.Alpha)+k+slack-t.Violated.Log, up)
	satisfied = blocks(s.Settings.threshold(s.Settings.Beta)+slack-t.AtLoad.Log, down)
	if s.certified(g.k) >= 1 {
		satisfied = 0
	}
	return violated, satisfied
}

func blocks(nats, perBlock float64) float64 {
	switch {
	case nats <= 0:
		return 0
	case perBlock <= 0:
		return math.Inf(1)
	}
	return nats / perBlock
}

// secondsLeft is how long it takes until all is proven or one violation is, if all rates are so
// many standard errors from what was measured, and which objective takes longest.
func (s State) secondsLeft(errors float64) (seconds float64, slowest int) {
	violated, satisfied := math.Inf(1), 0.0
	for k, o := range s.Objectives {
		sign := 1.0
		if o.Lower {
			sign = -1
		}
		g, ok := s.guess(k, sign*errors)
		if !ok {
			return math.Inf(1), k
		}
		v, c := s.blocksLeft(g)
		violated = min(violated, v)
		if c > satisfied {
			satisfied, slowest = c, k
		}
	}
	waiting := max(s.soak()-s.Now, s.load()-s.Evidence.Loaded, 0).Seconds()
	return min(violated*s.Settings.Block, max(satisfied*s.Settings.Block, waiting)), slowest
}

// forecast says how far the end is, from a good guess to a bad one.
func (s State) forecast() Forecast {
	if s.Decision.Action != Continue || !s.Warm.Over || s.Rate == 0 || s.Plan.MaxWeight == 0 {
		return Forecast{Slowest: s.slowest()}
	}
	middle, slowest := s.secondsLeft(0)
	if math.IsInf(middle, 1) || middle > maxForecast.Seconds() {
		return Forecast{Slowest: slowest}
	}
	const quartile = 0.67
	low, _ := s.secondsLeft(-quartile)
	high, _ := s.secondsLeft(quartile)
	perSecond := s.Rate * float64(s.Plan.MaxWeight) / 100
	soonest, latest := min(low, middle, high), max(low, middle, high)
	latest = min(latest, 3*middle) // infinite where the pessimist would have to leave the limit
	return Forecast{
		Known: true, Slowest: slowest,
		Soonest: seconds(soonest), Latest: seconds(latest),
		Requests: int64(soonest * perSecond), MaxRequests: int64(latest * perSecond),
	}
}

// maxForecast is what nobody waits for.
const maxForecast = 30 * 24 * time.Hour

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// hopeless tells whether the time left cannot bring a verdict, even if the true rates are at the
// favourable end of a 90 % interval.
func (s State) hopeless() bool {
	left := (s.Plan.Budget - s.Now).Seconds() / s.Settings.Block
	provable := true
	for k, o := range s.Objectives {
		sign := 1.645
		if o.Lower {
			sign = -sign
		}
		good, known := s.guess(k, -sign)
		bad, _ := s.guess(k, sign)
		if !known {
			return false
		}
		if v, _ := s.blocksLeft(bad); v <= left {
			return false
		}
		_, c := s.blocksLeft(good)
		provable = provable && c <= left
	}
	return !provable
}
