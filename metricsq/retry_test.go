package metricsq

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// flaky answers each request with the next of its answers: a status, "" for a value, "cut" for none.
type flaky struct {
	answers []string
	asked   []time.Duration // since it was made
	began   time.Time
	after   string // the header Retry-After of each answer
}

func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	f.asked = append(f.asked, time.Since(f.began))
	answer := f.answers[min(len(f.asked), len(f.answers))-1]
	response := &http.Response{StatusCode: 200, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(one("1")))}
	response.Header.Set("Retry-After", f.after)
	switch answer {
	case "cut":
		return nil, io.ErrUnexpectedEOF
	case "hang":
		<-r.Context().Done()
		return nil, r.Context().Err()
	case "":
	default:
		response.StatusCode, _ = strconv.Atoi(answer)
		response.Body = io.NopCloser(strings.NewReader(`{"status":"error","errorType":"bad_data","error":"no"}`))
	}
	return response, nil
}

func TestRetry(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		answers []string
		after   string
		want    int           // how often it is asked
		atMost  time.Duration // when the last time
		atLeast time.Duration
		value   bool
	}{
		{"answers at once", []string{""}, "", 1, 0, 0, true},
		{"cut off once", []string{"cut", ""}, "", 2, 250 * time.Millisecond, 125 * time.Millisecond, true},
		{"busy twice", []string{"503", "429", ""}, "", 3, 750 * time.Millisecond, 375 * time.Millisecond, true},
		{"busy for good", []string{"503"}, "", 3, 750 * time.Millisecond, 375 * time.Millisecond, false},
		{"wants to be left alone", []string{"429", ""}, "2", 2, 2 * time.Second, 2 * time.Second, true},
		{"for longer than there is time", []string{"429", ""}, "60", 1, 0, 0, false},
		{"does not understand", []string{"400", ""}, "", 1, 0, 0, false},
		{"broken", []string{"500", ""}, "", 1, 0, 0, false},
		{"hangs", []string{"hang", ""}, "", 1, 0, 0, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				backend := &flaky{answers: row.answers, began: time.Now(), after: row.after}
				c, err := Open(Options{URL: "http://prometheus", Transport: backend})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := c.instant(t.Context(), "up", now()); (err == nil) != row.value {
					t.Errorf("want a value: %v, got %v", row.value, err)
				}
				if len(backend.asked) != row.want {
					t.Fatalf("want %d requests, got %v", row.want, backend.asked)
				}
				if last := backend.asked[row.want-1]; last > row.atMost || last < row.atLeast {
					t.Errorf("want the last request after %v to %v, got %v", row.atLeast, row.atMost, last)
				}
			})
		})
	}
}

// However slow the backend, a look ends when its budget does.
func TestLookHasABudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		hangs := transport(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		c, err := Open(Options{URL: "http://prometheus", Transport: hangs})
		if err != nil {
			t.Fatal(err)
		}
		s := spec("iter8-knative/mean-latency", "iter8-knative/error-rate", "iter8-knative/error-count",
			"iter8-knative/95th-percentile-tail-latency", "knative/error-rate", "knative/mean-latency", "knative/error-count")
		for _, sample := range c.Measure(t.Context(), s, since(), now()) {
			if sample.Value != nil || sample.Detail != "no answer in time" {
				t.Errorf("want no answer in time, got %+v", sample)
			}
		}
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("want the budget of 10 s to be used up, got %v", took)
		}
	})
}

func TestRetryEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		asked := 0
		_, err := retry(ctx, time.Hour, func(context.Context) (int, error) {
			asked++
			cancel()
			return 0, unanswered{errors.New("cut off")}
		})
		if err == nil || asked != 1 {
			t.Errorf("want one request and its error, got %d and %v", asked, err)
		}
	})
}

func TestIsPassing(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		err  error
		want bool
	}{
		{"refused", unanswered{syscall.ECONNREFUSED}, true},
		{"cut off", unanswered{io.ErrUnexpectedEOF}, true},
		{"name server away", unanswered{&net.DNSError{IsTemporary: true}}, true},
		{"unknown host", unanswered{&net.DNSError{IsNotFound: true}}, false},
		{"untrusted", unanswered{&tls.CertificateVerificationError{Err: io.EOF}}, false},
		{"no TLS", unanswered{http.ErrSchemeMismatch}, false},
		{"no time left", unanswered{context.DeadlineExceeded}, false},
		{"cancelled", unanswered{context.Canceled}, false},
		{"busy", statusError{code: 429}, true},
		{"no right", statusError{code: 403}, false},
		{"partial", partialError{"a store is away"}, false},
	} {
		if got := isPassing(row.err); got != row.want {
			t.Errorf("%s: want %v, got %v", row.name, row.want, got)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"": 0, "5": 5 * time.Second, "-5": 0, "soon": 0, "999999999": time.Hour,
		"Sun, 01 Mar 2026 12:00:10 GMT": 10 * time.Second, "Sun, 01 Mar 2026 11:00:00 GMT": 0,
	} {
		if got := retryAfter(header, since()); got != want {
			t.Errorf("retryAfter(%q): want %v, got %v", header, want, got)
		}
	}
}
