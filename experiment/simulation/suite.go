package simulation

import (
	"context"
	"time"

	"perch/experiment/evidence"
)

// A Suite compares rules on identical traffic.
type Suite struct {
	Scenarios []Service
	Runs      int // of each scenario
	Random    int // random services, each played once
	Rules     []Rule
	Seed      uint64
}

// Rules are those that the suite compares: Perch's first.
func Rules() []Rule {
	return []Rule{
		Perch("perch", evidence.Balanced()),
		Perch("perch-strict", evidence.Strict()),
		compatible("perch-100s"),
		Iter8("iter8", 10*time.Second, 10),
		Iter8("iter8-40m", 10*time.Second, 217),
		Argo("argo-fl0", 0),
		Argo("argo-fl3", 3),
		Flagger("flagger"),
	}
}

// Play plays the whole suite.
func (s Suite) Play(ctx context.Context, tell Progress) (Report, error) {
	results, err := play(ctx, s.games(), s.Rules, tell)
	if err != nil {
		return Report{}, err
	}
	report := Report{Seed: s.Seed, Runs: s.Runs, Random: s.Random}
	for i, service := range s.Scenarios {
		report.add(service.Name, service.Truth, s.Rules, results[i*s.Runs:(i+1)*s.Runs])
	}
	random := results[len(s.Scenarios)*s.Runs:]
	for odd, truth := range []Truth{Good, Bad} {
		report.add("random-"+string(truth), truth, s.Rules, everySecond(random, odd))
	}
	report.compare(s.Rules)
	return report, nil
}

// games lists the scenarios, each Runs times, and then the random services.
func (s Suite) games() []game {
	var list []game
	for i, service := range s.Scenarios {
		for n := range s.Runs {
			list = append(list, game{func() Service { return service }, seedOf(s.Seed, i+1, n)})
		}
	}
	for n := range s.Random {
		list = append(list, game{func() Service { return Random(s.Seed, uint64(n)) }, seedOf(s.Seed, 0, n)})
	}
	return list
}

// seedOf is the seed of the n-th run of a scenario.
func seedOf(seed uint64, scenario, n int) uint64 {
	return scramble(seed ^ scramble(uint64(scenario)<<32|uint64(n)))
}

func everySecond(results [][]Run, from int) [][]Run {
	var list [][]Run
	for i := from; i < len(results); i += 2 {
		list = append(list, results[i])
	}
	return list
}
