package dataplane

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Identity is what Knative's metrics call a revision by.
type Identity struct {
	Namespace, Service, Configuration, Revision, Container string
}

// Revisions are the HTTP servers of all revisions. Each has a second port for its metrics, so that
// the series of a revision that is gone end.
type Revisions struct {
	mu      sync.Mutex
	servers map[string]*server // by namespace/revision
	changed func(targets []string)
}

// NewRevisions tells changed the addresses of all metrics ports whenever a revision comes or goes.
func NewRevisions(changed func(targets []string)) *Revisions {
	return &Revisions{servers: map[string]*server{}, changed: changed}
}

// run starts the server of a revision, unless it runs.
func (r *Revisions) run(ctx context.Context, id Identity, image, body string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := id.Namespace + "/" + id.Revision
	if r.servers[key] != nil {
		return nil
	}
	s := newServer(id, BehaviourOf(image), body)
	if err := s.listen(ctx); err != nil {
		return fmt.Errorf("serve revision %s: %w", key, err)
	}
	r.servers[key] = s
	r.tell()
	return nil
}

// stop ends the server of a revision after the requests that it has.
func (r *Revisions) stop(namespace, revision string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := namespace + "/" + revision
	if s := r.servers[key]; s != nil {
		delete(r.servers, key)
		go s.shutdown()
		r.tell()
	}
}

func (r *Revisions) tell() {
	var targets []string
	for _, key := range slices.Sorted(maps.Keys(r.servers)) {
		targets = append(targets, r.servers[key].metricsAddress)
	}
	r.changed(targets)
}

// address is where a revision serves.
func (r *Revisions) address(namespace, revision string) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.servers[namespace+"/"+revision]
	if s == nil {
		return "", false
	}
	return s.address, true
}

// bounds of Knative's latency histogram, in milliseconds (knative/serving v0.21.0,
// pkg/queue/request_metric.go).
func bounds() []float64 {
	return []float64{
		5, 10, 20, 40, 60, 80, 100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900,
		1000, 2000, 5000, 10000, 20000, 50000, 100000,
	}
}

// A server is one revision: queue-proxy and container in one.
type server struct {
	revision                string
	body                    string
	behaviour               Behaviour
	address, metricsAddress string
	requests                *prometheus.CounterVec
	latencies               *prometheus.HistogramVec
	registry                *prometheus.Registry
	http                    []*http.Server

	mu     sync.Mutex
	random *rand.Rand
	first  time.Time // request
}

func newServer(id Identity, b Behaviour, body string) *server {
	labels := prometheus.Labels{
		"namespace_name": id.Namespace, "service_name": id.Service, "configuration_name": id.Configuration,
		"revision_name": id.Revision, "container_name": id.Container,
	}
	perCode := []string{"response_code", "response_code_class"}
	s := &server{
		revision: id.Revision, body: body, behaviour: b,
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "revision_app_request_count", Help: "Requests that reached the container.", ConstLabels: labels,
		}, perCode),
		latencies: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "revision_app_request_latencies", Help: "Response time in milliseconds.", ConstLabels: labels,
			Buckets: bounds(),
		}, perCode),
		random: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())), //nolint:gosec // a simulation
	}
	s.registry.MustRegister(s.requests, s.latencies)
	return s
}

func (s *server) listen(ctx context.Context) (err error) {
	if s.address, err = s.serve(ctx, s); err != nil {
		return err
	}
	s.metricsAddress, err = s.serve(ctx, promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	return err
}

func (s *server) serve(ctx context.Context, handler http.Handler) (address string, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	h := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	s.http = append(s.http, h)
	go func() {
		if err := h.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // loopback's listener has failed
		}
	}()
	return listener.Addr().String(), nil
}

// ServeHTTP answers after the latency that the behaviour gives, and measures around it.
func (s *server) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	begin := time.Now()
	latency, failed := s.draw(begin)
	time.Sleep(latency)
	code := http.StatusOK
	if failed {
		code = http.StatusInternalServerError
	}
	labels := []string{strconv.Itoa(code), strconv.Itoa(code/100) + "xx"}
	s.requests.WithLabelValues(labels...).Inc()
	s.latencies.WithLabelValues(labels...).Observe(float64(time.Since(begin)) / float64(time.Millisecond))
	w.Header().Set("X-Revision", s.revision)
	w.WriteHeader(code)
	fmt.Fprintln(w, s.body)
}

func (s *server) draw(now time.Time) (latency time.Duration, failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first.IsZero() {
		s.first = now
	}
	return s.behaviour.Answer(s.random, now.Sub(s.first))
}

// shutdown waits for the requests that are being answered.
func (s *server) shutdown() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, h := range s.http {
		_ = h.Shutdown(ctx) // past the deadline the process ends soon anyway
	}
}
