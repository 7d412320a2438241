package faults

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// stand is a proxy in front of a server, both over TLS, as clients of a sandbox see it.
type stand struct {
	url    string
	client *http.Client
	rules  *Table
	served atomic.Int64 // requests that reached the server
}

func newStand(t *testing.T, target Target, rules string, serve http.HandlerFunc) *stand {
	t.Helper()
	s := &stand{rules: NewTable()}
	if err := s.rules.set([]byte(rules)); err != nil {
		t.Fatalf("rules %s: %v", rules, err)
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.served.Add(1)
		serve(w, r)
	}))
	t.Cleanup(server.Close)
	upstream, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewTLSServer(&Proxy{
		Target: target, Upstream: upstream, Transport: server.Client().Transport,
		Rules: s.rules, Log: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(proxy.Close)
	s.url, s.client = proxy.URL, proxy.Client()
	return s
}

func (s *stand) send(ctx context.Context, method, path, body string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer abc")
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return s.client.Do(request)
}

// reply is an answer that was read to its end.
type reply struct {
	code   int
	header http.Header
	body   string
}

// ask sends a request, and fails as that does or as reading the answer does.
func (s *stand) ask(ctx context.Context, method, path, body string) (reply, error) {
	answer, err := s.send(ctx, method, path, body)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(answer.Body)
	return reply{answer.StatusCode, answer.Header, string(content)}, err
}

// get is the answer to a request that must have one.
func (s *stand) get(t *testing.T, method, path, body string) reply {
	t.Helper()
	got, err := s.ask(t.Context(), method, path, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "carried out") }

func TestWithoutRulesNothingChanges(t *testing.T) {
	t.Parallel()
	var seen string
	s := newStand(t, API, `[]`, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		seen = strings.Join([]string{r.Method, r.RequestURI, r.Header.Get("Authorization"), string(body)}, " ")
		w.Header().Set("X-Answer", "yes")
		w.WriteHeader(http.StatusCreated)
		ok(w, r)
	})
	got := s.get(t, http.MethodPatch, "/apis/a%2Fb?x=1&y=%20", "a change")
	if want := "PATCH /apis/a%2Fb?x=1&y=%20 Bearer abc a change"; seen != want {
		t.Errorf("the server saw %q, want %q", seen, want)
	}
	if got.code != http.StatusCreated || got.header.Get("X-Answer") != "yes" || got.body != "carried out" {
		t.Errorf("the client saw %+v", got)
	}
}

func TestWatchIsNotHeldUp(t *testing.T) {
	t.Parallel()
	read := make(chan struct{}) // closed when the client has the first event
	s := newStand(t, API, `[]`, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "first\n")
		_ = http.NewResponseController(w).Flush()
		<-read
		_, _ = io.WriteString(w, "second\n")
	})
	answer, err := s.send(t.Context(), http.MethodGet, "/?watch=true", "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	lines := bufio.NewScanner(answer.Body)
	if !lines.Scan() || lines.Text() != "first" {
		t.Fatalf("got %q, %v", lines.Text(), lines.Err())
	}
	close(read)
	if !lines.Scan() || lines.Text() != "second" {
		t.Errorf("got %q, %v", lines.Text(), lines.Err())
	}
}

func TestUpgradedConnectionsPass(t *testing.T) {
	t.Parallel()
	s := newStand(t, API, `[]`, func(w http.ResponseWriter, _ *http.Request) {
		connection, stream, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = connection.Close() }()
		_, _ = stream.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_ = stream.Flush()
		_, _ = io.Copy(connection, stream)
	})
	where, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // its own server's
	connection, err := dialer.DialContext(t.Context(), "tcp", where.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	_, _ = io.WriteString(connection, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	lines := bufio.NewScanner(connection)
	for lines.Scan() && lines.Text() != "" {
	}
	_, _ = io.WriteString(connection, "hello\n")
	lines.Scan()
	if lines.Text() != "hello" {
		t.Errorf("no echo: %q, %v", lines.Text(), lines.Err())
	}
}

func TestConnectionsAreReset(t *testing.T) {
	t.Parallel()
	for do, served := range map[Effect]int64{Reset: 0, LoseAnswer: 1} {
		t.Run(string(do), func(t *testing.T) {
			t.Parallel()
			s := newStand(t, API, `[{"target":"api","do":"`+string(do)+`","method":"PATCH","times":1}]`, ok)
			if got, err := s.ask(t.Context(), http.MethodPatch, "/", "a change"); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("got %+v, %v, want a reset", got, err)
			}
			if got := s.served.Load(); got != served {
				t.Errorf("%d requests were carried out, want %d", got, served)
			}
			if got := s.get(t, http.MethodPatch, "/", "a change"); got.body != "carried out" {
				t.Errorf("afterwards: got %+v", got)
			}
		})
	}
}

