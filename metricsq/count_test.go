package metricsq

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

// at is a moment of the experiment.
func at(seconds int) time.Time { return since().Add(time.Duration(seconds) * time.Second) }

func TestCount(t *testing.T) {
	t.Parallel()
	steady := map[int][3]float64{-10: {100, 10, 0}, 0: {110, 10, 0}, 10: {120, 11, 0}, 20: {130, 11, 1}}
	base := good("sample-app-v1", steady)
	for _, row := range []struct {
		name        string
		now, before string
		after       int
		want        string
	}{
		{"two scrapes of two versions",
			matrix(join(base, good("sample-app-v2", map[int][3]float64{-5: {1, 0, 0}, 5: {2, 0, 0}, 15: {4, 0, 0}}))...), "", 0, `
current (-5,5] n=10 e=0 b=[10 0 0] sum=200
candidate (-5,5] n=1 e=0 b=[1 0 0] sum=20
current (5,15] n=11 e=0 b=[10 1 0] sum=280
candidate (5,15] n=2 e=0 b=[2 0 0] sum=40`},
		{"only what came after the last scrape",
			matrix(join(base, good("sample-app-v2", map[int][3]float64{0: {1, 0, 0}, 10: {2, 0, 0}, 20: {4, 0, 0}}))...), "", 10, `
current (10,20] n=11 e=0 b=[10 0 1] sum=400
candidate (10,20] n=2 e=0 b=[2 0 0] sum=40`},
		{"a birth counts from 0, the first error too",
			matrix(join(base, good("sample-app-v2", map[int][3]float64{10: {7, 0, 0}, 20: {9, 0, 0}}),
				bad("sample-app-v2", map[int][3]float64{20: {0, 0, 3}}))...), alive, 0, `
current (0,10] n=11 e=0 b=[10 1 0] sum=280
candidate (0,10] n=7 e=0 b=[7 0 0] sum=140
current (10,20] n=11 e=0 b=[10 0 1] sum=400
candidate (10,20] n=5 e=3 b=[2 0 3] sum=640`},
		{"a gap is no birth",
			matrix(join(base, good("sample-app-v2", map[int][3]float64{20: {1009, 0, 0}}))...),
			vector(good("sample-app-v2", map[int][3]float64{0: {1000, 0, 0}})...), 0, `
current (0,10] n=11 e=0 b=[10 1 0] sum=280
candidate (0,10] n=0 e=0 b=[0 0 0] sum=0
current (10,20] n=11 e=0 b=[10 0 1] sum=400
candidate (10,20] n=9 e=0 b=[9 0 0] sum=180`},
		{"a backend without memory counts from its first scrape",
			matrix(join(good("sample-app-v1", map[int][3]float64{10: {5000, 0, 0}, 20: {5010, 0, 0}}),
				good("sample-app-v2", map[int][3]float64{10: {900, 0, 0}, 20: {901, 0, 0}}))...), vector(), 0, `
current (10,20] n=10 e=0 b=[10 0 0] sum=200
candidate (10,20] n=1 e=0 b=[1 0 0] sum=20`},
		{"a counter that begins anew",
			matrix(join(base, good("sample-app-v2", map[int][3]float64{0: {50, 5, 5}, 10: {3, 0, 0}, 20: {4, 0, 0}}))...), "", 0, `
current (0,10] n=11 e=0 b=[10 1 0] sum=280
candidate (0,10] n=3 e=0 b=[3 0 0] sum=60 reset
current (10,20] n=11 e=0 b=[10 0 1] sum=400
candidate (10,20] n=1 e=0 b=[1 0 0] sum=20`},
		{"a counter that begins anew and overtakes itself, seen in a bucket",
			matrix(join(base, good("sample-app-v2", map[int][3]float64{0: {1, 4, 0}, 10: {0, 3, 9}, 20: {0, 3, 9}}))...), "", 0, `
current (0,10] n=11 e=0 b=[10 1 0] sum=280
candidate (0,10] n=12 e=0 b=[0 3 9] sum=2040 reset
current (10,20] n=11 e=0 b=[10 0 1] sum=400
candidate (10,20] n=0 e=0 b=[0 0 0] sum=0`},
		{"no series: no traffic", matrix(base...), "", 0, `
current (0,10] n=11 e=0 b=[10 1 0] sum=280
candidate (0,10] n=0 e=0 b=[0 0 0] sum=0
current (10,20] n=11 e=0 b=[10 0 1] sum=400
candidate (10,20] n=0 e=0 b=[0 0 0] sum=0`},
		{"silent since before the start: no traffic",
			matrix(join(base, good("sample-app-v2", map[int][3]float64{-60: {1, 0, 0}, -50: {1, 0, 0}}))...), "", 0, `
current (0,10] n=11 e=0 b=[10 1 0] sum=280
candidate (0,10] n=0 e=0 b=[0 0 0] sum=0
current (10,20] n=11 e=0 b=[10 0 1] sum=400
candidate (10,20] n=0 e=0 b=[0 0 0] sum=0`},
		{"silent since after the start: stale",
			matrix(join(base, good("sample-app-v2", map[int][3]float64{0: {1, 0, 0}, 5: {1, 0, 0}}))...), "", 10, `
current (10,20] n=11 e=0 b=[10 0 1] sum=400
candidate (10,20] stale: no scrape since 12:00:05: its pods are gone, or Prometheus cannot reach them`},
		{"no newer scrape", matrix(base...), "", 20, `
current (20,20] stale: no whole scrape since 12:00:20, they come every 10s
candidate (20,20] stale: no whole scrape since 12:00:20, they come every 10s`},
		{"no series at all", matrix(), "", 0, `
current (0,0] no series: no version has any
candidate (0,0] no series: no version has any`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, remembering(row.now, row.before))
			o := CountOptions{Started: since(), Now: at(25)}
			if row.after > 0 {
				o.After = at(row.after)
			}
			got := countedLines(t, c, o)
			if diff := cmp.Diff(strings.TrimSpace(row.want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCountFailsClosed(t *testing.T) {
	t.Parallel()
	base := good("sample-app-v1", map[int][3]float64{0: {1, 0, 0}, 10: {2, 0, 0}})
	candidate := func(change func(s []scraped)) []scraped {
		s := good("sample-app-v2", map[int][3]float64{0: {1, 0, 0}, 10: {3, 1, 1}})
		change(s)
		return append(base, s...)
	}
	for _, row := range []struct {
		name   string
		change func(s []scraped)
		want   string
	}{
		{"bounds out of order", func(s []scraped) { s[0].points[10] = 5 }, "4 requests up to 100 are fewer than the 5 below it"},
		{"buckets hold more than was counted", func(s []scraped) { s[3].points[10] = 4 }, "the buckets hold 5 of 4 requests"},
		{"buckets hold less", func(s []scraped) { s[3].points[10] = 6 }, "the buckets hold 5 of 6 requests"},
		{"no open bucket", func(s []scraped) { s[2].le = "200" }, "the histogram lacks its bucket up to +Inf"},
		{"no bound", func(s []scraped) { s[1].le = "wide" }, `a bucket has the bound "wide"`},
		{"no count", func(s []scraped) { s[3].name = "revision_app_request_latencies_sum" }, "the series of 12:00:00 lack their count"},
		{"half a request", func(s []scraped) { s[3].points[10] = 5.5 }, "a counter says 5.5"},
		{"half a request in a bucket", func(s []scraped) { s[0].points[10] = 2.5 }, "the bucket up to 50 says 2.5"},
		{"a negative counter", func(s []scraped) { s[3].points[0] = -1 }, "a counter says -1"},
		{"too fast for the buckets", func(s []scraped) { s[4].points[10] = 30 }, "the latencies add up to 10 ms, and their buckets to 150 to +Inf ms"},
		{"too slow for the buckets", func(s []scraped) {
			s[2].points[10], s[3].points[10] = 4, 4
			s[4].points[10] = 1000
		}, "the latencies add up to 980 ms, and their buckets to 50 to 200 ms"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, remembering(matrix(candidate(row.change)...), alive))
			got := countedLines(t, c, CountOptions{Started: since(), Now: at(12)})
			want := "current (0,10] n=1 e=0 b=[1 0 0] sum=20\ncandidate (0,10] not a number: " + row.want
			if diff := cmp.Diff(want, strings.ReplaceAll(got, "b=[1 0]", "b=[1 0 0]")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCountSaysWhyThereAreNone(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		backend http.HandlerFunc
		want    experiment.Missing
	}{
		{"down", answering(http.StatusServiceUnavailable, ""), experiment.Unreachable},
		{"cut off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, experiment.Unreachable},
		{"refused", answering(http.StatusBadRequest, `{"status":"error","errorType":"bad_data","error":"no"}`), experiment.Rejected},
		{"another kind of answer", answering(http.StatusOK, one("1")), experiment.Rejected},
		{"partial", answering(http.StatusOK, `{"warnings":["a store is away"],`+matrix()[1:]), experiment.Partial},
		{"nothing", answering(http.StatusOK, matrix()), experiment.NoSeries},
		{"memory lost", remembering(matrix(good("sample-app-v1", map[int][3]float64{5: {1, 0, 0}})...), "{"), experiment.Rejected},
		{"memory partial", remembering(matrix(good("sample-app-v1", map[int][3]float64{5: {1, 0, 0}})...),
			`{"warnings":["a store is away"],`+vector()[1:]), experiment.Partial},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := open(t, row.backend).Count(t.Context(), spec("iter8-knative/error-rate"), CountOptions{Started: since(), Now: now()})
			if len(got) != 2 || got[0].Missing != row.want || got[1].Missing != row.want {
				t.Errorf("want two tallies without counts, %s; got %+v", row.want, got)
			}
		})
	}
}

func TestCountAsksOnceForAllVersions(t *testing.T) {
	t.Parallel()
	var asked []string
	c := open(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.FormValue("time")+" "+r.FormValue("query"))
		_, _ = w.Write([]byte(matrix()))
	})
	o := CountOptions{Started: since(), After: at(30), Now: at(40)}
	c.Count(t.Context(), spec("iter8-knative/error-rate", "iter8-knative/mean-latency"), o)
	want := []string{`1772366440 {__name__=~"revision_app_request_latencies(_bucket|_count|_sum)?",revision_name=~"sample-app-v1|sample-app-v2"}[311s]`}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Error(diff)
	}
}

// Who comes back after hours counts the last of them, and not from where it was.
func TestCountAfterALongTime(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	series := matrix(good("sample-app-v1", map[int][3]float64{380: {5, 0, 0}, 390: {6, 0, 0}, 400: {8, 0, 0}, 410: {9, 0, 0}})...)
	c := open(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.FormValue("query")
		_, _ = w.Write([]byte(series))
	})
	for name, after := range map[string]time.Time{"resumed": at(0), "never counted": {}} {
		got := countedLines(t, c, CountOptions{Started: since(), After: after, Now: at(3995)})
		want := "current (390,400] n=2 e=0 b=[2 0 0] sum=40\ncandidate (390,400] n=0 e=0 b=[0 0 0] sum=0\n" +
			"current (400,410] n=1 e=0 b=[1 0 0] sum=20\ncandidate (400,410] n=0 e=0 b=[0 0 0] sum=0"
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if query := <-asked; !strings.HasSuffix(query, "[3901s]") {
			t.Errorf("%s: want an hour and five minutes, got %s", name, query)
		}
	}
}

func TestCountNeedsVersionsThatDiffer(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name      string
		variables map[string]string
		want      string
	}{
		{"no variable", nil, "the series need the variable revision, which version candidate lacks"},
		{"the same", map[string]string{"revision": "sample-app-v1"}, "versions current and candidate have the same series"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := spec("iter8-knative/error-rate")
			s.Versions[1].Variables = row.variables
			got := open(t, answering(200, matrix())).Count(t.Context(), s, CountOptions{Started: since(), Now: now()})
			if len(got) != 2 || got[1].Missing != experiment.Rejected || got[1].Detail != row.want {
				t.Errorf("want %q, got %+v", row.want, got)
			}
		})
	}
}
