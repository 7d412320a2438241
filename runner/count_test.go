package runner

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"perch/experiment"
	"perch/experiment/evidence"
)

// scrapes is a counter of a service with 50 requests a second, scraped every five seconds.
type scrapes struct {
	*fakeCluster
	cadence time.Duration
	errors  float64 // share of the candidate's requests that fail
	down    bool
	asked   []Span
}

func (s *scrapes) Cadence(context.Context, experiment.Spec) time.Duration { return s.cadence }

func (s *scrapes) History(context.Context, experiment.Spec, time.Time) []experiment.Tally { return nil }

// Count gives a tally of both versions for every whole scrape of the span.
func (s *scrapes) Count(_ context.Context, spec experiment.Spec, span Span) []experiment.Tally {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, span)
	from := span.After
	if from.IsZero() {
		from = span.Started
	}
	var list []experiment.Tally
	for to := from.Add(s.cadence); !to.After(span.Now); from, to = to, to.Add(s.cadence) {
		for i, v := range spec.Versions {
			n := int64(s.cadence.Seconds()*50) * int64(s.split.Of(i)) / 100
			t := experiment.Tally{
				Family: "f", Version: v.Name, From: from, To: to, Requests: n,
				Bounds: []float64{50}, Buckets: []int64{n, 0}, Sum: 10 * float64(n),
			}
			if i > 0 {
				t.Errors = int64(s.errors * float64(n))
			}
			if s.down {
				t = experiment.Tally{Family: "f", Version: v.Name, Missing: experiment.Unreachable}
			}
			list = append(list, t)
		}
	}
	return list
}

// weighing makes a trial one of the judge evidence.
func weighing(tr *trial, minutes int) *scrapes {
	c := &scrapes{fakeCluster: tr.fakeCluster, cadence: 5 * time.Second}
	settings := evidence.Balanced()
	tr.config.Counter, tr.config.Judge = c, experiment.ByEvidence
	tr.config.Setup.Judge, tr.config.Setup.Evidence = experiment.JudgeEvidence, &settings
	tr.config.Setup.Spec.Duration.IterationsPerLoop = 6 * minutes
	for i, o := range tr.config.Setup.Spec.Criteria.Objectives {
		m := experiment.Metric{Ref: o.Metric, Label: o.Metric, Family: "f", Kind: experiment.MeanLatency}
		switch i {
		case 1:
			m.Kind, m.Quantile = experiment.TailQuantile, 0.95
		case 2:
			m.Kind = experiment.ErrorRate
		}
		tr.config.Setup.Metrics = append(tr.config.Setup.Metrics, m)
	}
	return c
}

func TestEveryScrapeIsCountedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Always)
		c := weighing(tr, 40)
		s := tr.run(t, t.Context())
		if s.Ended.Outcome != experiment.OutcomePromoted || s.Iteration > 60 {
			t.Errorf("ended %+v in iteration %d, want promoted long before the last", s.Ended, s.Iteration)
		}
		var scraped []time.Time
		for _, e := range tr.events {
			if f, ok := e.Fact.(experiment.Counted); ok {
				for _, tally := range f.Tallies {
					scraped = append(scraped, tally.To)
				}
			}
		}
		for i := 2; i < len(scraped); i += 2 {
			if gap := scraped[i].Sub(scraped[i-2]); gap != c.cadence {
				t.Fatalf("scrapes %s apart were counted, want %s", gap, c.cadence)
			}
		}
		if names := tr.names(); !strings.Contains(names, "decided counted counted measured decided") {
			t.Errorf("want counts between the looks and with them: %s", names)
		}
	})
}

func TestACatastropheEndsARunBetweenTwoLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Always)
		tr.config.Setup.Spec.Duration.IntervalSeconds = 60
		c := weighing(tr, 10)
		began := time.Time{}
		shifts := 0
		tr.on = func(e experiment.Event) {
			if e.Name() != "shifted" {
				return
			}
			if shifts++; shifts == 3 {
				c.mu.Lock()
				defer c.mu.Unlock()
				c.errors, began = 0.5, e.At
			}
		}
		s := tr.run(t, t.Context())
		if took := s.Ended == nil || s.At.Sub(began) > 15*time.Second; s.Ended.Outcome != experiment.OutcomeRolledBack || took {
			t.Errorf("ended %+v %s after half of all requests failed, want a roll back within three scrapes", s.Ended, s.At.Sub(began))
		}
	})
}

