package metricsq

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// scraped is one series of a backend, by the seconds since the experiment began.
type scraped struct {
	name, revision, class, pod string
	le, replica                string
	points                     map[int]float64
	native                     map[int]string // histograms, as JSON
	origin                     time.Time      // of the seconds; zero: since()
}

// stream is the series as Prometheus answers it.
func (s scraped) stream() *model.SampleStream {
	labels := model.Metric{"__name__": model.LabelValue(s.name), "revision_name": model.LabelValue(s.revision)}
	for name, value := range map[model.LabelName]string{"response_code_class": s.class, "pod_name": s.pod, "le": s.le, "prometheus_replica": s.replica} {
		if value != "" {
			labels[name] = model.LabelValue(value)
		}
	}
	stream := &model.SampleStream{Metric: labels}
	origin := s.origin
	if origin.IsZero() {
		origin = since()
	}
	when := func(second int) model.Time {
		return model.TimeFromUnixNano(origin.Add(time.Duration(second) * time.Second).UnixNano())
	}
	for _, second := range slices.Sorted(maps.Keys(s.points)) {
		pair := model.SamplePair{Timestamp: when(second), Value: model.SampleValue(s.points[second])}
		stream.Values = append(stream.Values, pair)
	}
	for _, second := range slices.Sorted(maps.Keys(s.native)) {
		h := &model.SampleHistogram{}
		if err := json.Unmarshal([]byte(s.native[second]), h); err != nil {
			panic(err)
		}
		stream.Histograms = append(stream.Histograms, model.SampleHistogramPair{Timestamp: when(second), Histogram: h})
	}
	return stream
}

// matrix is the answer to a range vector.
func matrix(all ...scraped) string {
	var result []string
	for _, s := range all {
		text, err := json.Marshal(s.stream())
		if err != nil {
			panic(err)
		}
		result = append(result, string(text))
	}
	return `{"status":"success","data":{"resultType":"matrix","result":[` + strings.Join(result, ",") + `]}}`
}

// vector is the answer to an instant query: the newest value of each series.
func vector(all ...scraped) string {
	var result []string
	for _, s := range all {
		stream := s.stream()
		sample := model.Sample{Metric: stream.Metric}
		if n := len(stream.Values); n > 0 {
			sample.Timestamp, sample.Value = stream.Values[n-1].Timestamp, stream.Values[n-1].Value
		}
		if n := len(stream.Histograms); n > 0 {
			sample.Timestamp, sample.Histogram = stream.Histograms[n-1].Timestamp, stream.Histograms[n-1].Histogram
		}
		text, err := json.Marshal(&sample)
		if err != nil {
			panic(err)
		}
		result = append(result, string(text))
	}
	return `{"status":"success","data":{"resultType":"vector","result":[` + strings.Join(result, ",") + `]}}`
}

// alive is what a backend says that scraped something, and none of the series asked for.
const alive = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1772366400,"3"]}]}}`

// remembering answers range vectors with one answer, and what was before with another.
func remembering(now, before string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer := now
		if strings.HasPrefix(r.FormValue("query"), "last_over_time") {
			answer = before
		}
		_, _ = w.Write([]byte(answer))
	}
}

// histogram is a classic histogram of one pod and class, with the bounds 50 and 100 ms. Each point
// is how many requests took 20 ms, 80 ms and 200 ms so far.
func histogram(revision, pod, class string, points map[int][3]float64) []scraped {
	one := func(suffix, le string, value func([3]float64) float64) scraped {
		s := scraped{
			name: "revision_app_request_latencies" + suffix, revision: revision, pod: pod, class: class, le: le,
			points: map[int]float64{},
		}
		for second, p := range points {
			s.points[second] = value(p)
		}
		return s
	}
	return []scraped{
		one("_bucket", "50", func(p [3]float64) float64 { return p[0] }),
		one("_bucket", "100", func(p [3]float64) float64 { return p[0] + p[1] }),
		one("_bucket", "+Inf", func(p [3]float64) float64 { return p[0] + p[1] + p[2] }),
		one("_count", "", func(p [3]float64) float64 { return p[0] + p[1] + p[2] }),
		one("_sum", "", func(p [3]float64) float64 { return 20*p[0] + 80*p[1] + 200*p[2] }),
	}
}

// good and bad are histograms of the pod "a" of a version.
func good(revision string, points map[int][3]float64) []scraped {
	return histogram(revision, "a", "2xx", points)
}

func bad(revision string, points map[int][3]float64) []scraped {
	return histogram(revision, "a", "5xx", points)
}

// join puts series together.
func join(all ...[]scraped) []scraped {
	var joined []scraped
	for _, s := range all {
		joined = append(joined, s...)
	}
	return joined
}

// countedLines writes tallies one a line, the times in seconds since the experiment began.
func countedLines(t *testing.T, c *Client, o CountOptions) string {
	t.Helper()
	var lines []string
	for _, x := range c.Count(t.Context(), spec("iter8-knative/error-rate", "iter8-knative/mean-latency"), o) {
		line := fmt.Sprintf("%s (%v,%v]", x.Version, x.From.Sub(since()).Seconds(), x.To.Sub(since()).Seconds())
		if x.Missing != "" {
			line += fmt.Sprintf(" %s: %s", x.Missing, x.Detail)
		} else {
			line += fmt.Sprintf(" n=%d e=%d b=%v sum=%v", x.Requests, x.Errors, x.Buckets, x.Sum)
		}
		if x.Reset {
			line += " reset"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
