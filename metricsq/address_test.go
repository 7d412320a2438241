package metricsq

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"perch/experiment"
)

// proxy is an API server with its service proxy.
type proxy struct{ base string }

func (p proxy) ServiceProxy(namespace, service, port string) (*url.URL, http.RoundTripper, error) {
	if namespace == "nowhere" {
		return nil, nil, errors.New("no kubeconfig")
	}
	base, err := url.Parse(p.base + "/api/v1/namespaces/" + namespace + "/services/" + service + ":" + port + "/proxy")
	return base, http.DefaultTransport, err
}

func TestKubeAddress(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ address, want string }{
		{"kube://monitoring/prometheus-k8s:9090", "/api/v1/namespaces/monitoring/services/prometheus-k8s:9090/proxy/api/v1/query"},
		{"kube://monitoring/prometheus-k8s:web/", "/api/v1/namespaces/monitoring/services/prometheus-k8s:web/proxy/api/v1/query"},
		{"kube://monitoring/https:thanos:10902/thanos/", "/api/v1/namespaces/monitoring/services/https:thanos:10902/proxy/thanos/api/v1/query"},
	} {
		t.Run(row.address, func(t *testing.T) {
			t.Parallel()
			got := make(chan string, 1)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got <- r.Method + " " + r.URL.Path
				_, _ = w.Write([]byte(one("1")))
			}))
			t.Cleanup(server.Close)
			c, err := Open(Options{URL: row.address, Kube: proxy{server.URL}, Headers: []string{"X-Scope-OrgID=shop"}})
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := <-got; got != "GET "+row.want {
				t.Errorf("want GET %s, got %s", row.want, got)
			}
			if want := strings.TrimRight(row.address, "/"); c.endpoint != want {
				t.Errorf("want to be shown as %s, got %s", want, c.endpoint)
			}
		})
	}
}

func TestKubeAddressRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		options Options
		want    string
	}{
		{"no service", Options{URL: "kube://monitoring"}, "not of the form kube://NAMESPACE/SERVICE:PORT"},
		{"no port", Options{URL: "kube://monitoring/prometheus"}, "not of the form kube://NAMESPACE/SERVICE:PORT"},
		{"empty port", Options{URL: "kube://monitoring/prometheus:"}, "not of the form kube://NAMESPACE/SERVICE:PORT"},
		{"a way out of the path", Options{URL: "kube://monitoring/..:9090"}, "not of the form kube://NAMESPACE/SERVICE:PORT"},
		{"user", Options{URL: "kube://a:b@monitoring/prometheus:9090"}, "not of the form kube://NAMESPACE/SERVICE:PORT"},
		{"token", Options{URL: "kube://monitoring/prometheus:9090", Login: Login{Token: "x"}}, "kubeconfig's login, and another one"},
		{"CA", Options{URL: "kube://monitoring/prometheus:9090", TLS: TLS{InsecureSkipVerify: true}}, "kubeconfig's login, and another one"},
		{"no proxy", Options{URL: "kube://nowhere/prometheus:9090"}, "service prometheus:9090 in nowhere: no kubeconfig"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.options.Kube = proxy{"http://127.0.0.1"}
			_, err := Open(row.options)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("want %q, got %v", row.want, err)
			}
		})
	}
	if _, err := Open(Options{URL: "kube://monitoring/prometheus:9090"}); err == nil || experiment.HintOf(err) == "" {
		t.Errorf("without a cluster: want an error with a hint, got %v", err)
	}
}

func TestKubeForbiddenNamesTheLogin(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(answering(403, ""))
	t.Cleanup(server.Close)
	c, err := Open(Options{URL: "kube://monitoring/prometheus:9090", Kube: proxy{server.URL}})
	if err != nil {
		t.Fatal(err)
	}
	expectPing(t, c, "prometheus at kube://monitoring/prometheus:9090: HTTP 403 Forbidden, asked with the kubeconfig's login", "services/proxy")
}
