package metricsq

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

func spec() experiment.Spec {
	return experiment.Spec{
		Criteria: experiment.Criteria{Objectives: []experiment.Objective{
			{Metric: "iter8-knative/mean-latency"}, {Metric: "iter8-knative/error-rate"},
		}},
		Versions: []experiment.Version{
			{Name: "current", Variables: map[string]string{"revision": "app-v1"}},
			{Name: "candidate", Variables: map[string]string{"revision": "app-v2"}},
		},
	}
}

// backend answers every query with one status and body.
func backend(t *testing.T, status int, body string) *Client {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
}

func serve(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := Open(Options{URL: strings.Replace(server.URL, "http://", "http://user:hunter2@", 1)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func vector(values ...string) string {
	var series []string
	for i, v := range values {
		series = append(series, fmt.Sprintf(`{"metric":{"n":"%d"},"value":[1,%q]}`, i, v))
	}
	return fmt.Sprintf(`{"status":"success","data":{"resultType":"vector","result":[%s]}}`, strings.Join(series, ","))
}

func TestOddAnswersHaveEachTheirReason(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status  int
		body    string
		missing experiment.Missing
		detail  string
	}{
		"NaN":           {200, vector("NaN"), experiment.NoRequests, ""},
		"empty":         {200, vector(), experiment.NoSeries, ""},
		"two series":    {200, vector("1", "2"), experiment.Ambiguous, "2 series, want one"},
		"infinite":      {200, vector("+Inf"), experiment.NotANumber, ""},
		"a string":      {200, `{"status":"success","data":{"resultType":"string","result":[1,"x"]}}`, experiment.Rejected, "the answer is not Prometheus'"},
		"bad query":     {400, `{"status":"error","errorType":"bad_data","error":"parse error"}`, experiment.Rejected, "parse error"},
		"query timeout": {503, `{"status":"error","errorType":"timeout","error":"query timed out"}`, experiment.Unreachable, "server error: 503"},
		"unavailable":   {503, "try later", experiment.Unreachable, "server error: 503"},
		"unauthorized":  {401, "no", experiment.Rejected, "Unauthorized (401): the credentials are missing or wrong"},
		"forbidden":     {403, "no", experiment.Rejected, "Forbidden (403): the credentials do not allow this"},
		"a web page":    {200, "<html>hello hunter2</html>", experiment.Rejected, "the answer is not Prometheus'"},
		"truncated":     {200, vector("1")[:40], experiment.Rejected, "the answer is not Prometheus'"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			samples := backend(t, tt.status, tt.body).Measure(t.Context(), spec(), time.Unix(0, 0), time.Unix(10, 0))
			if len(samples) != 4 {
				t.Fatalf("%d samples, want 2 metrics of 2 versions", len(samples))
			}
			for _, s := range samples {
				if s.Value != nil || s.Missing != tt.missing || !strings.HasPrefix(s.Detail, tt.detail) {
					t.Errorf("got value %v, %q, %q; want none, %q, %q", s.Value, s.Missing, s.Detail, tt.missing, tt.detail)
				}
				if strings.Contains(fmt.Sprint(s), "hunter2") {
					t.Errorf("the password is in %v", s)
				}
			}
		})
	}
}

func TestMeasureAsksForEveryVersion(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "user" || password != "hunter2" {
			t.Errorf("basic auth %q %q", user, password)
		}
		switch query := r.FormValue("query"); {
		case strings.Contains(query, "_sum"):
			fmt.Fprint(w, vector("12.5"))
		case strings.Contains(query, "!="):
			fmt.Fprint(w, vector("0"))
		default:
			fmt.Fprint(w, vector("410"))
		}
	})
	samples := c.Measure(t.Context(), spec(), time.Unix(0, 0), time.Unix(10, 0))
	var got []string
	for _, s := range samples {
		got = append(got, fmt.Sprintf("%s %s %g of %g", s.Metric, s.Version, *s.Value, *s.Requests))
	}
	want := []string{
		"iter8-knative/mean-latency current 12.5 of 410",
		"iter8-knative/mean-latency candidate 12.5 of 410",
		"iter8-knative/error-rate current 0 of 410",
		"iter8-knative/error-rate candidate 0 of 410",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
	if q := samples[1].Query; !strings.Contains(q, "revision_name='app-v2'}[10s]") {
		t.Errorf("query %q does not ask for the candidate over 10 s", q)
	}
}

func TestQueriesUnderWayAreBounded(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int64
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			continue
		}
		fmt.Fprint(w, vector("1"))
	})
	s := spec()
	for i := range 20 {
		s.Versions = append(s.Versions, experiment.Version{Name: fmt.Sprint(i)})
	}
	s.Criteria.Objectives = s.Criteria.Objectives[:0]
	s.Criteria.Indicators = []string{"iter8-knative/request-count", "iter8-knative/error-count"}
	if n := len(c.Measure(t.Context(), s, time.Unix(0, 0), time.Unix(10, 0))); n != 44 || most.Load() > atOnce {
		t.Errorf("%d samples with up to %d queries at once, want 44 with at most %d", n, most.Load(), atOnce)
	}
}

func TestUnansweredIsUnreachable(t *testing.T) {
	t.Parallel()
	hang := httptest.NewServer(http.HandlerFunc(hangUp))
	t.Cleanup(hang.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, tt := range map[string]struct{ url, detail string }{
		"hangs":        {hang.URL, "no answer within 20ms"},
		"is not there": {gone.URL, "connect to " + gone.URL + ": connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := Open(Options{URL: tt.url, Timeout: 20 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			s := c.Measure(t.Context(), spec(), time.Unix(0, 0), time.Unix(10, 0))[0]
			if s.Missing != experiment.Unreachable || s.Detail != tt.detail {
				t.Errorf("got %q, %q; want %q, %q", s.Missing, s.Detail, experiment.Unreachable, tt.detail)
			}
			if err := c.Ping(t.Context()); err == nil || experiment.HintOf(err) == "" {
				t.Errorf("ping: %v, want an error with a hint", err)
			}
		})
	}
}

// hangUp never answers. A server notices that its client has gone only once the request is read.
func hangUp(_ http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err == nil {
		<-r.Context().Done()
	}
}

func TestMeasureEndsWithItsContext(t *testing.T) {
	t.Parallel()
	hang := httptest.NewServer(http.HandlerFunc(hangUp))
	t.Cleanup(hang.Close)
	c, err := Open(Options{URL: hang.URL, Timeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s := c.Measure(ctx, spec(), time.Unix(0, 0), time.Unix(10, 0))[0]; s.Missing != experiment.Unreachable {
		t.Errorf("got %q, want %q", s.Missing, experiment.Unreachable)
	}
}

func TestOpenRefusesWhatIsNoAddress(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "prometheus:9090", "ftp://x", "http://", "http://user:hunter2@[::1"} {
		if _, err := Open(Options{URL: url}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want an error without the password", url, err)
		}
	}
	if _, err := Open(Options{URL: "http://x/prom/api/v1/query/"}); err != nil {
		t.Errorf("a query address: %v", err)
	}
}
