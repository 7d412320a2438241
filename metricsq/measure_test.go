package metricsq

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

func TestMeasureAnswersInTheOrderOfTheSpec(t *testing.T) {
	t.Parallel()
	c := open(t, counting("120.5", "42"))
	s := spec("iter8-knative/mean-latency", "iter8-knative/error-rate")
	s.Criteria.Indicators = []string{"iter8-knative/error-count", "iter8-knative/mean-latency"}
	s.Criteria.RequestCount = "iter8-knative/request-count"
	type row struct {
		Metric, Version string
		Value, Requests *float64
	}
	var got []row
	for _, x := range c.Measure(t.Context(), s, since(), now()) {
		got = append(got, row{x.Metric, x.Version, x.Value, x.Requests})
	}
	want := []row{
		{"iter8-knative/mean-latency", "current", new(42.0), new(120.5)},
		{"iter8-knative/mean-latency", "candidate", new(42.0), new(120.5)},
		{"iter8-knative/error-rate", "current", new(42.0), new(120.5)},
		{"iter8-knative/error-rate", "candidate", new(42.0), new(120.5)},
		{"iter8-knative/error-count", "current", new(120.5), nil},
		{"iter8-knative/error-count", "candidate", new(120.5), nil},
		{"iter8-knative/request-count", "current", new(120.5), nil},
		{"iter8-knative/request-count", "candidate", new(120.5), nil},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMeasureSendsTheQueryThatItReports(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var sent []string
	c := open(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		sent = append(sent, r.FormValue("time")+" "+r.FormValue("query"))
		_, _ = w.Write([]byte(one("1")))
	})
	s := spec("iter8-knative/95th-percentile-tail-latency")
	s.Versions = s.Versions[1:]
	got := c.Measure(t.Context(), s, since(), now())
	query := "histogram_quantile(0.95, sum(rate(revision_app_request_latencies_bucket{revision_name='sample-app-v2'}[10s])) by (le))"
	if len(got) != 1 || got[0].Query != query {
		t.Errorf("want the query %s, got %+v", query, got)
	}
	if want := "1772366410 " + query; !strings.Contains(strings.Join(sent, "\n"), want) {
		t.Errorf("want %s among\n%s", want, strings.Join(sent, "\n"))
	}
}

func TestMeasureAsksOncePerVersionForCounts(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	c := open(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write([]byte(one("1")))
	})
	s := spec("iter8-knative/mean-latency", "iter8-knative/95th-percentile-tail-latency", "iter8-knative/error-rate")
	c.Measure(t.Context(), s, since(), now())
	if got := asked.Load(); got != 9 {
		t.Errorf("want 9 queries, four metrics of two versions and one for the scrapes, got %d", got)
	}
}

func TestMeasureSaysThatNoPackHasAMetric(t *testing.T) {
	t.Parallel()
	c := open(t, answering(http.StatusOK, one("1")))
	got := c.Measure(t.Context(), spec("shop/carts"), since(), now())
	want := []experiment.Sample{
		{Metric: "shop/carts", Version: "current", Detail: "no metric pack has it"},
		{Metric: "shop/carts", Version: "candidate", Detail: "no metric pack has it"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The backend holds every query until as many are under way as may be, and never sees one more.
func TestMeasureBoundsTheQueriesUnderWay(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var underWay, most int
	full := make(chan struct{}) // closed when parallelQueries are under way
	c := open(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		underWay++
		if underWay == parallelQueries && most < parallelQueries {
			close(full)
		}
		most = max(most, underWay)
		mu.Unlock()
		select {
		case <-full:
		case <-r.Context().Done():
		}
		mu.Lock()
		underWay--
		mu.Unlock()
		_, _ = w.Write([]byte(one("1")))
	})
	s := spec("iter8-knative/mean-latency", "iter8-knative/error-rate", "iter8-knative/error-count")
	for _, sample := range c.Measure(t.Context(), s, since(), now()) {
		if sample.Value == nil {
			t.Errorf("no value: %+v", sample)
		}
	}
	if most != parallelQueries {
		t.Errorf("want %d queries at once, got %d", parallelQueries, most)
	}
}

func TestMeasureReturnsWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := open(t, func(_ http.ResponseWriter, r *http.Request) {
		awaitGone(r, cancel)
	})
	for _, got := range c.Measure(ctx, spec("iter8-knative/mean-latency"), since(), now()) {
		if got.Missing != experiment.Unreachable || got.Detail != "the query was cancelled" {
			t.Errorf("want unreachable, cancelled; got %+v", got)
		}
	}
}

func TestMeasureGivesEachQueryADeadline(t *testing.T) {
	t.Parallel()
	c := open(t, func(_ http.ResponseWriter, r *http.Request) { awaitGone(r, func() {}) })
	c.timeout = 1 // nanosecond
	got := first(t.Context(), c)
	if got.Missing != experiment.Unreachable || got.Detail != "no answer in time" {
		t.Errorf("want unreachable, no answer in time; got %+v", got)
	}
}

func TestMeasureTellsPrometheusTheDeadline(t *testing.T) {
	t.Parallel()
	c := open(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(strings.ReplaceAll(one("#"), "#", strings.TrimSuffix(r.FormValue("timeout"), "s"))))
	})
	if got := first(t.Context(), c); got.Value == nil || *got.Value != 10 {
		t.Errorf("want the timeout 10 s, got %+v", got)
	}
}
