package faults

import (
	"fmt"
	"net/http"
	"testing"
)

// TestRefusalsAreWordedAsTheServersOwn: the texts are those of a real API server and Prometheus.
func TestRefusalsAreWordedAsTheServersOwn(t *testing.T) {
	t.Parallel()
	const service = "/apis/serving.knative.dev/v1/namespaces/default/services/sample-app"
	const details = `"details":{"name":"sample-app","group":"serving.knative.dev","kind":"services"}`
	failure := func(message, reason string, code int) string {
		return fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":%s,%s"code":%d}`+"\n", message, reason, code)
	}
	tests := []struct {
		target Target
		code   int
		path   string
		want   string
	}{
		{API, 401, service, failure(`"Unauthorized"`, `"reason":"Unauthorized",`, 401)},
		{API, 403, service, failure(
			`"services.serving.knative.dev \"sample-app\" is forbidden: User cannot patch resource \"services\" in API group \"serving.knative.dev\" in the namespace \"default\""`,
			`"reason":"Forbidden",`+details+",", 403)},
		{API, 409, service, failure(
			`"Operation cannot be fulfilled on services.serving.knative.dev \"sample-app\": the object has been modified; please apply your changes to the latest version and try again"`,
			`"reason":"Conflict",`+details+",", 409)},
		{API, 429, service, "Too many requests, please try again later.\n"},
		{API, 500, service, failure(`"etcdserver: request timed out"`, "", 500)},
		{API, 503, service, failure(`"the server is currently unable to handle the request"`, `"reason":"ServiceUnavailable",`, 503)},
		{Prometheus, 400, "/api/v1/query", `{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:1: parse error: unexpected end of input"}` + "\n"},
		{Prometheus, 401, "/api/v1/query", "Unauthorized\n"},
		{Prometheus, 429, "/api/v1/query", `{"status":"error","errorType":"too_many_requests","error":"too many outstanding requests"}` + "\n"},
		{Prometheus, 500, "/api/v1/query", `{"status":"error","errorType":"internal","error":"error selecting series: unexpected error"}` + "\n"},
		{Prometheus, 503, "/api/v1/query", `{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}` + "\n"},
		{Charts, 503, "/index.yaml", "Service Unavailable\n"},
		{Charts, 599, "/index.yaml", "status 599\n"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.target, tt.code), func(t *testing.T) {
			t.Parallel()
			s := newStand(t, tt.target, fmt.Sprintf(`[{"target":%q,"do":"status","code":%d,"retryAfter":7}]`, tt.target, tt.code), ok)
			got := s.get(t, http.MethodPatch, tt.path, "")
			if got.code != tt.code || got.body != tt.want || got.header.Get("Retry-After") != "7" {
				t.Errorf("got %+v\nwant %d with Retry-After 7 and\n%s", got, tt.code, tt.want)
			}
			if s.served.Load() > 0 {
				t.Error("the request was carried out")
			}
		})
	}
}
