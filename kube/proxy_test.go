package kube

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
)

// aProxy is an API server whose service proxy leads to a service that says what it is asked.
func aProxy(t *testing.T) *Cluster {
	t.Helper()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a request went elsewhere, authorized by %q", r.Header.Get("Authorization"))
	}))
	t.Cleanup(elsewhere.Close)
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/namespaces/monitoring/services/prometheus:9090/proxy/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s?%s %s as %s", r.Method, r.URL.EscapedPath(), r.URL.RawQuery, body, r.Header.Get("Authorization"))
	})
	mux.HandleFunc("/api/v1/namespaces/monitoring/services/odd:9090/proxy/bad", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"status":"error","error":"parse error"}`)
	})
	mux.HandleFunc("/api/v1/namespaces/monitoring/services/odd:9090/proxy/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusFound)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":`+
			`"services \"x:1\" is forbidden: User \"ann\" cannot get resource \"services/proxy\" in API group \"\" in the namespace \"closed\""}`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return &Cluster{config: &rest.Config{Host: server.URL, BearerToken: "hush"}, context: access{name: "prod", user: "ann"}}
}

func TestProxy(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, url string
		body      string
		want      string // status and body
		err       string
	}{
		{name: "a query", url: "kube://monitoring/prometheus:9090/api/v1/query?query=up%7B%7D",
			want: "200 GET /api/v1/namespaces/monitoring/services/prometheus:9090/proxy/api/v1/query?query=up%7B%7D  as Bearer hush"},
		{name: "a form", url: "kube://monitoring/prometheus:9090/api/v1/query", body: "query=up",
			want: "200 POST /api/v1/namespaces/monitoring/services/prometheus:9090/proxy/api/v1/query? query=up as Bearer hush"},
		{name: "an escaped path", url: "kube://monitoring/prometheus:9090/a%2Fb/",
			want: "200 GET /api/v1/namespaces/monitoring/services/prometheus:9090/proxy/a%2Fb/?  as Bearer hush"},
		{name: "the service refuses", url: "kube://monitoring/odd:9090/bad", want: `400 {"status":"error","error":"parse error"}`},
		{name: "the API server refuses", url: "kube://closed/x:1", err: "the cluster forbids it: ann needs get on services/proxy in closed"},
		{name: "the service leads elsewhere", url: "kube://monitoring/odd:9090/moved", err: "is not the address of a service"},
		{name: "another URL", url: "http://127.0.0.1:1/x", err: "is not the address of a service"},
		{name: "no port", url: "kube://monitoring/prometheus", err: "is not the address of a service"},
		{name: "no namespace", url: "kube:///prometheus:9090", err: "is not the address of a service"},
		{name: "a password", url: "kube://bob:hush@monitoring/prometheus:9090", err: "kube://***@monitoring/prometheus:9090 is not the address"},
		{name: "another object", url: "kube://monitoring/prometheus:9090/../../../../secrets", err: "leads out of the service"},
		{name: "another object, escaped", url: "kube://monitoring/prometheus:9090/%2e%2e/%2e%2e/secrets", err: "leads out of the service"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			transport, err := aProxy(t).Transport()
			if err != nil {
				t.Fatal(err)
			}
			method := http.MethodGet
			if tt.body != "" {
				method = http.MethodPost
			}
			r, err := http.NewRequestWithContext(t.Context(), method, tt.url, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			response, err := (&http.Client{Transport: transport}).Do(r)
			if err != nil {
				if tt.err == "" || !strings.Contains(text(err), tt.err) {
					t.Errorf("error %q, want %q in it", text(err), tt.err)
				}
				return
			}
			body, _ := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if got := fmt.Sprint(response.StatusCode, " ", string(body)); got != tt.want {
				t.Errorf("answer %q, want %q", got, tt.want)
			}
		})
	}
}
