package metricsq

import (
	"net/http"
	"strings"
	"testing"

	"perch/experiment"
)

func TestMeasureKnowsStaleSeries(t *testing.T) {
	t.Parallel()
	baseline := good("sample-app-v1", map[int][3]float64{-30: {}, -20: {}, -10: {}, 0: {}})
	candidate := good("sample-app-v2", map[int][3]float64{-20: {}, -10: {}})
	for _, row := range []struct {
		name   string
		series string
		after  int // seconds since the experiment began
		want   string
	}{
		{"fresh", matrix(baseline...), 12, ""},
		{"late", matrix(baseline...), 30, ""},
		{"gone", matrix(baseline...), 31, "stale: no scrape since 12:00:00, they come every 10s"},
		{"one version fresh", matrix(join(baseline, candidate)...), 25, ""},
		{"scraped once", matrix(good("sample-app-v1", map[int][3]float64{0: {}})...), 200, ""},
		{"unknown", matrix(), 200, ""},
		{"no answer", "{", 200, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, func(w http.ResponseWriter, r *http.Request) {
				answer := strings.Replace(one("7"), "1772366410", r.FormValue("time"), 1)
				if strings.HasSuffix(r.FormValue("query"), "[301s]") {
					answer = row.series
				}
				_, _ = w.Write([]byte(answer))
			})
			for _, s := range c.Measure(t.Context(), spec("iter8-knative/error-rate"), since(), at(row.after)) {
				if s.Why() != row.want || (s.Value == nil) != (row.want != "") {
					t.Errorf("want %q, got %+v", row.want, s)
				}
			}
		})
	}
}

// A metric without a family has no scrapes to look at, and a look without values asks for none.
func TestMeasureAsksForScrapesOnlyWhenTheyMatter(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		metric, answer string
	}{
		"no family": {"iter8-istio/le500ms-latency-percentile", one("0.5")},
		"no value":  {"iter8-knative/error-rate", one("NaN")},
	} {
		c := open(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.FormValue("query"), "{") {
				t.Errorf("%s: asked for %s", name, r.FormValue("query"))
			}
			_, _ = w.Write([]byte(row.answer))
		})
		for _, s := range c.Measure(t.Context(), spec(row.metric), since(), now()) {
			if s.Missing == experiment.Stale {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
}

// TestAnswersOfLongAgoAreStale: Prometheus answers for the time that it is asked for, and a cache
// before it perhaps does not.
func TestAnswersOfLongAgoAreStale(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]experiment.Missing{"1772366410": experiment.Unmeasured, "1772366375.5": experiment.Unmeasured, "1772365810": experiment.Stale} {
		c := open(t, answering(http.StatusOK, strings.Replace(one("42"), "1772366410", at, 1)))
		got := first(t.Context(), c)
		if got.Missing != want || (got.Value == nil) != (want == experiment.Stale) {
			t.Errorf("an answer of %s at 1772366410: got %+v, want %q", at, got, want)
		}
		if want == experiment.Stale && got.Detail != "an answer of 11:50:10" {
			t.Errorf("detail %q", got.Detail)
		}
	}
}
