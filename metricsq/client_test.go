package metricsq

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"perch/experiment"
)

func TestOpenRefusesWhatIsNoURL(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, url, want string }{
		{"nothing", "", "no Prometheus URL is given"},
		{"no scheme", "prometheus:9090", "the Prometheus URL begins neither with http:// nor with https://"},
		{"other scheme", "ftp://user:s3cret@prometheus", "the Prometheus URL begins neither with http:// nor with https://"},
		{"no host", "http:///api/v1/query", "the Prometheus URL names no host"},
		{"only a port", "http://:9090", "the Prometheus URL names no host"},
		{"slash in the password", "http://user:s3/cret@prometheus:9090", "the Prometheus URL cannot be parsed"},
		{"slash behind digits in it", "http://user:12/s3cret@prometheus:9090", "the Prometheus URL has an @ in its path"},
		{"space in the password", "http://user:s3 cret@prometheus:9090", "the Prometheus URL cannot be parsed"},
		{"percent in the password", "http://user:s3%cret@prometheus:9090", "the Prometheus URL cannot be parsed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(Options{URL: row.url})
			if err == nil || err.Error() != row.want || experiment.HintOf(err) == "" {
				t.Errorf("want %q with a hint, got %q with %q", row.want, err, experiment.HintOf(err))
			}
		})
	}
}

func TestOpenFindsTheQueryAPI(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, suffix, want string }{
		{"bare", "", "/api/v1/query"},
		{"slash", "/", "/api/v1/query"},
		{"query path", "/api/v1/query", "/api/v1/query"},
		{"query path and slash", "/api/v1/query/", "/api/v1/query"},
		{"prefix", "/prometheus/", "/prometheus/api/v1/query"},
		{"prefix and query path", "/prometheus/api/v1/query", "/prometheus/api/v1/query"},
		{"fragment", "/#graph", "/api/v1/query"},
		{"parameters", "/?dedup=true", "/api/v1/query?dedup=true"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan string, 1)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked <- r.URL.RequestURI()
				_, _ = w.Write([]byte(one("1")))
			}))
			t.Cleanup(server.Close)
			if err := openURL(t, server.URL+row.suffix).Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			got, _, _ := strings.Cut(<-asked, "query=")
			if !strings.HasPrefix(got, row.want) {
				t.Errorf("want a request of %s, got %s", row.want, got)
			}
		})
	}
}

func TestLoginIsSentAndNeverShown(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"value", answering(200, one("1"))},
		{"refused", answering(401, "no")},
		{"forbidden, then by GET", answering(403, "no")},
		{"web page", answering(200, "<html>")},
		{"refused with an echo", answering(403, `{"error":"who is c2NvdHQ6dGlnL2Vy, tig/er or tig%2Fer?"}`)},
		{"echo in a warning", answering(200, `{"warnings":["tig/er"],`+one("1")[1:])},
		{"cut off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			logins := make(chan string, 100)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				user, password, _ := r.BasicAuth()
				logins <- user + " " + password
				row.answer(w, r)
			}))
			t.Cleanup(server.Close)
			c := openURL(t, strings.Replace(server.URL, "http://", "http://scott:tig%2Fer@", 1))
			samples, err := json.Marshal(c.Measure(t.Context(), spec("iter8-knative/error-rate"), since(), now()))
			if err != nil {
				t.Fatal(err)
			}
			shown := string(samples)
			if err := c.Ping(t.Context()); err != nil {
				shown += err.Error() + experiment.HintOf(err)
			}
			if strings.Contains(shown, "scott") || strings.Contains(shown, "c2N") || strings.Contains(shown, "tig") {
				t.Errorf("the login is shown in %s", shown)
			}
			if got := <-logins; got != "scott tig/er" {
				t.Errorf("want the login scott tig/er, got %s", got)
			}
		})
	}
}

// A redirect that were followed would take the login along.
func TestLoginStaysWithItsHost(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the redirect was followed with %q", r.Header.Get("Authorization"))
	}))
	t.Cleanup(elsewhere.Close)
	c := open(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	if got := first(t.Context(), c); got.Missing != experiment.Rejected {
		t.Errorf("want rejected, got %+v", got)
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTransportCarriesTheRequests(t *testing.T) {
	t.Parallel()
	c, err := Open(Options{URL: "http://prometheus", Backoff: -1, Transport: transport(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("the tunnel is closed")
	})})
	if err != nil {
		t.Fatal(err)
	}
	if got := first(t.Context(), c); got.Missing != experiment.Unreachable || got.Detail != "the tunnel is closed" {
		t.Errorf("want unreachable: the tunnel is closed, got %+v", got)
	}
}
