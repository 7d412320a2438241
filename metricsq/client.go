// Package metricsq asks a metrics backend one question and answers with a value, with counts, or with
// "no data" and the reason. The metrics that can be asked for are Iter8 Metric objects in packs/*.yaml
// and in files of the user; docs/metrics.md says how they are written.
//
// It never judges a value, asks again only within the deadline of a question, and keeps nothing
// between two calls; a Client may be used by many goroutines. A login goes to the host that it was
// given for alone, and is in no error, no sample, no finding and no log.
package metricsq

import (
	"cmp"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"

	"perch/experiment"
)

// defaultTimeout is what a query may take when Options do not say: more than Prometheus needs for
// a window of hours, less than half of Iter8's default interval.
const defaultTimeout = 5 * time.Second

// maxAnswer bounds an answer in bytes. A value has some hundred, the counts of two hundred pods over
// six minutes some ten million; more is not what was asked for.
const maxAnswer = 16 << 20

// Options say which backend to ask, and how.
type Options struct {
	URL     string        // of Prometheus: http://, https:// or kube://namespace/service:port
	Timeout time.Duration // of each query, its repetitions included; 0: 5 s
	Budget  time.Duration // of all queries of one look; 0: twice the timeout
	Backoff time.Duration // before a query is asked again; 0: 250 ms; negative: it is not
	Packs   []string      // files of the user's own metric packs
	Login   Login
	TLS     TLS
	Headers []string // NAME=VALUE, with each request to Prometheus
	Kube    Kube     // leads to kube:// addresses; nil: there are none

	// Transport carries the requests; nil: a plain one that honours HTTP_PROXY. Neither TLS nor a
	// kube:// address goes with one.
	Transport http.RoundTripper
}

// A Client asks one Prometheus. Its methods may be called by many goroutines.
type Client struct {
	prometheus prometheus.API
	api        api.Client   // under it, for answers as they stand
	foreign    *http.Client // asks backends other than Prometheus
	endpoint   string       // for people: no user info, no parameters
	login      *credential
	timeout    time.Duration
	budget     time.Duration
	backoff    time.Duration
	catalog    catalog
	scrub      *secrets
	warnings   []string
}

// Open makes a client for a Prometheus, without asking it anything: Ping does. It is an error, with
// a hint, when the URL is none of a Prometheus, a file cannot be read, or options exclude each other.
func Open(o Options) (*Client, error) {
	where, err := parseAddress(o.URL, o.Kube)
	if err != nil {
		return nil, err
	}
	all, err := loadCatalog(o.Packs...)
	if err != nil {
		return nil, err
	}
	hidden := &secrets{}
	for _, values := range where.url.Query() {
		hidden.addLong(values...) // a parameter of the URL may be a key
	}
	login, err := credentialOf(o, where.login, hidden)
	if err != nil {
		return nil, err
	}
	inner, err := o.transport(where, login)
	if err != nil {
		return nil, err
	}
	client, err := api.NewClient(api.Config{
		Address: where.url.String(),
		Client:  &http.Client{Transport: guard{inner: inner, login: login}, CheckRedirect: keepRedirect},
	})
	if err != nil {
		return nil, err
	}
	checked := statusChecked{client, where.transport != nil, login.words}
	timeout := cmp.Or(o.Timeout, defaultTimeout)
	return &Client{
		prometheus: prometheus.NewAPI(checked),
		api:        checked,
		foreign:    &http.Client{CheckRedirect: keepRedirect},
		endpoint:   where.shown,
		login:      login,
		timeout:    timeout,
		budget:     cmp.Or(o.Budget, 2*timeout),
		backoff:    cmp.Or(o.Backoff, defaultBackoff),
		catalog:    all,
		scrub:      hidden,
		warnings:   warningsOf(o, where, login),
	}, nil
}

// transport is what carries the requests. An API server is asked with the kubeconfig's login: one for
// Prometheus would take its place, and end up there.
func (o Options) transport(where address, login *credential) (http.RoundTripper, error) {
	switch {
	case where.transport != nil && (login.words != noLogin || !o.TLS.isZero() || o.Transport != nil):
		return nil, experiment.WithHint(errors.New("a kube:// address is asked with the kubeconfig's login, and another one is given"),
			"leave out the login and the certificates, or give the address of Prometheus itself")
	case where.transport != nil:
		login.words = kubeLogin
		return where.transport, nil
	case o.Transport != nil && !o.TLS.isZero():
		return nil, errors.New("certificates are given beside a transport, which has its own")
	case o.Transport != nil:
		return o.Transport, nil
	case !o.TLS.isZero():
		if login.words == noLogin && o.TLS.CertFile != "" {
			login.words = "with the client certificate " + o.TLS.CertFile
		}
		return newTLSTransport(o.TLS)
	}
	return plainTransport(), nil
}

func plainTransport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: parallelQueries,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
	}
}

// Warnings says what about the connection a person should know before it is used.
func (c *Client) Warnings() []string { return c.warnings }

func warningsOf(o Options, where address, login *credential) []string {
	var all []string
	if o.TLS.InsecureSkipVerify {
		all = append(all, "the certificate of "+where.shown+" is not verified: anybody on the way can answer in its place, and read the login")
	}
	if where.url.Scheme == "http" && login.words != noLogin && !isLoopback(where.url.Hostname()) {
		all = append(all, "the login for "+where.shown+" is sent unencrypted: write https://")
	}
	return all
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// keepRedirect hands a redirect over as the answer that it is. Prometheus sends none; a login page
// or a proxy does, and following it would turn the query into another question.
func keepRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// A guard adds the login to each request and bounds the answer.
type guard struct {
	inner http.RoundTripper
	login *credential
}

// RoundTrip sends one request.
func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if err := g.login.apply(r); err != nil {
		return nil, err
	}
	resp, err := g.inner.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	return resp, nil
}
