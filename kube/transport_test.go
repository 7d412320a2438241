package kube

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// TestTransportTrouble uses a real client, because only one has a transport.
func TestTransportTrouble(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	tests := []struct{ name, url, want string }{
		{"Knative is not installed", plain.URL, "the cluster has no services of serving.knative.dev/v1 | install Knative Serving"},
		{"an unknown certificate", secure.URL, "the certificate of the API server is not trusted"},
		{"nobody listens", gone.URL, "the API server at " + gone.URL + " does not answer: dial tcp"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, err := dynamic.NewForConfig(&rest.Config{Host: tt.url})
			if err != nil {
				t.Fatal(err)
			}
			_, err = (&Knative{client: client, context: "prod"}).Observe(t.Context(), canary())
			if !strings.Contains(text(err), tt.want) {
				t.Errorf("error %q, want %q in it", text(err), tt.want)
			}
		})
	}
}

// silence is a server that takes requests and never answers.
type silence struct{}

func (silence) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestSilentServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, err := dynamic.NewForConfig(&rest.Config{Host: "https://api.test", Transport: silence{}, QPS: -1})
		if err != nil {
			t.Fatal(err)
		}
		k := &Knative{client: client, context: "prod"}
		begin := time.Now()
		_, err = k.Observe(t.Context(), canary())
		want := "the API server at https://api.test does not answer: no answer in time | check the network"
		if !strings.Contains(text(err), want) || time.Since(begin) != callTimeout {
			t.Errorf("error %q after %s, want %q after %s", text(err), time.Since(begin), want, callTimeout)
		}
		begin = time.Now()
		_, err = k.Shift(t.Context(), canary(), split(t, 100, 0), split(t, 80, 20))
		if !strings.Contains(text(err), want) || time.Since(begin) != shiftDeadline {
			t.Errorf("error %q after %s, want %q after %s", text(err), time.Since(begin), want, shiftDeadline)
		}
	})
}
