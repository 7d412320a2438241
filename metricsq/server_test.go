package metricsq

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"perch/experiment"
)

// since and now are ten seconds apart.
func since() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
func now() time.Time   { return since().Add(10 * time.Second) }

// one is what Prometheus answers to a query with one value.
func one(value string) string {
	return `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1772366410,"` + value + `"]}]}}`
}

// open starts a backend and a client of it.
func open(t *testing.T, backend http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(backend)
	t.Cleanup(server.Close)
	return openURL(t, server.URL)
}

func openURL(t *testing.T, url string) *Client {
	t.Helper()
	c, err := Open(Options{URL: url, Timeout: 10 * time.Second, Backoff: -1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// answering makes a backend that always answers the same.
func answering(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// counting answers queries for counts with one value and all others with another.
func counting(count, other string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		value := other
		if strings.HasPrefix(r.FormValue("query"), "sum(") {
			value = count
		}
		_, _ = w.Write([]byte(one(value)))
	}
}

// awaitGone tells that a request has come, and hangs until its client has gone.
func awaitGone(r *http.Request, come func()) {
	_ = r.ParseForm() // the server sees that a client has gone only when the body is read
	come()
	<-r.Context().Done()
}

// spec refers to metrics, as objectives, of the two versions of the tutorial.
func spec(metrics ...string) experiment.Spec {
	s := experiment.Spec{Versions: []experiment.Version{
		{Name: "current", Variables: map[string]string{"revision": "sample-app-v1"}},
		{Name: "candidate", Variables: map[string]string{"revision": "sample-app-v2"}},
	}}
	for _, m := range metrics {
		s.Criteria.Objectives = append(s.Criteria.Objectives, experiment.Objective{Metric: m})
	}
	return s
}

// first measures one metric and gives the sample of the baseline.
func first(ctx context.Context, c *Client) experiment.Sample {
	return c.Measure(ctx, spec("iter8-knative/request-count"), since(), now())[0]
}
