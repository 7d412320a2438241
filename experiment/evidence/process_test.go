package evidence

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

func TestProcessStartsAtOne(t *testing.T) {
	t.Parallel()
	for name, restart := range map[string]float64{"all at once": 0, "with restarts": 0.001} {
		p := newProcess()
		if p.Log != 0 {
			t.Errorf("%s: want no evidence before the first bet, got %v", name, p.Log)
		}
		for range 700 {
			p = p.bet(against(), nats{}, stake{phi: 1, clip: 3, restart: restart})
			if math.Abs(p.Log) > 1e-9 {
				t.Fatalf("%s: want no evidence from empty bets, got %v", name, p.Log)
			}
		}
		if p.Rest < 0 || restart > 0 && p.Rest != 0 || restart == 0 && p.Rest != 0 {
			t.Errorf("%s: want all capital at stake in the end, got a rest of %v", name, p.Rest)
		}
	}
}

// A share of errors exactly at the limit must not be proven to be above it, nor a share at the relaxed
// limit to be below it, in more than one of twenty runs of 240 looks each.
func TestTypeIError(t *testing.T) {
	t.Parallel()
	const runs, looks, level = 400, 240, 0.05
	rng := rand.New(rand.NewPCG(3, 5))
	// Three standard errors of the share of runs, for chance in the test itself.
	allowed := int(runs * (level + 3*math.Sqrt(level*(1-level)/runs)))
	for _, requests := range []float64{30, 400} {
		for _, row := range []struct {
			name    string
			grid    grid
			side    side
			restart float64
		}{{"violated", against(), above, 0.5 / looks}, {"satisfied", inFavour(), below, 0}} {
			errors := distuv.Binomial{N: requests, P: 0.01, Src: rng}
			proven := 0
			for range runs {
				p, most := newProcess(), 0.0
				for range looks {
					gain := betOnShare(row.grid, row.side, errors.Rand(), requests, 0.01)
					p = p.bet(row.grid, gain, stake{phi: 1, clip: 1.5, restart: row.restart})
					most = max(most, p.Log)
				}
				if most >= -math.Log(level) {
					proven++
				}
			}
			if proven > allowed {
				t.Errorf("%s, %v requests a look: want at most %d of %d runs proven, got %d", row.name, requests, allowed, runs, proven)
			}
		}
	}
}

func TestClipBoundsOneInterval(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := newProcess()
		for range rapid.IntRange(1, 50).Draw(t, "intervals") {
			n := rapid.Float64Range(0, 1e9).Draw(t, "requests")
			e := n * rapid.Float64Range(0, 1).Draw(t, "share")
			before := p
			p = p.bet(against(), betOnShare(against(), above, e, n, 0.01), stake{phi: 1, clip: 1.5, restart: 0.01})
			if math.IsNaN(p.Log) || math.IsInf(p.Log, 0) {
				t.Fatalf("%v errors of %v: evidence %v", e, n, p.Log)
			}
			if p.Log > before.Log+1.5+1e-9 {
				t.Fatalf("%v errors of %v: gained %v nats", e, n, p.Log-before.Log)
			}
		}
	})
}
