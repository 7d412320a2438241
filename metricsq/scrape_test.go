package metricsq

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCountAlignsPods(t *testing.T) {
	t.Parallel()
	pod := func(name string, points map[int][3]float64) []scraped {
		return histogram("sample-app-v1", name, "2xx", points)
	}
	for _, row := range []struct {
		name   string
		series []scraped
		want   string
	}{
		{"an interval ends with the pod that is scraped last",
			join(pod("a", map[int][3]float64{-4: {10, 0, 0}, 6: {20, 0, 0}, 16: {30, 0, 0}}),
				pod("b", map[int][3]float64{-9: {1, 0, 0}, 1: {2, 0, 0}, 11: {3, 0, 0}, 21: {5, 0, 0}})), `
current (-4,6] n=11 e=0 b=[11 0 0] sum=220
candidate (-4,6] n=0 e=0 b=[0 0 0] sum=0
current (6,16] n=11 e=0 b=[11 0 0] sum=220
candidate (6,16] n=0 e=0 b=[0 0 0] sum=0`},
		{"a pod that is gone leaves what it had",
			join(pod("a", map[int][3]float64{-5: {10, 0, 0}, 5: {20, 0, 0}, 15: {30, 0, 0}, 25: {40, 0, 0}}),
				pod("b", map[int][3]float64{-3: {1, 0, 0}, 7: {9, 0, 0}})), `
current (-3,7] n=18 e=0 b=[18 0 0] sum=360
candidate (-3,7] n=0 e=0 b=[0 0 0] sum=0
current (7,15] n=10 e=0 b=[10 0 0] sum=200
candidate (7,15] n=0 e=0 b=[0 0 0] sum=0
current (15,25] n=10 e=0 b=[10 0 0] sum=200
candidate (15,25] n=0 e=0 b=[0 0 0] sum=0`},
		{"a scrape that was missed",
			join(pod("a", map[int][3]float64{-5: {10, 0, 0}, 5: {20, 0, 0}, 15: {30, 0, 0}, 25: {40, 0, 0}}),
				pod("b", map[int][3]float64{-3: {1, 0, 0}, 7: {2, 0, 0}, 27: {9, 0, 0}})), `
current (-3,7] n=11 e=0 b=[11 0 0] sum=220
candidate (-3,7] n=0 e=0 b=[0 0 0] sum=0
current (7,15] n=10 e=0 b=[10 0 0] sum=200
candidate (7,15] n=0 e=0 b=[0 0 0] sum=0
current (15,27] n=17 e=0 b=[17 0 0] sum=340
candidate (15,27] n=0 e=0 b=[0 0 0] sum=0`},
		{"a pod that is born",
			join(pod("a", map[int][3]float64{-5: {10, 0, 0}, 5: {20, 0, 0}, 15: {30, 0, 0}, 25: {30, 0, 0}}),
				pod("b", map[int][3]float64{18: {2, 0, 0}})), `
current (-5,5] n=10 e=0 b=[10 0 0] sum=200
candidate (-5,5] n=0 e=0 b=[0 0 0] sum=0
current (5,18] n=12 e=0 b=[12 0 0] sum=240
candidate (5,18] n=0 e=0 b=[0 0 0] sum=0`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, remembering(matrix(row.series...), alive))
			got := countedLines(t, c, CountOptions{Started: since(), Now: at(28)})
			if diff := cmp.Diff(strings.TrimSpace(row.want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Two Prometheus that scrape the same pods, behind a backend that shows both, count nothing twice.
func TestCountOneOfTwoReplicas(t *testing.T) {
	t.Parallel()
	replicated := func(name string, points map[int][3]float64) []scraped {
		series := good("sample-app-v1", points)
		for i := range series {
			series[i].replica = name
		}
		return series
	}
	for _, row := range []struct {
		name, want string
		series     []scraped
	}{
		{"the first", "current (0,10] n=5 e=0 b=[5 0 0] sum=100", join(
			replicated("a", map[int][3]float64{0: {10, 0, 0}, 10: {15, 0, 0}}),
			replicated("b", map[int][3]float64{2: {11, 0, 0}, 9: {16, 0, 0}}))},
		{"the one that scrapes", "current (0,10] n=6 e=0 b=[6 0 0] sum=120", join(
			replicated("a", map[int][3]float64{5: {12, 0, 0}}),
			replicated("b", map[int][3]float64{-10: {5, 0, 0}, 0: {10, 0, 0}, 10: {16, 0, 0}}))},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, remembering(matrix(row.series...), alive))
			got, _, _ := strings.Cut(countedLines(t, c, CountOptions{Started: since(), Now: at(12)}), "\n")
			if got != row.want {
				t.Errorf("want %s, got %s", row.want, got)
			}
		})
	}
}

// However the looks fall, every request is counted once.
func TestCountLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	points := func(phase int) map[int][3]float64 {
		all := map[int][3]float64{}
		for n := range 40 {
			all[phase+10*(n-5)] = [3]float64{float64(3 * n), float64(n), float64(n / 7)}
		}
		return all
	}
	all := join(histogram("sample-app-v1", "a", "2xx", points(3)), histogram("sample-app-v1", "b", "2xx", points(8)),
		histogram("sample-app-v2", "a", "5xx", points(1)))
	var now int
	c := open(t, func(w http.ResponseWriter, _ *http.Request) {
		visible := make([]scraped, len(all))
		for i, s := range all {
			visible[i] = s
			visible[i].points = map[int]float64{}
			for second, v := range s.points {
				if second <= now {
					visible[i].points[second] = v
				}
			}
		}
		_, _ = w.Write([]byte(matrix(visible...)))
	})
	total := map[string]int64{}
	o := CountOptions{Started: since()}
	for now = 7; now < 300; now += 7 {
		o.Now = at(now)
		for _, x := range c.Count(t.Context(), spec("iter8-knative/error-rate"), o) {
			total[x.Version] += x.Requests
			if x.Missing == "" {
				o.After = x.To
			}
		}
	}
	upTo := int(o.After.Sub(since()).Seconds())
	want := map[string]int64{}
	for _, s := range all {
		if strings.HasSuffix(s.name, "_count") {
			last := func(end int) float64 {
				for ; end > -60; end-- {
					if v, ok := s.points[end]; ok {
						return v
					}
				}
				return 0
			}
			want[map[string]string{"sample-app-v1": "current", "sample-app-v2": "candidate"}[s.revision]] += int64(last(upTo) - last(0))
		}
	}
	if diff := cmp.Diff(want, total); diff != "" || upTo < 280 {
		t.Errorf("up to %d s: %s", upTo, diff)
	}
}
