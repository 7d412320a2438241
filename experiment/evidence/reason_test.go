package evidence

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		v    float64
		want string
	}{
		{0, "0"}, {0.023456, "0.0235"}, {1, "1"}, {2.3333, "2.33"}, {10, "10"}, {33.04, "33"}, {99.96, "100"}, {181.4, "181"},
		{12345, "12,345"}, {1e-7, "0.0000001"}, {-2.5, "-2.5"}, {1234567, "1,234,567"},
	} {
		if got := number(row.v); got != row.want {
			t.Errorf("number(%v): want %s, got %s", row.v, row.want, got)
		}
	}
	for _, row := range []struct {
		n    int64
		want string
	}{{0, "0"}, {7, "7"}, {99, "99"}, {123, "120"}, {2449, "2,400"}, {2450, "2,500"}, {999, "1,000"}} {
		if got := About(row.n); got != row.want {
			t.Errorf("About(%d): want %s, got %s", row.n, row.want, got)
		}
	}
	for _, row := range []struct {
		o    Objective
		v    float64
		want string
	}{
		{Objective{Kind: ErrorRate}, 0.0231, "error rate 2.31 %"},
		{Objective{Kind: Quantile, Quantile: 0.95}, 131.2, "p95 latency 131 ms"},
		{Objective{Kind: Quantile, Quantile: 0.999}, 0.5, "p99.9 latency 0.5 ms"},
		{Objective{Kind: Mean}, 42.26, "mean latency 42.3 ms"},
	} {
		if got := fmt.Sprintf("%s %s", row.o, row.o.format(row.v)); got != row.want {
			t.Errorf("want %s, got %s", row.want, got)
		}
	}
}

// shape makes every number of a sentence an N, so that sentences can be compared.
func shape(reason string) string {
	reason = regexp.MustCompile(`\d+m\d+s|\d+m?s\b`).ReplaceAllString(reason, "T")
	return regexp.MustCompile(`[\d,]*\d(\.\d+)?`).ReplaceAllString(reason, "N")
}

// Each story is told in words that need no statistics. Listed is every kind of sentence, in order.
func TestReasons(t *testing.T) {
	t.Parallel()
	bad := service{errors: .03, slow: .02}
	shared := between(200*time.Second, 300*time.Second, service{errors: .2, slow: .02}, sound())
	for _, row := range []struct {
		name  string
		world func() world
		want  []string // among the sentences, in this order
	}{
		{"a good one", func() world { return release(50, steady(sound())) }, []string{
			"waiting for the candidate's first request",
			"warming up: not judged for another T",
			"needs about N more requests to be sure of the mean latency",
			"all limits are kept so far, watching for another T",
			"all N limits are kept, proven on N requests",
		}},
		{"a bad one", func() world { return release(50, steady(bad)) }, []string{
			"error rate N % against a limit of N % on N requests, not proven yet",
			"error rate N % against a limit of N %, proven on N requests",
		}},
		{"a crash", func() world { return release(50, failing(.7)) }, []string{"N of N requests failed within T"}},
		{"a late slowness", func() world {
			return release(50, between(4*time.Minute, time.Hour, service{slow: 1}, sound()))
		}, []string{"N of N requests were far too slow within T"}},
		{"an incident of both", func() world { w := release(50, shared); w.baseline = shared; return w }, []string{
			"the baseline is out of its error rate limit too, nothing is judged meanwhile",
			"all N limits are kept, proven on N requests",
		}},
		{"one that is not good enough", func() world { return release(10, failing(.015)) }, []string{
			"error rate N % against a limit of N % on N requests: likely too much, but not proven",
		}},
		{"a short one", func() world { w := release(8, steady(sound())); w.plan.Budget = 90 * time.Second; return w }, []string{
			"time is up: too little is known of the error rate yet",
		}},
		{"a short one by measured values", func() world {
			w := release(3, steady(sound()))
			w.plan.Budget, w.settings.WhenUndecided = 100*time.Second, PointEstimate
			return w
		}, []string{"time is up: all N limits are kept as measured on N requests, though not proven"}},
		{"one without traffic", func() world {
			w := release(20, nil)
			w.plan.MaxWeight, w.plan.Budget = 0, time.Minute
			return w
		}, []string{
			"the plan allows the candidate no traffic",
			"time is up: the plan allows the candidate no traffic",
		}},
		{"missed scrapes", func() world { w := release(50, steady(sound())); w.missing = 0.3; return w }, []string{"no data: no scrape"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := row.world()
			s, _ := w.begin()
			told := []string{shape(s.Call().Reason)}
			w.run(func(_ State, _ Interval, after State) { told = append(told, shape(after.Call().Reason)) })
			told = slices.Compact(told)
			rest := told
			for _, want := range row.want {
				k := slices.Index(rest, want)
				if k < 0 {
					t.Fatalf("want %q in order among\n%s", want, strings.Join(told, "\n"))
				}
				rest = rest[k:]
			}
			for _, sentence := range told {
				if strings.Contains(sentence, "probab") || strings.Contains(sentence, "signific") || len(sentence) > 130 {
					t.Errorf("not for people: %q", sentence)
				}
			}
		})
	}
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Settings{"balanced": Balanced(), "strict": Strict(), "fast": Fast()} {
		got, err := Profile(name)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	if _, err := Profile("bold"); err == nil || !strings.Contains(err.Error(), `"bold"`) {
		t.Errorf("want an error that names it, got %v", err)
	}
}
