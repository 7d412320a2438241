// Package metricsq asks a metrics backend one question at a time and answers with a value or with
// the reason why there is none. It never judges, never repeats a question by itself, and never turns
// a failure into a value. Which questions there are, metric packs say: YAML files in the format of
// Iter8's Metric.
package metricsq

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"perch/experiment"
)

// Options say where the backend is.
type Options struct {
	URL       string            // of Prometheus; user and password in it are used as basic auth
	Timeout   time.Duration     // of one query; 0: five seconds
	Transport http.RoundTripper // nil: Go's own
}

const defaultTimeout = 5 * time.Second

// atOnce bounds how many queries are under way.
const atOnce = 4

// A Client asks one Prometheus.
type Client struct {
	api     prometheus.API
	metrics map[string]metric
	timeout time.Duration
	slots   chan struct{} // holds one for each query under way
	where   string        // the address for messages, without a password
	secret  string        // the password, for scrubbing; "": none
}

// Open checks the address; it asks nothing yet.
func Open(o Options) (*Client, error) {
	all, err := load()
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(o.URL)
	if err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https") {
		return nil, experiment.WithHint(errors.New("the address of Prometheus is not a URL"), "write it as http://host:9090")
	}
	c := &Client{metrics: all, timeout: o.Timeout, slots: make(chan struct{}, atOnce), where: address.Redacted()}
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	transport := http.DefaultTransport
	if o.Transport != nil {
		transport = o.Transport
	}
	if address.User != nil {
		c.secret, _ = address.User.Password()
		transport = basicAuth{transport, *address.User}
		address.User = nil
	}
	address.Path = strings.TrimSuffix(strings.TrimSuffix(address.Path, "/"), "/api/v1/query")
	client, err := api.NewClient(api.Config{Address: address.String(), RoundTripper: transport})
	if err != nil {
		return nil, err
	}
	c.api = prometheus.NewAPI(client)
	return c, nil
}

// basicAuth sends a user and a password with every request.
type basicAuth struct {
	next http.RoundTripper
	user url.Userinfo
}

// RoundTrip sends a copy of the request, as a RoundTripper must not change its own.
func (b basicAuth) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	password, _ := b.user.Password()
	r.SetBasicAuth(b.user.Username(), password)
	return b.next.RoundTrip(r)
}

// Ping asks the cheapest query there is, so that a wrong address is found before the first look.
func (c *Client) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, _, err := c.api.Query(ctx, "vector(1)", time.Now())
	if err == nil {
		return nil
	}
	missing, detail := c.reason(err)
	hint := "is it running, and is the address right? (--prometheus, PERCH_PROMETHEUS)"
	if missing == experiment.Rejected {
		hint = "is this the address of a Prometheus, and are the credentials right? (--prometheus, PERCH_PROMETHEUS)"
	}
	return experiment.WithHint(fmt.Errorf("ask Prometheus at %s: %s: %s", c.where, missing, detail), hint)
}

// Measure asks for every metric that the spec refers to, of every version, from since to now. The
// samples come in the order of the metrics, and of the versions for each; a metric that is unknown
// has samples too, without a value.
func (c *Client) Measure(ctx context.Context, spec experiment.Spec, since, now time.Time) []experiment.Sample {
	refs := references(spec)
	samples := make([]experiment.Sample, len(refs)*len(spec.Versions))
	var wg sync.WaitGroup
	counts := c.countRequests(ctx, refs, spec, since, now)
	for i, ref := range refs {
		for j, version := range spec.Versions {
			wg.Go(func() {
				s := c.sample(ctx, ref, version, since, now)
				s.Requests = counts[key{c.metrics[ref].sampleSize, version.Name}]
				samples[i*len(spec.Versions)+j] = s
			})
		}
	}
	wg.Wait()
	return samples
}

// A key names one metric of one version.
type key struct{ ref, version string }

// countRequests asks, once for each, for the metrics that say how much other metrics rest on.
func (c *Client) countRequests(ctx context.Context, refs []string, spec experiment.Spec, since, now time.Time) map[key]*float64 {
	counts := map[key]*float64{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	asked := map[key]bool{}
	for _, ref := range refs {
		size := c.metrics[ref].sampleSize
		for _, version := range spec.Versions {
			k := key{size, version.Name}
			if size == "" || asked[k] {
				continue
			}
			asked[k] = true
			wg.Go(func() {
				s := c.sample(ctx, size, version, since, now)
				mu.Lock()
				defer mu.Unlock()
				counts[k] = s.Value
			})
		}
	}
	wg.Wait()
	return counts
}

// sample asks one question.
func (c *Client) sample(ctx context.Context, ref string, v experiment.Version, since, now time.Time) experiment.Sample {
	s := experiment.Sample{Metric: ref, Version: v.Name}
	m, ok := c.metrics[ref]
	if !ok {
		s.Missing, s.Detail = experiment.Rejected, "unknown metric"
		return s
	}
	s.Query = resolve(m.query, v, since, now)
	c.slots <- struct{}{}
	defer func() { <-c.slots }()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	answer, warnings, err := c.api.Query(ctx, s.Query, now)
	s.Detail = strings.Join(warnings, "; ")
	if err != nil {
		s.Missing, s.Detail = c.reason(err)
		return s
	}
	s.Value, s.Missing = value(answer)
	if s.Missing == experiment.Ambiguous {
		s.Detail = fmt.Sprintf("%d series, want one", len(answer.(model.Vector)))
	}
	return s
}

// value reads the one number of an answer, or says why there is none.
func value(answer model.Value) (*float64, experiment.Missing) {
	var v float64
	switch a := answer.(type) {
	case model.Vector:
		switch len(a) {
		case 0:
			return nil, experiment.NoSeries
		case 1:
			v = float64(a[0].Value)
		default:
			return nil, experiment.Ambiguous
		}
	case *model.Scalar:
		v = float64(a.Value)
	default:
		return nil, experiment.NotANumber
	}
	switch {
	case math.IsNaN(v):
		return nil, experiment.NoRequests
	case math.IsInf(v, 0):
		return nil, experiment.NotANumber
	}
	return &v, experiment.Unmeasured
}
