package simulation

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// silent is for those who want no progress.
func silent(int, int) {}

// peers are the rules that are not Perch's.
func peers() []Rule {
	return slices.DeleteFunc(Rules(), func(r Rule) bool { return !r.Peer })
}

// named finds a scenario.
func named(tb testing.TB, name string) Service {
	tb.Helper()
	all := Scenarios()
	i := slices.IndexFunc(all, func(s Service) bool { return s.Name == name })
	if i < 0 {
		tb.Fatalf("there is no scenario %s", name)
	}
	return all[i]
}

// TestPeersComeOutAsElsewhere compares with the wrong decisions, in percent, that another simulator
// of the same rules counted in 1,000 runs.
func TestPeersComeOutAsElsewhere(t *testing.T) {
	t.Parallel()
	const runs = 60
	rows := []struct {
		scenario                       string
		iter8, long, fl0, fl3, flagger float64
	}{
		{"G1-good-100rps", 0, 0, 0, 0, 0},
		{"G2-good-1rps", 31.7, 1.5, 99.9, 84.8, 1.5},
		{"G3-good-5rps", 15.8, 0, 92.4, 8.1, 0},
		{"G4-near-limit-50rps", 15.8, 0, 98.9, 63.8, 0.4},
		{"G6-bursts-50rps", 20.5, 3.8, 99, 78.9, 0.6},
		{"G7-warm-up-30s-50rps", 100, 0, 100, 0, 0},
		{"G12-outage-of-both-50rps", 0.2, 100, 100, 0, 0},
		{"G14-0.9x-limit-50rps", 61, 18, 100, 100, 54.1},
		{"B0-errors-1.1x-50rps", 32.1, 2.1, 0, 0, 35.1},
		{"B1-errors-1.2x-50rps", 21.5, 0.4, 0, 0, 13.4},
		{"B4-errors-2x-1rps", 60.9, 1.2, 0, 0, 82.4},
		{"B11-ramp-50rps", 99.7, 0, 0, 0, 1.6},
		{"N1-errors-at-limit-50rps", 55.8, 73.9, 100, 100, 41.3},
	}
	var list []Service
	for _, row := range rows {
		list = append(list, named(t, row.scenario))
	}
	report, err := Suite{Scenarios: list, Runs: runs, Rules: peers(), Seed: 1}.Play(t.Context(), silent)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for i, want := range []float64{row.iter8, row.long, row.fl0, row.fl3, row.flagger} {
			rule := peers()[i].Name
			got, ok := report.Cell(row.scenario, rule)
			if !ok {
				t.Fatalf("no cell %s, %s", row.scenario, rule)
			}
			// Five standard errors, and three percent for what differs.
			tolerance := 0.03 + 5*(got.Wrong.High-got.Wrong.Low)/4
			near(t, row.scenario+" "+rule, got.Wrong.Of, want/100, tolerance)
		}
	}
}

// TestPlayIsReproducible: the same seed gives the same report, whatever the scheduling; another
// seed gives another.
func TestPlayIsReproducible(t *testing.T) {
	t.Parallel()
	report := func(seed uint64) Report {
		s := Suite{Scenarios: Scenarios()[1:3], Runs: 20, Random: 20, Rules: peers(), Seed: seed}
		r, err := s.Play(t.Context(), silent)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := report(1)
	if diff := cmp.Diff(first, report(1)); diff != "" {
		t.Errorf("played again (-first +again):\n%s", diff)
	}
	if cmp.Equal(first.Cells, report(2).Cells) {
		t.Error("another seed gives the same cells")
	}
}

func TestPlayTellsItsProgressAndStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var told []int
	s := Suite{Random: 1000, Rules: peers(), Seed: 1}
	_, err := s.Play(ctx, func(done, total int) {
		if total != 1000 {
			t.Errorf("total %d, want 1000", total)
		}
		if told = append(told, done); done == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v, want %v", err, context.Canceled)
	}
	if len(told) < 3 || len(told) > 10 || !slices.IsSorted(told) {
		t.Errorf("told %v after a cancel at 3", told)
	}
}

// TestRandomServicesAreWhatTheySay: good ones keep all limits, bad ones miss exactly one. A mean
// that a few requests stall into is missed alone, a slow half of all requests takes the mean along.
func TestRandomServicesAreWhatTheySay(t *testing.T) {
	t.Parallel()
	for n := range uint64(2000) {
		s := Random(1, n)
		c := s.Candidate
		rate := c.Errors
		if b := c.Bursts; b.Length > 0 {
			share := b.Length.Seconds() / (b.Length + b.Gap).Seconds()
			rate = (1-share)*c.Errors + share*b.Errors
		}
		misses := rate >= 0.0125-1e-9 || c.Latency.Above(100) >= 0.0624 || c.Latency.Mean() >= 62.5-1e-9
		keeps := rate <= 0.0085 && c.Latency.Above(100) <= 0.0425 && c.Latency.Mean() <= 40
		if s.Rate < 1 || s.Rate > 2000 || misses != (s.Truth == Bad) || keeps != (s.Truth == Good) {
			t.Errorf("service %d is %s: %g rps, errors %g, slow %g, mean %g", n, s.Truth, s.Rate, rate,
				c.Latency.Above(100), c.Latency.Mean())
		}
	}
}

func TestScenariosHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range Scenarios() {
		if seen[s.Name] {
			t.Errorf("two scenarios are called %s", s.Name)
		}
		seen[s.Name] = true
	}
}

// BenchmarkPlay is the time of one random service under all rules.
func BenchmarkPlay(b *testing.B) {
	rules := Rules()
	n := uint64(0)
	for b.Loop() {
		s := Random(1, n)
		runs(&s, rules, n)
		n++
	}
}
