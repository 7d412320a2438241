package evidence

import "math"

// leastLimit keeps a limit of 0 % or 100 % inside of what can be bet on: one request in a million.
const leastLimit = 1e-6

// odds multiplies the odds of a share. For small shares that is a ratio of shares; a share of one
// half or more stays below 1.
func odds(p, ratio float64) float64 { return p * ratio / (1 - p + p*ratio) }

// A side says on which side of the limit a bet expects the truth.
type side float64

const (
	above side = 1
	below side = -1
)

// ratio turns the distance from a grid to the side: violations lie above an upper limit and below a
// lower one.
func (s side) ratio(r float64) float64 {
	if (s == above) == (r > 1) {
		return r
	}
	return 1 / r
}

// betOnShare gives the log-likelihood ratios of events among n requests, for shares on one side of
// the limit. If the true share is the limit or on the other side, whatever it depends on, no bet
// gains on average.
func betOnShare(g grid, s side, events, n, limit float64) (gain nats) {
	limit = min(max(limit, leastLimit), 1-leastLimit)
	for q := range g.n {
		share := odds(limit, s.ratio(g.ratio[q]))
		gain[q] = events*math.Log(share/limit) + (n-events)*math.Log((1-share)/(1-limit))
	}
	return gain
}

// A pair is the same kind of event in both versions.
type pair struct {
	candidate, baseline   float64 // events
	candidateN, baselineN float64 // requests
}

// betOnRatio bets on the candidate's share of all events, given how many there are, for rates that
// differ by more, or less, than the ratio limit. What drives both versions' rates cancels.
func betOnRatio(g grid, s side, p pair, limit float64) (gain nats) {
	if p.candidateN == 0 || p.baselineN == 0 {
		return gain
	}
	null := limit * p.candidateN / (limit*p.candidateN + p.baselineN)
	for q := range g.n {
		share := odds(null, s.ratio(g.ratio[q]))
		gain[q] = p.candidate*math.Log(share/null) + p.baseline*math.Log((1-share)/(1-null))
	}
	return gain
}

const meansAbove, meansBelow = 5, 4 // how many bets there are on a mean

// meanAbove holds the bets that a mean is above its limit: the part of the capital that a request
// of no latency would cost.
func meanAbove() [meansAbove]float64 { return [meansAbove]float64{.005, .015, .05, .15, .5} }

// meanBelow holds the bets that a mean is below its limit, in units of limit over mean square.
func meanBelow() [meansBelow]float64 { return [meansBelow]float64{.12, .3, .6, 1} }

// evenly spreads the capital over n bets.
func evenly(n int) grid {
	g := grid{n: n}
	for q := range n {
		g.share[q] = 1 / float64(n)
	}
	return g
}

// betOnMean bets on the mean of the latencies in h, whose sum is given. Bets that it is above hold
// for any distribution. Bets that it is below rest on the mean square, as far as it has been seen:
// one request in a million of a hundred seconds could still spoil them.
func betOnMean(s side, h histogram, sum, limit, meanSquare float64) (gain nats) {
	if limit <= 0 || len(h.bounds) == 0 {
		return gain
	}
	if s == above {
		for q, share := range meanAbove() {
			gain[q] = h.betLower(sum, limit, share/limit)
		}
		return gain
	}
	n, squares := float64(h.count()), h.squaresUpper(sum)
	if meanSquare == 0 {
		meanSquare = squares / max(1, n)
	}
	if meanSquare == 0 {
		return gain
	}
	squares = max(squares, n*meanSquare)
	for q, part := range meanBelow() {
		lam := part * limit / meanSquare
		gain[q] = lam*(n*limit-sum) - lam*lam/2*squares
	}
	return gain
}
