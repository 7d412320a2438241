package metricsq

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

// historyOf is the history of an experiment with an interval of 10 s.
func historyOf(t *testing.T, backend http.HandlerFunc) []experiment.Tally {
	t.Helper()
	s := spec("iter8-knative/error-rate")
	s.Duration.IntervalSeconds = 10
	return open(t, backend).History(t.Context(), s, CountOptions{Started: since()})
}

func TestHistory(t *testing.T) {
	t.Parallel()
	series := join(
		good("sample-app-v1", map[int][3]float64{-50: {900, 0, 0}, -40: {910, 0, 0}, -10: {925, 0, 0}, 0: {930, 5, 0}}),
		bad("sample-app-v1", map[int][3]float64{0: {0, 0, 2}}))
	var got []string
	for _, x := range historyOf(t, answering(200, matrix(series...))) {
		got = append(got, fmt.Sprintf("%s (%v,%v] n=%d e=%d", x.Version, x.From.Sub(since()), x.To.Sub(since()), x.Requests, x.Errors))
	}
	want := []string{"current (-50s,-40s] n=10 e=0", "current (-10s,0s] n=12 e=2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		interval    int
		start, step string
	}{
		{1, "1772366160", "1"}, {10, "1772364000", "10"}, {20, "1772362800", "20"}, {600, "1772362800", "600"}, {7200, "1772359200", "7200"},
	} {
		t.Run(fmt.Sprint(row.interval), func(t *testing.T) {
			t.Parallel()
			var asked []string
			c := open(t, func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, strings.Join([]string{r.URL.Path, r.FormValue("start"), r.FormValue("end"), r.FormValue("step"), r.FormValue("query")}, " "))
				_, _ = w.Write([]byte(matrix()))
			})
			s := spec("iter8-knative/error-rate")
			s.Duration.IntervalSeconds = row.interval
			c.History(t.Context(), s, CountOptions{Started: since().Add(300 * time.Millisecond)})
			want := []string{"/api/v1/query_range " + row.start + " 1772366400 " + row.step +
				` {__name__=~"revision_app_request_latencies(_bucket|_count|_sum)?",revision_name=~"sample-app-v1"}`}
			if diff := cmp.Diff(want, asked); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHistorySaysWhyThereIsNone(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		backend http.HandlerFunc
		want    experiment.Missing
	}{
		{"down", answering(503, ""), experiment.Unreachable},
		{"nothing", answering(200, matrix()), experiment.NoSeries},
		{"one point", answering(200, matrix(good("sample-app-v1", map[int][3]float64{0: {1, 0, 0}})...)), experiment.NoSeries},
		{"another kind of answer", answering(200, one("1")), experiment.Rejected},
		{"insane", answering(200, strings.ReplaceAll(matrix(good("sample-app-v1",
			map[int][3]float64{-10: {1, 0, 0}, 0: {7, 0, 0}})...), `"7"`, `"7.5"`)), experiment.NotANumber},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := historyOf(t, row.backend)
			if len(got) != 1 || got[0].Missing != row.want || got[0].Version != "current" {
				t.Errorf("want one tally, %s; got %+v", row.want, got)
			}
		})
	}
}

func TestCadence(t *testing.T) {
	t.Parallel()
	slow := good("sample-app-v1", map[int][3]float64{-300: {}, -270: {}, -210: {}, -180: {}, -150: {}})
	fast := good("sample-app-v2", map[int][3]float64{-20: {}, -10: {}, 0: {}})
	once := good("sample-app-v2", map[int][3]float64{0: {}})
	for _, row := range []struct {
		name    string
		backend http.HandlerFunc
		want    time.Duration
		err     string
	}{
		{"of one version", answering(200, matrix(fast...)), 10 * time.Second, ""},
		{"the longest, over a missed scrape", answering(200, matrix(join(slow, fast)...)), 30 * time.Second, ""},
		{"scraped once", answering(200, matrix(once...)), 0, "no series of any version has been scraped twice"},
		{"nothing", answering(200, matrix()), 0, "no series of any version has been scraped twice"},
		{"down", answering(503, ""), 0, "unreachable: HTTP 503 Service Unavailable"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, err := open(t, row.backend).Cadence(t.Context(), spec("iter8-knative/error-rate"))
			if got != row.want || (err == nil) != (row.err == "") || err != nil && err.Error() != row.err {
				t.Errorf("want %v, %q; got %v, %v", row.want, row.err, got, err)
			}
		})
	}
}
