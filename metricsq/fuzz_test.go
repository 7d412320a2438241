package metricsq

import (
	"encoding/json"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"perch/experiment"
)

// body answers everything with the same text.
type body []byte

func (b body) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(string(b)))}, nil
}

// Whatever a backend answers: Perch says something of everything that it was asked for, and what it
// counts can be.
func FuzzAnswer(f *testing.F) {
	steady := good("sample-app-v1", map[int][3]float64{-10: {1, 0, 0}, 0: {2, 1, 0}, 5: {3, 1, 1}, 9: {1, 0, 0}})
	for _, seed := range []string{
		"", "{}", "<html>", one("1"), one("NaN"), vector(steady...), matrix(), matrix(steady...),
		matrix(join(steady, bad("sample-app-v2", map[int][3]float64{9: {0, 0, 1}}))...),
		matrix(native(map[int]string{
			0: `{"count":"3","sum":"12","buckets":[[0,"2","4","2"],[0,"4","8","1"]]}`,
			9: `{"count":"5","sum":"18","buckets":[[3,"-1","4","4"],[0,"4","16","1"]]}`,
		})),
		strings.ReplaceAll(matrix(steady...), `"3"`, `"-1e308"`),
		strings.ReplaceAll(matrix(steady...), `"50"`, `"NaN"`),
		strings.ReplaceAll(matrix(steady...), "1772366", "9772366000"),
		`{"warnings":["a"],"infos":["partial"],"isPartial":true,` + matrix(steady...)[1:],
		`{"status":"error","errorType":"execution","error":"no"}`,
		`{"status":"success","data":{"resultType":"matrix","result":[{"metric":null,"values":null,"histograms":[]}]}}`,
	} {
		f.Add([]byte(seed))
	}
	var current atomic.Value // the answer of this execution; one client serves all of them
	c, err := Open(Options{URL: "http://prometheus", Backoff: -1, Transport: transport(func(r *http.Request) (*http.Response, error) {
		return current.Load().(body).RoundTrip(r)
	})})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		current.Store(body(answer))
		s := tutorial()
		o := CountOptions{Started: since(), Now: now()}
		samples := c.Measure(t.Context(), s, since(), now())
		for _, x := range samples {
			if (x.Value == nil) == (x.Missing == experiment.Unmeasured) {
				t.Errorf("a value and a reason, or neither: %+v", x)
			}
		}
		tallies := append(c.Count(t.Context(), s, o), c.History(t.Context(), s, o)...)
		for _, x := range tallies {
			expectPossible(t, x)
		}
		_, _ = c.Cadence(t.Context(), s)
		if _, err := json.Marshal([]any{samples, tallies, c.Check(t.Context(), s)}); err != nil {
			t.Errorf("cannot be recorded: %v", err)
		}
	})
}

// expectPossible finds counts that cannot be.
func expectPossible(t *testing.T, x experiment.Tally) {
	t.Helper()
	sum := int64(0)
	for _, n := range x.Buckets {
		sum += n
		if n < 0 {
			t.Errorf("less than nothing in a bucket: %+v", x)
		}
	}
	if x.Requests < 0 || x.Errors < 0 || x.Errors > x.Requests || x.Sum < 0 || x.To.Before(x.From) {
		t.Errorf("impossible: %+v", x)
	}
	if x.Missing == "" && (sum != x.Requests || len(x.Buckets) != len(x.Bounds)+1) {
		t.Errorf("buckets that do not fit: %+v", x)
	}
	if x.Missing != "" && (x.Requests != 0 || x.Buckets != nil) {
		t.Errorf("counts in spite of %s: %+v", x.Missing, x)
	}
}

// A pack that loads can be asked for.
func FuzzPack(f *testing.F) {
	files, err := packs.ReadDir("packs")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := packs.ReadFile("packs/" + file.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, seed := range []string{"", "---\n---\n", "kind: Metric", "kind: Family\nspec: []", "&a [*a]", "a: &a {b: *a}", "- 1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(_ *testing.T, text []byte) {
		all, err := loadBuiltIn(fstest.MapFS{"packs/a.yaml": {Data: text}})
		if err != nil {
			return
		}
		for _, m := range all.metrics {
			m.describe()
			if m.isPrometheus() {
				substitute(m.query(), values(anyVersion(), 0))
			}
		}
		for _, fam := range all.families {
			if chosen, err := fam.choose([]experiment.Version{anyVersion()}); err == nil {
				chosen.over(chosen.names(), lookback)
			}
		}
	})
}

// An answer of 1 MiB must not need 64 times as much. Not parallel: it looks at what all goroutines
// allocate.
func TestAnswersNeedLittleMemory(t *testing.T) {
	const size = 1 << 20
	fill := func(entry func(n int) string) string {
		var b strings.Builder
		for n := 0; b.Len() < size-200; n++ {
			if n > 0 {
				b.WriteString(",")
			}
			b.WriteString(entry(n))
		}
		return `{"status":"success","data":{"resultType":"matrix","result":[` + b.String() + `]}}`
	}
	number := func(n int) string { text, _ := json.Marshal(n); return string(text) }
	for name, text := range map[string]string{
		"many pods": fill(func(n int) string {
			return `{"metric":{"__name__":"revision_app_request_latencies_count","revision_name":"sample-app-v1","pod":"` + number(n) + `"},"values":[[1772366405,"1"]]}`
		}),
		"many bounds": fill(func(n int) string {
			return `{"metric":{"__name__":"revision_app_request_latencies_bucket","revision_name":"sample-app-v1","le":"` + number(n) + `"},"values":[[1772366405,"1"]]}`
		}),
		"many empty series": fill(func(int) string { return `{"metric":{},"values":[[1,"1"]]}` }),
		"many points": `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"revision_app_request_latencies_count",` +
			`"revision_name":"sample-app-v1"},"values":[[1772366405,"1"]` + strings.Repeat(`,[1772366405.5,"1"]`, size/20) + `]}]}}`,
	} {
		answers := uint64(0)
		counting := transport(func(r *http.Request) (*http.Response, error) {
			answers++
			return body(text).RoundTrip(r)
		})
		c, err := Open(Options{URL: "http://prometheus", Transport: counting, Backoff: -1})
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c.Count(t.Context(), spec("iter8-knative/error-rate"), CountOptions{Started: since(), Now: now()})
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 64*size*answers {
			t.Errorf("%s: want at most 64 MiB for each of %d MiB, got %d MiB", name, answers, used/size)
		}
	}
}
