package evidence

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestOdds(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ p, ratio, want float64 }{
		{0.01, 2, 0.02 / 1.01}, {0.5, 3, 0.75}, {0.95, 10, 9.5 / 9.55}, {0.2, 1, 0.2},
	} {
		if got := odds(row.p, row.ratio); math.Abs(got-row.want) > 1e-12 {
			t.Errorf("odds(%v, %v): want %v, got %v", row.p, row.ratio, row.want, got)
		}
	}
}

// At the limit a bet on a single request gains exactly nothing on average, and less beyond it.
func TestBetOnShareIsFair(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Float64Range(0.0001, 0.99).Draw(t, "limit")
		better := rapid.Float64Range(0, 1).Draw(t, "better")
		for _, row := range []struct {
			grid grid
			side side
			p    float64 // on the wrong side for the bet
		}{
			{against(), above, limit * better}, {inFavour(), below, limit + (1-limit)*better},
			{against(), below, limit + (1-limit)*better}, {inFavour(), above, limit * better},
		} {
			fail, pass := betOnShare(row.grid, row.side, 1, 1, limit), betOnShare(row.grid, row.side, 0, 1, limit)
			for q := range row.grid.n {
				at := limit*math.Exp(fail[q]) + (1-limit)*math.Exp(pass[q])
				beyond := row.p*math.Exp(fail[q]) + (1-row.p)*math.Exp(pass[q])
				if math.Abs(at-1) > 1e-9 || beyond > 1+1e-9 {
					t.Fatalf("limit %v, bet %d: want 1 and at most 1, got %v and %v", limit, q, at, beyond)
				}
			}
		}
	})
}

func TestBetOnRatioIsFair(t *testing.T) {
	t.Parallel()
	// With as many requests in both versions, an error is the candidate's with a chance of one half if
	// the ratio is 1, and of three quarters if it is 3.
	for _, row := range []struct{ limit, share float64 }{{1, 0.5}, {3, 0.75}} {
		mine := betOnRatio(against(), above, pair{1, 0, 500, 500}, row.limit)
		other := betOnRatio(against(), above, pair{0, 1, 500, 500}, row.limit)
		for q := range against().n {
			if got := row.share*math.Exp(mine[q]) + (1-row.share)*math.Exp(other[q]); math.Abs(got-1) > 1e-9 {
				t.Errorf("ratio %v, bet %d: want 1, got %v", row.limit, q, got)
			}
		}
	}
	if got := betOnRatio(against(), above, pair{5, 0, 500, 0}, 1); got != (nats{}) {
		t.Errorf("without a baseline: want nothing, got %v", got)
	}
}

// One more error never speaks for the candidate, one more good request never against it.
func TestBetsAreMonotone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Float64Range(0.001, 0.5).Draw(t, "limit")
		n := float64(rapid.IntRange(1, 5000).Draw(t, "requests"))
		e := float64(rapid.IntRange(0, int(n)).Draw(t, "errors"))
		bad, good := betOnShare(against(), above, e, n, limit), betOnShare(inFavour(), below, e, n, limit)
		moreBad, lessGood := betOnShare(against(), above, e+1, n+1, limit), betOnShare(inFavour(), below, e+1, n+1, limit)
		lessBad, moreGood := betOnShare(against(), above, e, n+1, limit), betOnShare(inFavour(), below, e, n+1, limit)
		for q := range wagers {
			if moreBad[q] < bad[q] || lessGood[q] > good[q] || lessBad[q] > bad[q] || moreGood[q] < good[q] {
				t.Fatalf("bet %d of %v errors in %v, limit %v, turns the wrong way", q, e, n, limit)
			}
		}
	})
}

// Splitting an interval does not change what it says.
func TestBetsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n, m := float64(rapid.IntRange(0, 1000).Draw(t, "n")), float64(rapid.IntRange(0, 1000).Draw(t, "m"))
		e, f := math.Floor(n*rapid.Float64Range(0, 1).Draw(t, "e")), math.Floor(m*rapid.Float64Range(0, 1).Draw(t, "f"))
		whole := betOnShare(against(), above, e+f, n+m, 0.01)
		parts := betOnShare(against(), above, e, n, 0.01).plus(betOnShare(against(), above, f, m, 0.01))
		for q := range wagers {
			if math.Abs(whole[q]-parts[q]) > 1e-6 {
				t.Fatalf("bet %d: want %v, got %v in parts", q, whole[q], parts[q])
			}
		}
	})
}

// A mean at its limit is not proven to be above or below it, whatever the distribution: here one of
// many fast and few slow requests.
func TestBetOnMeanHoldsItsLevel(t *testing.T) {
	t.Parallel()
	const runs, looks, level = 200, 60, 0.05
	rng := rand.New(rand.NewPCG(9, 1))
	sum, squares, n := 0.0, 0.0, 0
	sample := func() (histogram, float64) {
		i := empty(0, 1, 0)
		for range 100 {
			service{slow: 0.05}.serve(rng, &i.Baseline, i.Bounds)
		}
		return i.baseline(), i.Baseline.Sum
	}
	for range 2000 {
		h, s := sample()
		sum, squares, n = sum+s, squares+h.squares(), n+100
	}
	mean, meanSquare := sum/float64(n), squares/float64(n)
	for _, side := range []side{above, below} {
		g := evenly(meansAbove)
		if side == below {
			g = evenly(meansBelow)
		}
		proven := 0
		for range runs {
			p, most := newProcess(), 0.0
			for range looks {
				h, s := sample()
				p = p.bet(g, betOnMean(side, h, s, mean, meanSquare), stake{phi: 1, clip: 1.5})
				most = max(most, p.Log)
			}
			if most >= -math.Log(level) {
				proven++
			}
		}
		if allowed := int(runs * (level + 3*math.Sqrt(level*(1-level)/runs))); proven > allowed {
			t.Errorf("side %v: want at most %d of %d proven, got %d", side, allowed, runs, proven)
		}
	}
}
