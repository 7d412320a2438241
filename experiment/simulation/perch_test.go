package simulation

import (
	"testing"
	"time"

	"perch/experiment/evidence"
)

// TestPastIsTheBaselines: half an hour before the experiment, scrape after scrape.
func TestPastIsTheBaselines(t *testing.T) {
	t.Parallel()
	s := standard("past", Good, 50)
	s.Scrapes = Scrapes{Every: 15 * time.Second, Miss: 0.3}
	list := newEnvironment(&s, time.Minute, 1).past()
	if len(list) < 60 || len(list) > 110 {
		t.Errorf("%d intervals of 120 less 30 %%", len(list))
	}
	end := -historyLength
	for _, i := range list {
		if i.Start != end || i.End <= i.Start || i.End > 0 || i.Baseline.Requests == 0 || i.Candidate.Requests != 0 {
			t.Fatalf("after %s comes %+v", end, i)
		}
		end = i.End
	}
	near(t, "requests a second", float64(list[3].Baseline.Requests)/(list[3].End-list[3].Start).Seconds(), 50, 10)
}

// TestPerchStaysWithinThePlan: whatever happens, weights rise at iterations only, by the increment
// at most, and never beyond the maximum.
func TestPerchStaysWithinThePlan(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"G1-good-100rps", "G9-shared-incident-50rps", "G10-missed-scrapes-20rps", "B13-under-load-50rps"} {
		s := named(t, name)
		s.Plan.Interval, s.Plan.MaxWeight, s.Plan.MaxIncrement = 20*time.Second, 60, 7
		e := newEnvironment(&s, s.Plan.Budget, 1)
		traffic := newTraffic(e)
		d, weight := beginPerch(e, evidence.Balanced(), s.Plan)
		last := time.Duration(0) // when an iteration was last used for a rise
		for i := e.history; i < len(e.ticks); i++ {
			traffic.flow(i, weight)
			v := view{at: e.start(i + 1), weight: weight, missed: e.ticks[i].missed}
			v.gained, v.scraped = traffic.scrape(i)
			m := d.look(v)
			if m.outcome != Unfinished {
				break
			}
			iteration := v.at.Truncate(s.Plan.Interval)
			if m.weight > weight && (m.weight > weight+7 || iteration == last || !v.scraped) || m.weight > 60 || m.weight < 0 {
				t.Errorf("%s at %s: from %d to %d %%, scraped %v, last rise in the iteration of %s", name, v.at, weight, m.weight, v.scraped, last)
			}
			if m.weight > weight {
				last = iteration
			}
			weight = m.weight
		}
	}
}

// TestPerchKeepsItsPromises: no more than one in twenty wrong decisions where the truth is clear
// (and three standard errors for chance), with few bad requests where much is at stake.
func TestPerchKeepsItsPromises(t *testing.T) {
	t.Parallel()
	const runs = 20
	rows := []struct {
		scenario string
		harm     float64 // at most, in the mean; 0: not asked
	}{
		{"G1-good-100rps", 0},
		{"G3-good-5rps", 0},
		{"G4-near-limit-50rps", 0},
		{"G6c-candidate-bursts-50rps", 0},
		{"G7b-warm-up-60s-50rps", 0},
		{"G9-shared-incident-50rps", 0},
		{"B1b-errors-1.5x-50rps", 200},
		{"B2-errors-2x-50rps", 100},
		{"B6-errors-2x-2000rps", 200},
		{"B9-slow-50%-50rps", 400},
		{"B14-errors-10x-2000rps", 150},
		{"B18-both-bad-50rps", 1},
		{"N1-errors-at-limit-50rps", 0},
	}
	var list []Service
	for _, row := range rows {
		list = append(list, named(t, row.scenario))
	}
	report, err := Suite{Scenarios: list, Runs: runs, Rules: Rules()[:1], Seed: 1}.Play(t.Context(), silent)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		c, _ := report.Cell(row.scenario, Rules()[0].Name)
		if c.Runs != runs || c.Wrong.Count > 3 { // 20 (0.05 + 3 sqrt(0.05*0.95/20)) is 3.9
			t.Errorf("%s: %d of %d decisions are wrong", row.scenario, c.Wrong.Count, c.Runs)
		}
		if row.harm > 0 && c.Harm > row.harm {
			t.Errorf("%s: %g requests are harmed, want at most %g", row.scenario, c.Harm, row.harm)
		}
	}
}

// TestRunsEnd: a rule that never decides is undecided when its time is over.
func TestRunsEnd(t *testing.T) {
	t.Parallel()
	s := standard("silent", Good, 0)
	never := Rule{
		Name:  "never",
		begin: func(*environment) (driver, int) { return idle{}, 5 },
		ends:  func(evidence.Plan) time.Duration { return 42 * time.Second },
	}
	got := runs(&s, []Rule{never}, 1)[0]
	if got.Outcome != Undecided || got.Took != 45*time.Second || got.Requests != 0 {
		t.Errorf("%+v, want undecided after the tick that ends it", got)
	}
	if got.Wrong(Good) || got.Wrong(Bad) || got.Right(Good) || got.Right(Bad) {
		t.Error("undecided is right or wrong")
	}
}

type idle struct{}

func (idle) look(v view) move { return move{weight: v.weight} }