func TestCountsThatFailAreNoEventsBetweenLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Always)
		c := weighing(tr, 5)
		c.down = true
		tr.sendOn("decided", 4, experiment.Stop)
		tr.run(t, t.Context())
		if names := tr.names(); strings.Contains(names, "counted counted") {
			t.Errorf("an outage fills the record: %s", names)
		}
	})
}

func TestLookEvery(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ flag, cadence, want time.Duration }{
		"as asked":               {3 * time.Second, 5 * time.Second, 3 * time.Second},
		"as scraped":             {0, 7 * time.Second, 7 * time.Second},
		"nobody knows":           {0, 0, usualLook},
		"never longer than that": {time.Minute, 0, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(t, Always)
			c := weighing(tr, 1)
			c.cadence, tr.config.LookEvery = tt.cadence, tt.flag
			if got := New(tr.config).lookEvery(t.Context(), tr.config.Setup.Spec); got != tt.want {
				t.Errorf("want %s, got %s", tt.want, got)
			}
		})
	}
}

func TestAResumedRunCountsFromWhereItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Always)
		c := weighing(tr, 40)
		tr.sendOn("decided", 8, experiment.Stop)
		before := tr.run(t, t.Context())
		time.Sleep(time.Minute)
		known := len(c.asked)
		again := newTrial(t, Always)
		again.config, again.fakeCluster = tr.config, tr.fakeCluster
		again.config.Resumed = &experiment.Resumed{Before: &before}
		s := again.run(t, t.Context())
		if s.Ended.Outcome != experiment.OutcomePromoted {
			t.Errorf("ended %+v", s.Ended)
		}
		if after := c.asked[known:]; len(after) == 0 || !after[0].After.Equal(before.Weighing.To) || !after[0].Started.Equal(before.Since) {
			t.Errorf("want to count from %s on, got %v", before.Weighing.To, slices.Collect(slices.Values(after[:min(1, len(after))])))
		}
	})
}

// Few requests prove nothing. A person is asked whether to promote what was measured to be good; without
// one the run ends undecided.
func TestUndecidedEvidenceIsForAPerson(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		approval Approval
		outcome  experiment.Outcome
		facts    string
	}{
		"nobody there":          {Always, experiment.OutcomeUndecided, "decided ended"},
		"promoted all the same": {Ask, experiment.OutcomePromoted, "asked obeyed promoting promoted ended"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tr := newTrial(t, tt.approval)
				weighing(tr, 1)
				tr.config.Setup.Policy.OnInconclusive = experiment.AskPerson
				var question experiment.Asked
				tr.on = func(e experiment.Event) {
					if f, ok := e.Fact.(experiment.Asked); ok {
						question = f
					}
				}
				tr.sendOn("asked", 1, experiment.Approve)
				s := tr.run(t, t.Context())
				if s.Ended.Outcome != tt.outcome || !strings.HasSuffix(tr.names(), tt.facts) {
					t.Errorf("ended %+v by %s", s.Ended, tr.names())
				}
				if tt.approval == Ask && (question.Question != experiment.ToPromote || !strings.HasPrefix(question.Against[0], "undecided: ")) {
					t.Errorf("asked %+v", question)
				}
			})
		})
	}
}

// A withdrawal that was given up may have landed: less than was seen may be more than there is.
func TestCountsMoveNothingOnASplitThatIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, Ask)
		tr.config.Setup.Spec.Duration.IntervalSeconds = 60
		weighing(tr, 10)
		down, err := experiment.NewSplit(69, 31)
		if err != nil {
			t.Fatal(err)
		}
		tr.begin = down
		var asked []string
		tr.shift = func(_ context.Context, to experiment.Split) error {
			asked = append(asked, to.String())
			return errDown
		}
		tr.sendOn("counted", 6, experiment.Stop)
		tr.run(t, t.Context())
		if len(asked) != 1 {
			t.Errorf("before the next look, traffic was moved to %v, want one attempt", asked)
		}
	})
}
