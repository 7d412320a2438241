package evidence

import "math"

// wagers is how many bets a process holds at most.
const wagers = 6

// Nats are what one interval adds to the logarithm of the capital of each bet of a grid.
type nats [wagers]float64

func (n nats) plus(m nats) nats {
	for q := range n {
		n[q] += m[q]
	}
	return n
}

func (n nats) times(part float64) nats {
	for q := range n {
		n[q] *= part
	}
	return n
}

// A grid is a mixture of bets: how far from the limit each expects the truth, as a ratio, and the
// share of the capital that it gets. The bets cover what the truth may be, as nobody knows it.
type grid struct {
	ratio, share [wagers]float64
	n            int
}

// against holds the bets that a limit is violated, slightly or badly.
func against() grid {
	return grid{[wagers]float64{1.2, 1.5, 2, 3, 5, 10}, [wagers]float64{.25, .2, .2, .15, .1, .1}, 6}
}

// inFavour holds the bets that a limit is kept, closely or easily.
func inFavour() grid {
	return grid{[wagers]float64{.75, .5, .25, .1, .02}, [wagers]float64{.2, .2, .2, .2, .2}, 5}
}

// log is the logarithm of the mixed capital of bets whose logarithms are given.
func (g grid) log(capital nats) float64 {
	sum := math.Inf(-1)
	for q := range g.n {
		sum = logAddExp(sum, math.Log(g.share[q])+capital[q])
	}
	return sum
}

// A process is the capital of a mixture of bets, of which some begin later than others. It starts
// at 1. If the bets are on the wrong side, it reaches 1/alpha with a chance of alpha at most, ever.
type process struct {
	Capital nats    `json:"capital"` // logarithm, of each bet of the grid
	Rest    float64 `json:"rest"`    // capital that is not at stake yet
	Log     float64 `json:"log"`     // logarithm of all capital: the evidence
}

func newProcess() process { return process{Rest: 1} }

// A stake is how a process bets on one interval.
type stake struct {
	phi     float64 // every phi requests count as one
	clip    float64 // nats that one interval may add at most
	restart float64 // capital that is put at stake now, if it is not all there at once; 0: it is
}

// bet puts one interval's nats on the capital. A process with restarts stakes half of its capital
// at first and the rest in small parts: what goes wrong late is met by bets that lost nothing early.
func (p process) bet(g grid, n nats, s stake) process {
	begun := p.Rest < 1
	part := 1.0
	switch {
	case begun:
		part = min(s.restart, p.Rest)
	case s.restart > 0:
		part = 0.5
	}
	for q := range g.n {
		gain := min(s.clip, n[q]/s.phi)
		switch {
		case !begun:
			p.Capital[q] = math.Log(part) + gain
		case part > 0:
			p.Capital[q] = logAddExp(p.Capital[q], math.Log(part)) + gain
		default:
			p.Capital[q] += gain
		}
	}
	p.Rest -= part
	p.Log = logAddExp(g.log(p.Capital), math.Log(p.Rest))
	return p
}
