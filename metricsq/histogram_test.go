package metricsq

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"

	"perch/experiment"
)

// native is a native histogram of the baseline, by the seconds since the experiment began.
func native(points map[int]string) scraped {
	return scraped{name: "revision_app_request_latencies", revision: "sample-app-v1", class: "2xx", native: points}
}

func TestCountNativeHistograms(t *testing.T) {
	t.Parallel()
	const empty = `{"count":"0","sum":"0"}`
	for _, row := range []struct {
		name   string
		series []scraped
		want   experiment.Tally
	}{
		{"exponential: empty buckets are not in the answer", []scraped{native(map[int]string{
			0:  `{"count":"3","sum":"12","buckets":[[0,"2","4","2"],[0,"4","8","1"]]}`,
			10: `{"count":"6","sum":"33","buckets":[[0,"2","4","3"],[0,"4","8","1"],[0,"8","16","2"]]}`,
		})}, experiment.Tally{Requests: 3, Bounds: []float64{2, 4, 8, 16}, Buckets: []int64{0, 1, 0, 2, 0}, Sum: 21}},
		{"exponential: the buckets became wider", []scraped{native(map[int]string{
			0:  `{"count":"3","sum":"12","buckets":[[0,"2","4","2"],[0,"4","8","1"]]}`,
			10: `{"count":"5","sum":"18","buckets":[[0,"1","4","4"],[0,"4","16","1"]]}`,
		})}, experiment.Tally{Requests: 2, Bounds: []float64{1, 4, 16}, Buckets: []int64{0, 2, 0, 0}, Sum: 6}},
		{"exponential: with a zero bucket", []scraped{native(map[int]string{
			0:  empty,
			10: `{"count":"3","sum":"3","buckets":[[3,"-0.001","0.001","1"],[0,"1","2","2"]]}`,
		})}, experiment.Tally{Requests: 3, Bounds: []float64{0.001, 1, 2}, Buckets: []int64{1, 0, 2, 0}, Sum: 3}},
		{"exponential: began anew", []scraped{native(map[int]string{
			0:  `{"count":"3","sum":"12","buckets":[[0,"2","4","2"],[0,"4","8","1"]]}`,
			10: `{"count":"1","sum":"3","buckets":[[0,"2","4","1"]]}`,
		})}, experiment.Tally{Requests: 1, Bounds: []float64{2, 4, 8}, Buckets: []int64{0, 1, 0, 0}, Sum: 3, Reset: true}},
		{"custom bounds", []scraped{native(map[int]string{
			0:  `{"count":"3","sum":"12","buckets":[[3,"-Inf","50","2"],[0,"100","+Inf","1"]]}`,
			10: `{"count":"6","sum":"212","buckets":[[3,"-Inf","50","3"],[0,"50","100","1"],[0,"100","+Inf","2"]]}`,
		})}, experiment.Tally{Requests: 3, Bounds: []float64{50, 100}, Buckets: []int64{1, 1, 1}, Sum: 200}},
		{"both kinds of one target are counted once", join(good("sample-app-v1", map[int][3]float64{0: {1, 0, 0}, 10: {2, 0, 0}}),
			[]scraped{{name: "revision_app_request_latencies", revision: "sample-app-v1", pod: "a", class: "2xx", native: map[int]string{
				0:  `{"count":"1","sum":"20","buckets":[[0,"16","32","1"]]}`,
				10: `{"count":"2","sum":"40","buckets":[[0,"16","32","2"]]}`,
			}}}), experiment.Tally{Requests: 1, Bounds: []float64{50, 100}, Buckets: []int64{1, 0, 0}, Sum: 20}},
		{"pods of different kinds have few bounds in common", join(good("sample-app-v1", map[int][3]float64{0: {1, 0, 0}, 10: {2, 0, 0}}),
			[]scraped{native(map[int]string{
				0:  empty,
				10: `{"count":"1","sum":"70","buckets":[[0,"64","128","1"]]}`,
			})}), experiment.Tally{Requests: 2, Bounds: []float64{50}, Buckets: []int64{1, 1}, Sum: 90}},
		{"negative latencies", []scraped{native(map[int]string{
			0: empty, 10: `{"count":"1","sum":"-3","buckets":[[1,"-4","-2","1"]]}`,
		})}, experiment.Tally{Missing: experiment.NotANumber, Detail: "the histogram has negative latencies"}},
		{"not all observations are in buckets", []scraped{native(map[int]string{
			0: empty, 10: `{"count":"2","sum":"3","buckets":[[0,"2","4","1"]]}`,
		})}, experiment.Tally{Missing: experiment.NotANumber, Detail: "the buckets hold 1 of 2 requests"}},
		{"a sum that is none", []scraped{native(map[int]string{
			0: empty, 10: `{"count":"1","sum":"NaN","buckets":[[0,"2","4","1"]]}`,
		})}, experiment.Tally{Missing: experiment.NotANumber, Detail: "the sum of latencies is NaN"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, remembering(matrix(row.series...), alive))
			got := c.Count(t.Context(), spec("iter8-knative/error-rate"), CountOptions{Started: since(), Now: at(11)})[0]
			row.want.Family, row.want.Version, row.want.Query = "iter8-knative", "current", got.Query
			row.want.From, row.want.To = since(), at(10)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCountInOtherUnits(t *testing.T) {
	t.Parallel()
	const pack = `apiVersion: perch/v1
kind: Family
metadata: {name: seconds}
spec: {histogram: revision_app_request_latencies, milliseconds: 1000, selector: {revision_name: $revision}}
`
	own := newCatalog()
	if err := own.load("pack.yaml", []byte(pack)); err != nil {
		t.Fatal(err)
	}
	c := open(t, remembering(strings.NewReplacer(`"50"`, `"0.05"`, `"100"`, `"0.55"`, `"40"`, `"0.04"`, `"20"`, `"0.02"`).
		Replace(matrix(good("sample-app-v1", map[int][3]float64{0: {1, 0, 0}, 10: {2, 0, 0}})...)), alive))
	c.catalog.families["iter8-knative"] = own.families["seconds"]
	got := c.Count(t.Context(), spec("iter8-knative/error-rate"), CountOptions{Started: since(), Now: at(11)})[0]
	if diff := cmp.Diff([]float64{50, 550}, got.Bounds); diff != "" || got.Sum != 20 {
		t.Errorf("want a sum of 20 ms, got %+v; bounds: %s", got, diff)
	}
}

func TestUnder(t *testing.T) {
	t.Parallel()
	classic := point{count: 6, classic: true, edges: []edge{{1, 2}, {2, 4}, {3, 6}}}
	sparse := point{count: 6, edges: []edge{{1, 0}, {2, 4}, {8, 4}, {16, 6}}}
	for _, row := range []struct {
		name  string
		p     point
		bound float64
		want  float64
		known bool
	}{
		{"classic, on a bound", classic, 2, 4, true},
		{"classic, between bounds", classic, 2.5, 4, false},
		{"native, on a bound", sparse, 2, 4, true},
		{"native, below all", sparse, 0.5, 0, true},
		{"native, within a bucket", sparse, 1.5, 0, false},
		{"native, between buckets", sparse, 4, 4, true},
		{"native, above all", sparse, 99, 6, true},
		{"nothing", point{}, 5, 0, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got, known := row.p.under(row.bound); got != row.want || known != row.known {
				t.Errorf("under(%v): want %v, %v; got %v, %v", row.bound, row.want, row.known, got, known)
			}
		})
	}
}

func TestExact(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]float64{0.55 * 1000: 550, 0.1 * 3 * 1000: 300, 1.0 / 3: 0.333333333333, 0: 0} {
		if got := exact(v); got != want {
			t.Errorf("exact(%v): want %v, got %v", v, want, got)
		}
	}
}

// A time is written as people read it.
func TestStamp(t *testing.T) {
	t.Parallel()
	if got := stamp(model.TimeFromUnix(since().Unix())); got != "12:00:00" {
		t.Errorf("want 12:00:00, got %s", got)
	}
}
