package evidence

import "math"

// Failures come in clusters, and then ten thousand requests prove no more than a few hundred
// independent ones would. How many requests count as one (phi, Kish's design effect) is learned from
// how much the baseline's rate varies between blocks of time, compared with how much it would if
// every request were on its own.

// A scale collects blocks of one length.
type scale struct {
	Blocks int     `json:"blocks"`
	Joined int     `json:"joined,omitempty"` // basic blocks in the open one
	Open   sums    `json:"open"`
	Total  sums    `json:"total"`
	Ratio  float64 `json:"ratio"` // sum of Sum²/N over the blocks
}

// spans are the lengths of the scales, in basic blocks: bursts of seconds and of minutes differ.
func spans() [3]int { return [3]int{1, 3, 6} }

func (s scale) add(block sums, span int) scale {
	s.Open = s.Open.plus(block)
	s.Joined++
	if s.Joined < span || s.Open.N == 0 {
		return s
	}
	s.Blocks++
	s.Total = s.Total.plus(sums{N: s.Open.N, Sum: s.Open.Sum, Seconds: s.Open.Seconds})
	s.Ratio += s.Open.Sum * s.Open.Sum / s.Open.N
	s.Joined, s.Open = 0, sums{}
	return s
}

// correlation is that of two requests of the same block, 0 while there are too few blocks to tell.
func (s scale) correlation(variance float64) float64 {
	if s.Blocks < 4 || variance == 0 {
		return 0
	}
	pearson := (s.Ratio - s.Total.Sum*s.Total.Sum/s.Total.N) / variance
	return correlation(pearson, s.Blocks-1, s.Total.over(float64(s.Blocks)))
}

// correlation turns a chi-square statistic with so many degrees of freedom into the correlation
// within blocks that hold so much on average. It takes the statistic for less than it is by one
// standard deviation, so that chance alone makes no clusters; that is larger where a block has less
// than an event.
func correlation(chi2 float64, freedom int, block sums) float64 {
	f := float64(freedom)
	phi := chi2 / f * (1 - math.Sqrt((2+1/max(block.Sum, 0.01))/f))
	if block.N <= 1 || phi <= 1 {
		return 0
	}
	return min(1, (phi-1)/(block.N-1))
}

// A spread is how clustered the baseline's events are.
type spread [3]scale

func (s spread) add(block sums) spread {
	for k, span := range spans() {
		s[k] = s[k].add(block, span)
	}
	return s
}

// phi is how many of the requests in v count as one. The least correlation is per block of so many
// seconds.
func (s spread) phi(v sums, variance, least, blockSeconds float64) float64 {
	rate := v.perSecond()
	phi := max(1, 1+(rate*blockSeconds-1)*least)
	for _, scale := range s {
		if rho := scale.correlation(variance); rho > 0 {
			n := rate * scale.Total.Seconds / float64(scale.Blocks)
			phi = max(phi, 1+(n-1)*rho)
		}
	}
	return phi
}

// A jitter is how clustered the candidate's events are. It compares neighbouring blocks only: a
// change that lasts, a real regression, must not pass for a cluster.
type jitter struct {
	Last  sums    `json:"last"`
	Pairs int     `json:"pairs"`
	Chi2  float64 `json:"chi2"` // times the variance of one request
}

func (j jitter) add(block sums) jitter {
	if block.N == 0 {
		return j
	}
	if j.Last.N > 0 {
		d := block.rate() - j.Last.rate()
		j.Chi2 += d * d / (1/block.N + 1/j.Last.N)
		j.Pairs++
	}
	j.Last = block.bare()
	return j
}

// correlation is that of two requests of the same block, when total is what all blocks hold.
func (j jitter) correlation(total sums) float64 {
	v := total.variance()
	if j.Pairs < 4 || v == 0 {
		return 0
	}
	return correlation(j.Chi2/v, j.Pairs, total.over(float64(j.Pairs+1)))
}
