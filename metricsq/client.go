// Package metricsq asks a metrics backend one question and answers with a value, or with "no data"
// and the reason. The metrics that can be asked for are Iter8 Metric objects in packs/*.yaml.
//
// It never judges a value, never retries (the next iteration does) and keeps nothing between two
// calls; a Client may be used by many goroutines. What the user wrote as user and password in the
// URL goes to that host alone, and is in no error, no sample and no log.
package metricsq

import (
	"cmp"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"

	"perch/experiment"
)

// defaultTimeout is what a query may take when Options do not say: more than Prometheus needs for
// a window of hours, less than half of Iter8's default interval.
const defaultTimeout = 5 * time.Second

// maxAnswer bounds an answer in bytes. A value has some hundred; more is not what was asked for.
const maxAnswer = 1 << 20

// Options say which backend to ask, and how.
type Options struct {
	URL       string            // of Prometheus; user info in it is sent as basic auth
	Timeout   time.Duration     // of each query; 0: 5 s
	Transport http.RoundTripper // carries the requests; nil: a plain one that honours HTTP_PROXY
	Packs     []string          // files of the user's own metric packs
}

// A Client asks one Prometheus. Its methods may be called by many goroutines.
type Client struct {
	prometheus prometheus.API
	api        api.Client   // under it, for answers as they stand
	foreign    *http.Client // asks backends other than Prometheus
	endpoint   string       // for people: no user info, no parameters
	timeout    time.Duration
	catalog    catalog
	scrub      *strings.Replacer // takes the password out of what a backend says
}

// Open makes a client for a Prometheus, without asking it anything: Ping does. It is an error, with
// a hint, when the URL is none of a Prometheus.
func Open(o Options) (*Client, error) {
	endpoint, err := parseEndpoint(o.URL)
	if err != nil {
		return nil, err
	}
	all, err := loadCatalog(o.Packs...)
	if err != nil {
		return nil, err
	}
	login := endpoint.User
	endpoint.User = nil
	inner := o.Transport
	if inner == nil {
		inner = api.DefaultRoundTripper
	}
	client, err := api.NewClient(api.Config{
		Address: endpoint.String(),
		Client: &http.Client{
			Transport:     guard{inner: inner, login: login},
			CheckRedirect: keepRedirect,
		},
	})
	if err != nil {
		return nil, err
	}
	shown := url.URL{Scheme: endpoint.Scheme, Host: endpoint.Host, Path: endpoint.Path}
	return &Client{
		prometheus: prometheus.NewAPI(statusChecked{client}),
		api:        statusChecked{client},
		foreign:    &http.Client{CheckRedirect: keepRedirect},
		endpoint:   shown.String(),
		timeout:    cmp.Or(o.Timeout, defaultTimeout),
		catalog:    all,
		scrub:      scrubber(login),
	}, nil
}

// scrubber hides a password, and the header that it was sent in: a proxy that refuses a login may
// well repeat it.
func scrubber(login *url.Userinfo) *strings.Replacer {
	password, _ := login.Password()
	if password == "" {
		return strings.NewReplacer()
	}
	header := base64.StdEncoding.EncodeToString([]byte(login.Username() + ":" + password))
	return strings.NewReplacer(header, "xxxxx", password, "xxxxx", url.QueryEscape(password), "xxxxx")
}

// parseEndpoint reads the URL that a person gave. Its errors repeat nothing of it, since a URL that
// cannot be parsed may have its password anywhere.
func parseEndpoint(text string) (*url.URL, error) {
	hint := "write http://HOST:9090 or https://USER:PASSWORD@HOST/PATH, with %XX for special characters in a password"
	u, err := url.Parse(text)
	switch {
	case text == "":
		return nil, experiment.WithHint(errors.New("no Prometheus URL is given"), hint)
	case err != nil:
		return nil, experiment.WithHint(errors.New("the Prometheus URL cannot be parsed"), hint)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, experiment.WithHint(errors.New("the Prometheus URL begins neither with http:// nor with https://"), hint)
	case u.Hostname() == "":
		return nil, experiment.WithHint(errors.New("the Prometheus URL names no host"), hint)
	case strings.Contains(u.Path, "@"): // http://user:12/34@host parses, as host "user:12"
		return nil, experiment.WithHint(errors.New("the Prometheus URL has an @ in its path"), hint)
	}
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/api/v1/query")
	u.RawPath, u.Fragment, u.RawFragment = "", "", ""
	return u, nil
}

// keepRedirect hands a redirect over as the answer that it is. Prometheus sends none; a login page
// or a proxy does, and following it would turn the query into another question.
func keepRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// A guard adds the login to each request and bounds the answer.
type guard struct {
	inner http.RoundTripper
	login *url.Userinfo
}

// RoundTrip sends one request.
func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if g.login != nil {
		r = r.Clone(r.Context())
		password, _ := g.login.Password()
		r.SetBasicAuth(g.login.Username(), password)
	}
	resp, err := g.inner.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	return resp, nil
}
