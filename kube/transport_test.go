package kube

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"perch/experiment"
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
			_, err = (&Knative{client: client, context: access{name: "prod"}}).Observe(t.Context(), canary())
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
		k := &Knative{client: client, context: access{name: "prod"}}
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

// A moody server answers reads of the service in the way of the nth one.
type moody struct {
	answer func(n int) (status int, retryAfter string) // 0: no answer
	asked  int
	fresh  int // times that its connections were forgotten
}

func (m *moody) RoundTrip(r *http.Request) (*http.Response, error) {
	m.asked++
	status, retryAfter := m.answer(m.asked)
	if status == 0 {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	body, _ := tutorialApp().service.MarshalJSON()
	header := http.Header{"Content-Type": {"application/json"}}
	if status != http.StatusOK {
		body = []byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","code":` + strconv.Itoa(status) + `,"message":"later"}`)
		header.Set("Retry-After", retryAfter)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

func (m *moody) CloseIdleConnections() { m.fresh++ }

// TestDeadlines shows what client-go's own patience does within Perch's.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer func(n int) (int, string)
		shift  bool
		took   time.Duration // at least; by a tenth of a pause it may be more
		asked  int
		fresh  int
		err    string
	}{
		{name: "told to come again", asked: 2, took: 2 * time.Second, answer: func(n int) (int, string) {
			return map[bool]int{true: 429, false: 200}[n == 1], "2"
		}},
		{name: "told to come much later", asked: 1, took: callTimeout, err: "no answer in time", answer: func(int) (int, string) { return 503, "3600" }},
		{name: "a hang costs one attempt", shift: true, asked: 2, fresh: 1, took: callTimeout, answer: func(n int) (int, string) {
			return map[bool]int{true: 0, false: 200}[n == 1], ""
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := &moody{answer: tt.answer}
				config := &rest.Config{Host: "https://api.test", Transport: fresh{server}, QPS: -1}
				client, err := dynamic.NewForConfig(config)
				if err != nil {
					t.Fatal(err)
				}
				k, begin := &Knative{client: client, context: access{name: "prod"}}, time.Now()
				if tt.shift {
					_, err = k.Shift(t.Context(), canary(), experiment.Split{}, split(t, 100, 0))
				} else {
					_, err = k.Observe(t.Context(), canary())
				}
				took := time.Since(begin)
				if (err == nil) != (tt.err == "") || !strings.Contains(text(err), tt.err) || took < tt.took || took > tt.took+time.Second {
					t.Errorf("error %q after %s, want %q after %s", text(err), took, tt.err, tt.took)
				}
				if server.fresh != tt.fresh {
					t.Errorf("connections were forgotten %d times, want %d", server.fresh, tt.fresh)
				}
			})
		})
	}
}
