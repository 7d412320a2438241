package evidence

import (
	"slices"
	"testing"
	"time"
)

// What is forecast a minute after the warm-up comes to pass, by a factor of three either way. Without
// a soak, so that the evidence decides and not the clock.
func TestForecast(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name      string
		rps       float64
		candidate behaviour
		within    int // of 12 runs
	}{
		{"good", 8, steady(sound()), 9},
		{"near its limit", 50, failing(.006), 9},
		{"bad", 20, failing(.03), 9},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			right := 0
			for seed := range uint64(12) {
				w := release(row.rps, row.candidate)
				w.seed, w.settings.Soak, w.settings.Leaning = seed, 0, 9
				var at time.Duration
				var told Forecast
				s := w.run(func(_ State, _ Interval, after State) {
					if c := after.Call(); told == (Forecast{}) && c.Forecast.Known && after.Evidence.Trials[0].Total.Seconds >= 60 {
						at, told = after.Now, c.Forecast
					}
				})
				if took := s.Now - at; told.Known && told.Soonest/3 <= took && took <= 3*told.Latest+10*time.Second {
					right++
				}
			}
			if right < row.within {
				t.Errorf("want %d of 12 forecasts right, got %d", row.within, right)
			}
		})
	}
}

func TestForecastIsInOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(worlds) {
		anyWorld(seed).run(func(_ State, _ Interval, after State) {
			f := after.Call().Forecast
			if f.Soonest < 0 || f.Latest < f.Soonest || f.Requests < 0 || f.MaxRequests < f.Requests || !f.Known && f.Latest != 0 {
				t.Fatalf("seed %d: %+v", seed, f)
			}
		})
	}
}

// A candidate just beyond its limit cannot be told from one just inside in a few minutes: after the
// soak it is given up, not watched to the end.
func TestHopelessEndsEarly(t *testing.T) {
	t.Parallel()
	var causes []cause
	for seed := range uint64(12) {
		w := release(3, failing(.012))
		w.seed = seed
		s := w.run(nil)
		causes = append(causes, s.Decision.Cause)
		if s.Decision.Cause == hopeless && s.Now < s.soak() {
			t.Errorf("seed %d: given up after %s", seed, s.Now)
		}
	}
	if !slices.Contains(causes, hopeless) {
		t.Errorf("want some given up as hopeless, got %v", causes)
	}
}
