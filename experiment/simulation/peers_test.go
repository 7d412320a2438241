package simulation

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"perch/experiment/evidence"
)

// path lets a rule decide a service and writes down what it did: "5 25 45 promoted after 30s".
func path(r Rule, s Service) string {
	e := newEnvironment(&s, r.ends(s.Plan), 1)
	t := newTraffic(e)
	d, weight := r.begin(e)
	words := []string{fmt.Sprint(weight)}
	for i := e.history; i < len(e.ticks); i++ {
		t.flow(i, weight)
		v := view{at: e.start(i + 1), weight: weight}
		v.gained, v.scraped = t.scrape(i)
		m := d.look(v)
		if m.outcome != Unfinished {
			words = append(words, fmt.Sprintf("%s after %s", m.outcome, v.at))
			break
		}
		if m.weight != weight {
			words = append(words, fmt.Sprint(m.weight))
		}
		weight = m.weight
	}
	return strings.Join(words, " ")
}

// TestPeersGoTheirWay: with thousands of requests nothing is left to chance.
func TestPeersGoTheirWay(t *testing.T) {
	t.Parallel()
	tutorial := Iter8("", 10*time.Second, 10)
	good := standard("good", Good, 2000)
	bad := scenario(Bad, "bad", 2000, failing(0.1))
	silent := standard("silent", Good, 0)
	twice := scenario(Good, "fails twice", 2000, outage(65*time.Second, 175*time.Second, 0.5))
	fourTimes := scenario(Good, "fails four times", 2000, outage(65*time.Second, 295*time.Second, 0.5))
	for _, row := range []struct {
		name    string
		rule    Rule
		service Service
		want    string
	}{
		{"iter8, good", tutorial, good, "5 25 45 65 75 promoted after 1m40s"},
		{"iter8, bad", tutorial, bad, "5 rolledBack after 1m40s"},
		{"iter8, no requests", tutorial, silent, "5 rolledBack after 1m40s"},
		{"iter8, outage that is in the sum for ever", Iter8("", 10*time.Second, 17), twice, "5 25 45 65 75 5 rolledBack after 3m0s"},
		{"argo, good", Argo("", 0), good, "20 40 60 80 promoted after 40m0s"},
		{"argo, first failure", Argo("", 0), bad, "20 rolledBack after 1m0s"},
		{"argo, fourth failure", Argo("", 3), bad, "20 rolledBack after 4m0s"},
		{"argo, two failures of four", Argo("", 3), twice, "20 40 60 80 promoted after 40m0s"},
		{"argo, five errors ten seconds apart", Argo("", 0), silent, "20 rolledBack after 1m40s"},
		{"flagger, good", Flagger(""), good, "10 20 30 40 50 promoted after 5m0s"},
		{"flagger, bad", Flagger(""), bad, "10 rolledBack after 6m0s"},
		{"flagger, no requests", Flagger(""), silent, "10 rolledBack after 6m0s"},
		{"flagger, four failures of five", Flagger(""), fourTimes, "10 20 30 40 50 promoted after 9m0s"},
	} {
		if got := path(row.rule, row.service); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}

// TestIter8StaysWithinThePlan: the increment and the maximum bind, also below Iter8's 5 %.
func TestIter8StaysWithinThePlan(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		old      int
		feasible bool
		plan     evidence.Plan
		want     int
	}{
		{0, false, evidence.Plan{MaxWeight: 75, MaxIncrement: 20}, 5},
		{0, false, evidence.Plan{MaxWeight: 3, MaxIncrement: 20}, 3},
		{0, false, evidence.Plan{MaxWeight: 75, MaxIncrement: 2}, 2},
		{65, true, evidence.Plan{MaxWeight: 75, MaxIncrement: 20}, 75},
		{90, true, evidence.Plan{MaxWeight: 100, MaxIncrement: 20}, 95},
		{75, false, evidence.Plan{MaxWeight: 75, MaxIncrement: 20}, 5},
	} {
		if got := iter8Weight(row.old, row.feasible, row.plan); got != row.want {
			t.Errorf("from %d, feasible %v, %+v: %d, want %d", row.old, row.feasible, row.plan, got, row.want)
		}
	}
}
