package simulation

import "math"

// Bounds are the upper bounds of the histogram that is scraped, those of Knative's queue-proxy.
func Bounds() []float64 {
	return []float64{
		5, 10, 20, 40, 60, 80, 100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900,
		1000, 2000, 5000, 10000, 20000, 50000, 100000,
	}
}

// A Latency is a mixture of lognormal distributions.
type Latency []Mode

// A Mode is one of them.
type Mode struct {
	Share float64 // of the requests
	Mean  float64 // ms
	Sigma float64 // standard deviation of the logarithm
}

// location is the mean of the logarithm.
func (m Mode) location() float64 { return math.Log(m.Mean) - m.Sigma*m.Sigma/2 }

// moments are E[X^k; X <= x] for k = 0, 1, 2; the first is the distribution function.
func (m Mode) moments(x float64) (part [3]float64) {
	if x <= 0 {
		return part
	}
	mu, s := m.location(), m.Sigma
	z := (math.Log(x) - mu) / s
	whole := [3]float64{1, m.Mean, m.Mean * m.Mean * math.Exp(s*s)}
	for k, w := range whole {
		part[k] = w * normal(z-float64(k)*s)
	}
	return part
}

// normal is the standard normal distribution function, as far as anybody would notice.
func normal(z float64) float64 {
	const far = 8 // 6e-16
	switch {
	case z > far:
		return 1
	case z < -far:
		return 0
	}
	return math.Erfc(-z/math.Sqrt2) / 2
}

// Mean is the mean latency.
func (l Latency) Mean() float64 {
	sum := 0.0
	for _, m := range l {
		sum += m.Share * m.Mean
	}
	return sum
}

// Above is the share of requests slower than x.
func (l Latency) Above(x float64) float64 {
	sum := 0.0
	for _, m := range l {
		sum += m.Share * (1 - m.moments(x)[0])
	}
	return sum
}

// times is the distribution of the latencies multiplied by a factor.
func (l Latency) times(factor float64) Latency {
	scaled := make(Latency, len(l))
	for i, m := range l {
		m.Mean *= factor
		scaled[i] = m
	}
	return scaled
}

// moments are E[X^k; X <= x] of the mixture, k = 0, 1, 2.
func (l Latency) moments(x float64) [3]float64 {
	var sum [3]float64
	for _, m := range l {
		for k, part := range m.moments(x) {
			sum[k] += m.Share * part
		}
	}
	return sum
}

// A bucket is what a distribution puts into one bucket of a histogram.
type bucket struct {
	low, high      float64 // bounds
	share          float64
	mean, variance float64 // of what falls into it
}

// histogram divides the distribution over the buckets that bounds make, the last of them open.
func (l Latency) histogram(bounds []float64) []bucket {
	list := make([]bucket, 0, len(bounds)+1)
	low, below := 0.0, [3]float64{}
	for i := range len(bounds) + 1 {
		high := math.Inf(1)
		if i < len(bounds) {
			high = bounds[i]
		}
		upTo := l.moments(high)
		b := bucket{low: low, high: high, share: upTo[0] - below[0]}
		if b.share > negligible {
			b.mean = min(max((upTo[1]-below[1])/b.share, low), high)
			b.variance = max(0, (upTo[2]-below[2])/b.share-b.mean*b.mean)
		}
		list = append(list, b)
		low, below = high, upTo
	}
	return list
}

// negligible is a share of requests that no simulated release will ever meet.
const negligible = 1e-10
