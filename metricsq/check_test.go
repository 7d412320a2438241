package metricsq

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

// A site is what a pre-flight looks at.
type site struct {
	down    bool
	version string
	skew    time.Duration
	value   func(query string) string // what a metric's query is answered
	series  []scraped                 // by the seconds since the pre-flight
}

// RoundTrip answers in place of a Prometheus.
func (s site) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.down {
		return nil, errors.New("connection refused")
	}
	w := httptest.NewRecorder()
	query := r.FormValue("query")
	switch {
	case strings.HasSuffix(r.URL.Path, "/status/buildinfo") && s.version == "":
		w.WriteHeader(http.StatusNotFound)
	case strings.HasSuffix(r.URL.Path, "/status/buildinfo"):
		_, _ = fmt.Fprintf(w, `{"status":"success","data":{"version":%q}}`, s.version)
	case query == "time()":
		there := float64(time.Now().Add(s.skew).UnixMilli()) / 1000
		_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"scalar","result":[1,"%.3f"]}}`, there)
	case strings.HasPrefix(query, "{"):
		_, _ = w.WriteString(matrix(s.series...))
	case s.value != nil && query != "vector(1)":
		_, _ = w.WriteString(s.value(query))
	default:
		_, _ = w.WriteString(one("0.001"))
	}
	return w.Result(), nil
}

// traffic is what the baseline's pod counted, at so many requests between two scrapes.
func traffic(every, requests int) []scraped {
	points := map[int][3]float64{}
	for n := range 300 / every {
		points[-n*every] = [3]float64{float64((1000 - n) * requests), 0, 0}
	}
	series := good("sample-app-v1", points)
	for i := range series {
		series[i].origin = time.Now()
	}
	return series
}

// tutorial is an experiment with the tutorial's limits and length.
func tutorial() experiment.Spec {
	s := spec("iter8-knative/error-rate", "iter8-knative/95th-percentile-tail-latency")
	s.Criteria.Objectives[0].UpperLimit, s.Criteria.Objectives[1].UpperLimit = new(0.01), new(100.0)
	s.Duration = experiment.Duration{IntervalSeconds: 10, IterationsPerLoop: 10, MaxLoops: 1}
	s.Strategy = experiment.Strategy{MaxCandidateWeight: 75, MaxCandidateWeightIncrement: 20}
	return s
}

// checked gives the findings that are not fine, or all of them, one a line.
func checked(t *testing.T, s site, spec experiment.Spec, all bool) string {
	t.Helper()
	c, err := Open(Options{URL: "http://prometheus", Transport: s, Backoff: -1})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range c.Check(t.Context(), spec) {
		if f.Grade != experiment.Fine && f.Hint == "" {
			t.Errorf("no hint: %+v", f)
		}
		if all || f.Grade != experiment.Fine {
			lines = append(lines, fmt.Sprintf("%s: %s: %s", f.Grade, f.Subject, f.What))
		}
	}
	return strings.Join(lines, "\n")
}

func TestCheckFindsAllWell(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		value := func(query string) string {
			if strings.Contains(query, "sample-app-v2") {
				return one("NaN")
			}
			return one("0.25")
		}
		got := checked(t, site{version: "3.5.0", series: traffic(5, 200), value: value}, tutorial(), true)
		want := `fine: prometheus at http://prometheus: version 3.5.0 answers
