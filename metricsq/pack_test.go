package metricsq

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

func TestPacksAreWellFormed(t *testing.T) {
	t.Parallel()
	all, err := load()
	if err != nil {
		t.Fatal(err)
	}
	for ref, m := range all {
		if m.Label == "" || len(m.Label) > 14 {
			t.Errorf("%s: label %q is missing or too long for a table", ref, m.Label)
		}
		if _, ok := all[m.sampleSize]; m.sampleSize != "" && !ok {
			t.Errorf("%s: its sample size %s is in no pack", ref, m.sampleSize)
		}
		if strings.Count(m.query, "(") != strings.Count(m.query, ")") || !strings.Contains(m.query, "$revision") {
			t.Errorf("%s: query %q", ref, m.query)
		}
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	s := spec()
	s.Criteria.RequestCount = "iter8-knative/request-count"
	s.Criteria.Indicators = []string{"iter8-knative/error-rate"}
	got, err := Describe(s)
	want := []experiment.Metric{
		{Ref: "iter8-knative/mean-latency", Label: "mean latency", Units: experiment.Milliseconds},
		{Ref: "iter8-knative/error-rate", Label: "error rate", Units: experiment.Fraction},
		{Ref: "iter8-knative/request-count", Label: "requests"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, metrics (-want +got):\n%s", err, diff)
	}
	s.Criteria.Indicators = []string{"mine/a", "mine/b"}
	_, err = Describe(s)
	if err == nil || err.Error() != "unknown metric mine/a, mine/b" || !strings.Contains(experiment.HintOf(err), "iter8-knative/error-rate") {
		t.Errorf("unknown metrics: %v, hint %q", err, experiment.HintOf(err))
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	v := experiment.Version{Name: "candidate", Variables: map[string]string{"revision": "v2", "odd": `a'b"c\`, "elapsedTime": "99"}}
	tests := map[string]struct{ query, want string }{
		"both forms":          {"$revision ${revision}", "v2 v2"},
		"the name":            {"$name", "candidate"},
		"a dollar":            {"$$5", "$5"},
		"unknown stays":       {"$nobody ${nobody}", "$nobody ${nobody}"},
		"elapsed time wins":   {"[${elapsedTime}s]", "[10s]"},
		"values cannot break": {"'$odd'", `'a\'b\"c\\'`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := resolve(tt.query, v, time.Unix(0, 0), time.Unix(10, 9e8)); got != tt.want {
				t.Errorf("resolve(%q) = %q, want %q", tt.query, got, tt.want)
			}
		})
	}
	if got := resolve("$elapsedTime", v, time.Unix(10, 0), time.Unix(10, 0)); got != "1" {
		t.Errorf("at the start: %q, want 1", got)
	}
}
