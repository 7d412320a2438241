package evidence

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// blocks draws blocks of requests whose share of errors varies with the given correlation.
func drawBlocks(seed uint64, n int, requests, share, correlation float64) []sums {
	rng := rand.New(rand.NewPCG(seed, 4))
	var list []sums
	for range n {
		p := share
		if correlation > 0 {
			p = distuv.Beta{Alpha: share * (1/correlation - 1), Beta: (1 - share) * (1/correlation - 1), Src: rng}.Rand()
		}
		errors := distuv.Binomial{N: requests, P: p, Src: rng}.Rand()
		list = append(list, sums{N: requests, Sum: errors, Seconds: 10})
	}
	return list
}

func TestSpreadFindsClusters(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name                  string
		requests, correlation float64
		least, most           float64 // phi
	}{
		{"independent", 500, 0, 1, 1.3},
		{"independent and rare", 20, 0, 1, 1.3},
		{"clustered", 500, 0.02, 5, 13}, // 1 + 499*0.02 = 11
		{"heavily clustered", 500, 0.2, 40, 130},
	} {
		var s spread
		var total sums
		for _, b := range drawBlocks(1, 180, row.requests, 0.02, row.correlation) {
			s, total = s.add(b), total.plus(b)
		}
		v := sums{N: row.requests, Seconds: 10}
		if got := s.phi(v, total.variance(), 0, 10); got < row.least || got > row.most {
			t.Errorf("%s: want %v to %v, got %v", row.name, row.least, row.most, got)
		}
	}
}

// A burst of one block is a cluster, a step that stays is not.
func TestJitterIgnoresSteps(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name      string
		share     func(block int) float64
		clustered bool
	}{
		{"steady", func(int) float64 { return 0.02 }, false},
		{"a step", func(b int) float64 { return 0.01 + 0.04*math.Floor(float64(b)/10) }, false},
		{"bursts", func(b int) float64 { return 0.01 + 0.2*float64(b%5/4) }, true},
	} {
		var j jitter
		var total sums
		for b := range 20 {
			v := sums{N: 400, Sum: 400 * row.share(b)}
			j, total = j.add(v), total.plus(v)
		}
		if got := j.correlation(total); (got > 0) != row.clustered {
			t.Errorf("%s: want clusters: %v, got a correlation of %v", row.name, row.clustered, got)
		}
	}
}

// However many requests a block holds, it counts as no more than the least correlation allows.
func TestPhiHasAFloor(t *testing.T) {
	t.Parallel()
	var s spread
	for _, seconds := range []float64{5, 10, 15} {
		v := sums{N: 1e5 * seconds, Seconds: seconds}
		if got, want := v.N/s.phi(v, 0.01, 1e-3, 10)/seconds, 100.0; math.Abs(got-want) > 1 {
			t.Errorf("looks of %v s: want %v requests a second to count, got %v", seconds, want, got)
		}
	}
}