fine: clock of prometheus at http://prometheus: agrees with this machine's
fine: metric error rate of current: 25.00 % in the last 5 minutes
fine: metric error rate of candidate: no requests yet
fine: metric p95 latency of current: 0.2 ms in the last 5 minutes
fine: metric p95 latency of candidate: no requests yet
fine: limit of p95 latency: 100 ms is a bucket bound
fine: scrapes: every 5s
fine: traffic: at 40.0 requests/s, 10 iterations of 10s bring the candidate about 2,300 requests; a limit of 1.00 % needs about 1,400`
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestCheckFindsWhatIsDoubtfulOrWrong(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		site   func() site
		change func(s *experiment.Spec)
		want   string
	}{
		{"a backend that is down", func() site { return site{down: true} }, nil,
			"wrong: prometheus at http://prometheus: prometheus at http://prometheus: connection refused"},
		{"a clock ahead", func() site { return site{skew: 3 * time.Second, series: traffic(5, 200)} }, nil,
			"doubtful: clock of prometheus at http://prometheus: 3s ahead of this machine's"},
		{"a clock behind", func() site { return site{skew: -90 * time.Second, series: traffic(5, 200)} }, nil,
			"doubtful: clock of prometheus at http://prometheus: 1m30s behind this machine's"},
		{"a clock that is right enough", func() site { return site{skew: 2 * time.Second, series: traffic(5, 200)} }, nil, ""},
		{"an unknown metric", func() site { return site{series: traffic(5, 200)} }, func(s *experiment.Spec) {
			s.Criteria.Indicators = []string{"error-rate"}
		}, "wrong: metrics: unknown metric error-rate; known are iter8-istio/…, iter8-kfserving/…, iter8-knative/…, iter8-linkerd/…, iter8-seldon/…, knative-1.19/…, knative/…, kourier/…"},
		{"a variable that is missing", func() site { return site{series: traffic(5, 200)} }, func(s *experiment.Spec) {
			s.Versions[1].Variables = nil
			s.Criteria.Objectives = s.Criteria.Objectives[:1]
		}, "wrong: metric error rate of candidate: its query needs the variable revision, which the version lacks"},
		{"a revision that is found later", func() site { return site{series: traffic(5, 200)} }, func(s *experiment.Spec) {
			s.Versions[1].Variables, s.Versions[1].WeightObjRef = nil, &experiment.WeightObjRef{}
			s.Criteria.Objectives = s.Criteria.Objectives[:1]
		}, "doubtful: metric error rate of candidate: its revision is not known before the start"},
		{"a namespace that the start adds", func() site { return site{series: traffic(5, 200)} }, func(s *experiment.Spec) {
			s.Criteria.Objectives = nil
			s.Criteria.Indicators = []string{"knative/error-rate"}
		}, "doubtful: scrapes: no series of any version has been scraped twice in 5 minutes"},
		{"a baseline without requests", func() site {
			return site{series: traffic(5, 200), value: func(query string) string {
				if strings.Contains(query, "histogram_quantile") {
					return vector()
				}
				return one("0.001")
			}}
		}, nil, "doubtful: metric p95 latency of current: no requests in the last 5 minutes"},
		{"several series", func() site {
			return site{series: traffic(5, 200), value: func(string) string { return vector(traffic(5, 1)...) }}
		}, func(s *experiment.Spec) {
			s.Criteria.Objectives, s.Versions = s.Criteria.Objectives[:1], s.Versions[:1]
		},
			"wrong: metric error rate of current: ambiguous: 5 series where one is due"},
		{"a partial answer", func() site {
			return site{series: traffic(5, 200), value: func(string) string { return `{"warnings":["a store is away"],` + one("1")[1:] }}
		}, func(s *experiment.Spec) {
			s.Criteria.Objectives, s.Versions = s.Criteria.Objectives[:1], s.Versions[:1]
		},
			"doubtful: metric error rate of current: partial: a store is away"},
		{"a limit within a bucket", func() site { return site{series: traffic(5, 200)} },
			func(s *experiment.Spec) { s.Criteria.Objectives[1].UpperLimit = new(70.0) },
			"doubtful: limit of p95 latency: limit 70 is not a bucket bound of this metric; nearest 50, 100"},
		{"a limit above all buckets", func() site { return site{series: traffic(5, 200)} },
			func(s *experiment.Spec) { s.Criteria.Objectives[1].UpperLimit = new(700.0) },
			"doubtful: limit of p95 latency: limit 700 is not a bucket bound of this metric; nearest 100"},
		{"slow scrapes", func() site { return site{series: traffic(15, 600)} }, nil,
			"doubtful: scrapes: every 15s, and an iteration takes 10s: some will have nothing new"},
		{"no scrapes", func() site { return site{} }, nil,
			"doubtful: scrapes: no series of any version has been scraped twice in 5 minutes"},
		{"too little traffic", func() site { return site{series: traffic(5, 40)} }, nil,
			"doubtful: traffic: at 8.0 requests/s, 10 iterations of 10s bring the candidate about 460 requests; " +
				"a limit of 1.00 % needs about 1,400: expect no proof either way, or use 26 iterations"},
		{"no traffic", func() site { return site{series: traffic(5, 0)} }, nil,
			"doubtful: traffic: at 0.0 requests/s, 10 iterations of 10s bring the candidate about 0 requests; " +
				"a limit of 1.00 % needs about 1,400: expect no proof either way"},
		{"enough for a tail", func() site { return site{series: traffic(5, 40)} },
			func(s *experiment.Spec) { s.Criteria.Objectives = s.Criteria.Objectives[1:] }, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := tutorial()
				if row.change != nil {
					row.change(&s)
				}
				if diff := cmp.Diff(row.want, checked(t, row.site(), s, false)); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestCheckShowsTheQueries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := Open(Options{URL: "http://prometheus", Transport: site{series: traffic(5, 200)}})
		if err != nil {
			t.Fatal(err)
		}
		want := "histogram_quantile(0.95, sum(rate(revision_app_request_latencies_bucket{revision_name='sample-app-v2'}[300s])) by (le))"
		for _, f := range c.Check(t.Context(), tutorial()) {
			if f.Subject == "metric p95 latency of candidate" {
				if diff := cmp.Diff([]string{want}, f.Detail); diff != "" {
					t.Error(diff)
				}
				return
			}
		}
		t.Error("no finding of the p95 latency of the candidate")
	})
}

func TestRequestsAreWrittenWithTwoDigits(t *testing.T) {
	t.Parallel()
	for n, want := range map[float64]string{0: "0", 7.4: "7", 99.6: "100", 456: "460", 1400: "1,400", 13999: "14,000", 1234567: "1,200,000"} {
		if got := count(n); got != want {
			t.Errorf("count(%v): want %s, got %s", n, want, got)
		}
	}
}
