package dataplane

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"knative.dev/serving/pkg/apis/serving"
)

// latencyBounds are the bucket bounds, in milliseconds, of Knative's request latencies.
func latencyBounds() []float64 {
	return []float64{
		5, 10, 20, 40, 60, 80, 100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900,
		1000, 2000, 5000, 10000, 20000, 50000, 100000,
	}
}

// queueProxy is the container that Knative adds to the user's.
const queueProxy = "queue-proxy"

// Revision stands for the pods of one revision: it answers requests as its image behaves, and
// offers their metrics on a port of its own, named as Knative's queue proxy names them. It is safe
// for concurrent use, and goes on answering as long as somebody holds it.
type Revision struct {
	name      types.NamespacedName
	behaviour Behaviour
	body      string
	random    *rand.Rand
	first     func() time.Time

	requests  *prometheus.CounterVec
	latencies *prometheus.HistogramVec
	metrics   *http.Server
	address   string
}

// startRevision starts the revision of a Deployment that Knative made.
func startRevision(ctx context.Context, d *appsv1.Deployment) (*Revision, error) {
	container := userContainer(d)
	r := &Revision{
		name:      revisionOf(d),
		behaviour: BehaviourOf(container.Image),
		body:      greeting(d, container),
		random:    rand.New(shared{}),
		first:     sync.OnceValue(time.Now),
	}
	fixed := prometheus.Labels{
		"namespace_name":     d.Namespace,
		"service_name":       d.Labels[serving.ServiceLabelKey],
		"configuration_name": d.Labels[serving.ConfigurationLabelKey],
		"revision_name":      r.name.Name,
		"container_name":     container.Name,
		"pod_name":           d.Name,
	}
	variable := []string{"response_code", "response_code_class"}
	r.requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name:        "revision_app_request_count",
		Help:        "Requests that the container of the revision answered.",
		ConstLabels: fixed,
	}, variable)
	r.latencies = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:        "revision_app_request_latencies",
		Help:        "Time that the container of the revision took to answer, in milliseconds.",
		ConstLabels: fixed,
		Buckets:     latencyBounds(),
	}, variable)
	return r, r.offerMetrics(ctx)
}

func (r *Revision) offerMetrics(ctx context.Context) error {
	registry := prometheus.NewRegistry()
	registry.MustRegister(r.requests, r.latencies)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("metrics of revision %s: %w", r.name, err)
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	r.metrics = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	r.address = listener.Addr().String()
	go func() { _ = r.metrics.Serve(listener) }()
	return nil
}

// ServeHTTP answers one request, after the time that the revision's behaviour gives it. A client
// that leaves early is not counted.
func (r *Revision) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	start := time.Now()
	answer := r.behaviour.Answer(start.Sub(r.first()), r.random)
	timer := time.NewTimer(answer.Latency)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-request.Context().Done():
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Revision", r.name.Name)
	w.WriteHeader(answer.Status)
	_, _ = io.WriteString(w, r.body)

	labels := []string{strconv.Itoa(answer.Status), strconv.Itoa(answer.Status/100) + "xx"}
	r.requests.WithLabelValues(labels...).Inc()
	// What was drawn, not what the clock says: a busy machine must not make a good candidate slow.
	r.latencies.WithLabelValues(labels...).Observe(float64(answer.Latency) / float64(time.Millisecond))
}

// close ends the revision's metrics; requests in flight are answered.
func (r *Revision) close() {
	_ = r.metrics.Close()
}

// shared is a source of random numbers that goroutines can share.
type shared struct{}

// Uint64 returns a random number from the generator of the process.
func (shared) Uint64() uint64 { return rand.Uint64() }

func revisionOf(d *appsv1.Deployment) types.NamespacedName {
	return types.NamespacedName{Namespace: d.Namespace, Name: d.Labels[serving.RevisionLabelKey]}
}

func userContainer(d *appsv1.Deployment) corev1.Container {
	for _, container := range d.Spec.Template.Spec.Containers {
		if container.Name != queueProxy {
			return container
		}
	}
	return corev1.Container{}
}

// greeting is the body of each answer: the revision, and the version that the container is told.
func greeting(d *appsv1.Deployment, container corev1.Container) string {
	version := container.Image
	for _, variable := range container.Env {
		if variable.Name == "T_VERSION" {
			version = variable.Value
		}
	}
	return fmt.Sprintf("%s %s\n", revisionOf(d).Name, version)
}
