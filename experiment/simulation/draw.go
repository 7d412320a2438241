package simulation

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"perch/experiment/evidence"
)

// draws are random numbers that depend on a seed and on what they are for, not on how many were
// drawn before: so rules that behave differently still meet the same environment.
type draws struct {
	seed uint64
	pcg  *rand.PCG
	rand *rand.Rand
}

// A purpose is what numbers are drawn for.
type purpose uint64

const (
	arrivals purpose = iota
	scraping
	history
	division // of the requests over the versions
	ofBaseline
	ofCandidate
)

func newDraws(seed uint64) draws {
	pcg := rand.NewPCG(seed, 0)
	return draws{seed, pcg, rand.New(pcg)}
}

// start begins the numbers of a purpose in a tick.
func (d draws) start(p purpose, tick int) {
	d.pcg.Seed(scramble(d.seed), scramble(uint64(tick)<<8|uint64(p)))
}

// scramble spreads neighbouring numbers over all 64 bits (the finalizer of splitmix64).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// poisson draws how many of very many happen.
func (d draws) poisson(mean float64) int64 {
	if mean <= 0 {
		return 0
	}
	return int64(distuv.Poisson{Lambda: mean, Src: d.pcg}.Rand())
}

// few is up to which expected number inversion is the quickest way.
const few = 8.0

// binomial draws how many of n happen with probability p each.
func (d draws) binomial(n int64, p float64) int64 {
	switch {
	case n <= 0 || p <= 0:
		return 0
	case p >= 1:
		return n
	case p > 0.5:
		return n - d.binomial(n, 1-p)
	case float64(n)*p < few:
		return d.invert(n, p)
	}
	return int64(distuv.Binomial{N: float64(n), P: p, Src: d.pcg}.Rand())
}

// invert walks up the distribution function of a binomial with a small mean.
func (d draws) invert(n int64, p float64) int64 {
	u := d.rand.Float64()
	odds := p / (1 - p)
	mass := math.Exp(float64(n) * math.Log1p(-p))
	for k := int64(0); ; k++ {
		if u < mass || k == n {
			return k
		}
		u -= mass
		mass *= odds * float64(n-k) / float64(k+1)
	}
}

// beta draws the error rate of one tick whose errors come in clusters: mean p, and intraclass
// correlation c.
func (d draws) beta(p, c float64) float64 {
	if c <= 0 || p <= 0 || p >= 1 {
		return p
	}
	both := 1/c - 1
	return distuv.Beta{Alpha: p * both, Beta: (1 - p) * both, Src: d.pcg}.Rand()
}

// latencies draws the buckets of n requests and the sum of their latencies: within a bucket the sum
// is normal, with the mean and variance of the distribution, between the least and the most that
// the bucket allows.
func (d draws) latencies(n int64, histogram []bucket) (buckets []int64, sum float64) {
	buckets = make([]int64, len(histogram))
	left, share := n, 1.0
	for i, b := range histogram {
		if left == 0 {
			break
		}
		if b.share <= negligible {
			continue
		}
		k := left
		if share-b.share > negligible { // else it is the last one
			k = d.binomial(left, b.share/share)
		}
		buckets[i] = k
		left -= k
		share -= b.share
		sum += d.sum(float64(k), b)
	}
	return buckets, sum
}

func (d draws) sum(k float64, b bucket) float64 {
	if k == 0 {
		return 0
	}
	return min(max(k*b.mean+d.rand.NormFloat64()*math.Sqrt(k*b.variance), k*b.low), k*b.high)
}

// counts draws what n requests leave behind in the counters.
func (d draws) counts(n int64, errors float64, histogram []bucket) evidence.Counts {
	c := evidence.Counts{Requests: n, Errors: d.binomial(n, errors)}
	c.Buckets, c.Sum = d.latencies(n, histogram)
	return c
}
