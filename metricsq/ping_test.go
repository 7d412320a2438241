package metricsq

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"perch/experiment"
)

func TestPingAsksOneCheapQuestion(t *testing.T) {
	t.Parallel()
	c := open(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.FormValue("query"); got != "vector(1)" {
			t.Errorf("want vector(1), got %s", got)
		}
		_, _ = w.Write([]byte(one("1")))
	})
	if err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPingSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name       string
		status     int
		body       string
		what, hint string
	}{
		{"no login", 401, "", "HTTP 401 Unauthorized", "USER:PASSWORD"},
		{"no right", 403, "", "HTTP 403 Forbidden", "may not query"},
		{"other server", 404, "", "HTTP 404 Not Found", "without /graph"},
		{"web page", 200, "<html>", "not Prometheus' JSON", "without /graph"},
		{"login page", 302, "", "HTTP 302 Found", "redirects"},
		{"no Prometheus behind the proxy", 502, "", "HTTP 502 Bad Gateway", "running and ready"},
		{"starting up", 503, "Service Unavailable", "HTTP 503 Service Unavailable", "running and ready"},
		{"broken", 500, "", "HTTP 500 Internal Server Error", "query API"},
		{"refused by Prometheus", 422, `{"status":"error","errorType":"execution","error":"no"}`, "execution: no", "query API"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			expectPing(t, open(t, answering(row.status, row.body)), row.what, row.hint)
		})
	}
}

func TestPingSaysWhyNobodyAnswers(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	for _, row := range []struct{ name, url, what, hint string }{
		{"not TLS", strings.Replace(plain.URL, "http:", "https:", 1), "HTTP response to HTTPS client", "http:// in place of https://"},
		{"untrusted", secure.URL, "certificate", "nobody whom this machine trusts"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			expectPing(t, openURL(t, row.url), row.what, row.hint)
		})
	}
}

// What depends on the network comes from a transport.
func TestPingSaysWhyNothingConnects(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name       string
		err        error
		what, hint string
	}{
		{"nothing listens", &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, "connection refused", "nothing listens"},
		{"unknown host", &net.DNSError{Err: "no such host", Name: "prometheus"}, "no such host", "port-forward"},
		{"no route", &net.OpError{Op: "dial", Net: "tcp", Err: syscall.EHOSTUNREACH}, "no route to host", "firewall"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, err := Open(Options{URL: "http://prometheus:9090", Backoff: -1, Transport: transport(func(*http.Request) (*http.Response, error) {
				return nil, row.err
			})})
			if err != nil {
				t.Fatal(err)
			}
			expectPing(t, c, row.what, row.hint)
		})
	}
}

func TestPingHasADeadline(t *testing.T) {
	t.Parallel()
	c := open(t, func(_ http.ResponseWriter, r *http.Request) { awaitGone(r, func() {}) })
	c.timeout = 1 // nanosecond
	expectPing(t, c, "no answer in time", "Prometheus up")
}

func expectPing(t *testing.T, c *Client, what, hint string) {
	t.Helper()
	err := c.Ping(t.Context())
	if err == nil {
		t.Fatal("want an error")
	}
	if !strings.HasPrefix(err.Error(), "prometheus at "+c.endpoint+": ") || !strings.Contains(err.Error(), what) {
		t.Errorf("want an error that names the endpoint and says %q, got %q", what, err)
	}
	if got := experiment.HintOf(err); !strings.Contains(got, hint) {
		t.Errorf("want a hint that says %q, got %q", hint, got)
	}
}