func TestRequestsHangUntilTheRuleIsRemoved(t *testing.T) {
	t.Parallel()
	for do, servedBefore := range map[Effect]int64{Hang: 0, HoldAnswer: 1} {
		t.Run(string(do), func(t *testing.T) {
			t.Parallel()
			carried := make(chan struct{}, 1) // sent to by the server, once per request
			s := newStand(t, Charts, `[{"target":"charts","do":"`+string(do)+`"}]`, func(w http.ResponseWriter, r *http.Request) {
				carried <- struct{}{}
				ok(w, r)
			})
			got := make(chan string, 1) // sent to by the request below, once
			go func() {
				reply, err := s.ask(t.Context(), http.MethodGet, "/", "")
				if err != nil {
					reply.body = err.Error()
				}
				got <- reply.body
			}()
			if err := s.rules.WaitStruck(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			if servedBefore > 0 {
				<-carried
			}
			select {
			case body := <-got:
				t.Fatalf("got %q at once", body)
			default:
			}
			if served := s.served.Load(); served != servedBefore {
				t.Errorf("%d requests were carried out while it hung, want %d", served, servedBefore)
			}
			s.rules.Replace(nil)
			if body := <-got; body != "carried out" {
				t.Errorf("got %q when the rule was gone", body)
			}
		})
	}
}

func TestHangingRequestEndsWhenTheClientGivesUp(t *testing.T) {
	t.Parallel()
	s := newStand(t, Prometheus, `[{"target":"prometheus","do":"hang"}]`, ok)
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error, 1) // sent to by the request below, once
	go func() {
		_, err := s.ask(ctx, http.MethodPost, "/api/v1/query", "query=up")
		got <- err
	}()
	if err := s.rules.WaitStruck(ctx, 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want cancelled", err)
	}
	if served := s.served.Load(); served != 0 {
		t.Errorf("%d requests were carried out, want none", served)
	}
}

func TestAnswerIsTruncated(t *testing.T) {
	t.Parallel()
	s := newStand(t, Charts, `[{"target":"charts","do":"truncate"}]`, ok)
	got, err := s.ask(t.Context(), http.MethodGet, "/", "")
	if !errors.Is(err, io.ErrUnexpectedEOF) || got.body != "carri" {
		t.Errorf("got %+v, %v, want the first half and an unexpected end", got, err)
	}
}

func TestWatchIsDropped(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ query, kind, stream, want string }{
		"JSON":             {"?watch=true", "application/json", "{1}\n{2}\n", "{1}\n"},
		"protobuf":         {"?watch=1", "application/vnd.kubernetes.protobuf;stream=watch", "\x00\x00\x00\x02ab\x00\x00\x00\x01c", "\x00\x00\x00\x02ab"},
		"a list is none":   {"", "application/json", "{1}\n{2}\n", "{1}\n{2}\n"},
		"ended before one": {"?watch=true", "application/json", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, API, `[{"target":"api","do":"drop-watch"}]`, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.kind)
				_, _ = io.WriteString(w, tt.stream)
			})
			if got := s.get(t, http.MethodGet, "/"+tt.query, ""); got.body != tt.want {
				t.Errorf("stream %q: got %q, want %q", tt.stream, got.body, tt.want)
			}
		})
	}
}
