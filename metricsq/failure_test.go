package metricsq

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

// Each row is an answer that Prometheus, or something in its place, has been seen to give.
func TestOddAnswers(t *testing.T) {
	t.Parallel()
	vector := func(result string) string {
		return `{"status":"success","data":{"resultType":"vector","result":[` + result + `]}}`
	}
	series := `{"metric":{"a":"b"},"value":[1772366410,"1"]}`
	for _, row := range []struct {
		name   string
		status int
		body   string
		want   experiment.Sample
	}{
		{"value", 200, one("1.25"), experiment.Sample{Value: new(1.25)}},
		{"scalar", 200, `{"status":"success","data":{"resultType":"scalar","result":[1772366410,"7"]}}`,
			experiment.Sample{Value: new(7.0)}},
		{"zero", 200, one("0"), experiment.Sample{Value: new(0.0)}},
		{"not a number", 200, one("NaN"), experiment.Sample{Missing: experiment.NoRequests}},
		{"empty vector", 200, vector(""), experiment.Sample{Missing: experiment.NoSeries}},
		{"two series", 200, vector(series + "," + series),
			experiment.Sample{Missing: experiment.Ambiguous, Detail: "2 series where one is due"}},
		{"infinite", 200, one("+Inf"), experiment.Sample{Missing: experiment.NotANumber, Detail: "+Inf"}},
		{"minus infinite", 200, one("-Inf"), experiment.Sample{Missing: experiment.NotANumber, Detail: "-Inf"}},
		{"native histogram", 200, vector(`{"metric":{},"histogram":[1772366410,{"count":"1","sum":"2","buckets":[]}]}`),
			experiment.Sample{Missing: experiment.NotANumber, Detail: "a histogram"}},
		{"matrix", 200, `{"status":"success","data":{"resultType":"matrix","result":[]}}`,
			experiment.Sample{Missing: experiment.NotANumber, Detail: "a matrix"}},
		{"string", 200, `{"status":"success","data":{"resultType":"string","result":[1,"x"]}}`,
			experiment.Sample{Missing: experiment.Rejected, Detail: "the answer is not Prometheus' JSON"}},
		{"warning beside a value", 200, `{"warnings":["one store is away"],` + one("3")[1:],
			experiment.Sample{Missing: experiment.Partial, Detail: "one store is away"}},
		{"warnings beside nothing", 200, `{"warnings":["a","b"],` + vector("")[1:],
			experiment.Sample{Missing: experiment.Partial, Detail: "a; b"}},
		{"partial by its own flag", 200, `{"isPartial":true,` + one("3")[1:],
			experiment.Sample{Missing: experiment.Partial, Detail: "some of its storage nodes did not answer"}},
		{"whole by its own flag", 200, `{"isPartial":false,` + one("3")[1:], experiment.Sample{Value: new(3.0)}},
		{"partial in a remark", 200, `{"infos":["Partial response"],` + one("3")[1:],
			experiment.Sample{Missing: experiment.Partial, Detail: "Partial response"}},
		{"any other remark", 200, `{"infos":["metric might not be a counter"],` + one("3")[1:], experiment.Sample{Value: new(3.0)}},
		{"bad query", 400, `{"status":"error","errorType":"bad_data","error":"1:5: parse error:\n unexpected )"}`,
			experiment.Sample{Missing: experiment.Rejected, Detail: "bad_data: 1:5: parse error: unexpected )"}},
		{"query too large", 422, `{"status":"error","errorType":"execution","error":"query processing would load too many samples"}`,
			experiment.Sample{Missing: experiment.Rejected, Detail: "execution: query processing would load too many samples"}},
		{"unauthorized", 401, "Unauthorized", experiment.Sample{Missing: experiment.Rejected, Detail: "HTTP 401 Unauthorized, asked without a login"}},
		{"forbidden", 403, "", experiment.Sample{Missing: experiment.Rejected, Detail: "HTTP 403 Forbidden, asked without a login"}},
		{"too many requests", 429, "", experiment.Sample{Missing: experiment.Rejected, Detail: "HTTP 429 Too Many Requests"}},
		{"redirect", 302, "", experiment.Sample{Missing: experiment.Rejected, Detail: "HTTP 302 Found"}},
		{"internal error", 500, `{"status":"error","errorType":"internal","error":"disk full"}`,
			experiment.Sample{Missing: experiment.Rejected, Detail: "HTTP 500 Internal Server Error: disk full"}},
		{"gateway", 502, "<html>", experiment.Sample{Missing: experiment.Unreachable, Detail: "HTTP 502 Bad Gateway"}},
		{"overloaded", 503, `{"status":"error","errorType":"timeout","error":"query timed out"}`,
			experiment.Sample{Missing: experiment.Unreachable, Detail: "HTTP 503 Service Unavailable: query timed out"}},
		{"gateway timeout", 504, "", experiment.Sample{Missing: experiment.Unreachable, Detail: "HTTP 504 Gateway Timeout"}},
		{"web page", 200, "<html>Welcome</html>",
			experiment.Sample{Missing: experiment.Rejected, Detail: "the answer is not Prometheus' JSON"}},
		{"other JSON", 200, `{"hello":"world"}`,
			experiment.Sample{Missing: experiment.Rejected, Detail: "the answer is not Prometheus' JSON"}},
		{"truncated JSON", 200, one("1")[:60],
			experiment.Sample{Missing: experiment.Rejected, Detail: "the answer is not Prometheus' JSON"}},
		{"empty answer", 200, "",
			experiment.Sample{Missing: experiment.Rejected, Detail: "the answer is not Prometheus' JSON"}},
		{"long message", 400, `{"status":"error","errorType":"bad_data","error":"` + strings.Repeat("é", 300) + `"}`,
			experiment.Sample{Missing: experiment.Rejected, Detail: "bad_data: " + strings.Repeat("é", 189) + "…"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := first(t.Context(), open(t, answering(row.status, row.body)))
			row.want.Metric, row.want.Version, row.want.Query = got.Metric, got.Version, got.Query
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, detail string
		backend      http.HandlerFunc
	}{
		{"cut off within the answer", "unexpected EOF", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(one("1")))
		}},
		{"endless answer", "the answer is larger than 16 MiB", func(w http.ResponseWriter, _ *http.Request) {
			for chunk, n := make([]byte, 1<<20), 0; n <= maxAnswer; n += len(chunk) {
				_, _ = w.Write(chunk)
			}
		}},
		{"cut off before the answer", "EOF", func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := first(t.Context(), open(t, row.backend))
			if got.Value != nil || got.Detail != row.detail {
				t.Errorf("want no value: %s, got %+v", row.detail, got)
			}
		})
	}
}

// A Kubernetes API server lets many users get services/proxy, and few create it.
func TestForbiddenPostIsTriedAsGet(t *testing.T) {
	t.Parallel()
	c := open(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = w.Write([]byte(one("5")))
	})
	if got := first(t.Context(), c); got.Value == nil || *got.Value != 5 {
		t.Errorf("want 5, got %+v", got)
	}
}
