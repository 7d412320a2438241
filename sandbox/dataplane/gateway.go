package dataplane

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"sync"
	"time"

	network "knative.dev/networking/pkg/apis/networking/v1alpha1"
)

// A Gateway is a reverse proxy that splits the requests of each host as its KIngress says.
type Gateway struct {
	// Address is the loopback address that it listens on.
	Address string

	revisions *Revisions
	transport *http.Transport
	mu        sync.RWMutex
	ingresses map[string]*network.Ingress          // by namespace/name
	hosts     map[string][]network.HTTPIngressPath // most specific path first
}

// NewGateway starts a gateway that ends with ctx.
func NewGateway(ctx context.Context, revisions *Revisions) (*Gateway, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	g := &Gateway{
		Address: listener.Addr().String(), revisions: revisions,
		transport: &http.Transport{MaxIdleConnsPerHost: 256},
		ingresses: map[string]*network.Ingress{}, hosts: map[string][]network.HTTPIngressPath{},
	}
	server := &http.Server{Handler: g, ReadHeaderTimeout: time.Minute}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // loopback's listener has failed
		}
	}()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return g, nil
}

// program takes over one KIngress; nil removes it.
func (g *Gateway) program(key string, ingress *network.Ingress) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.ingresses, key)
	if ingress != nil {
		g.ingresses[key] = ingress.DeepCopy()
	}
	g.hosts = map[string][]network.HTTPIngressPath{}
	for _, i := range g.ingresses {
		for _, rule := range i.Spec.Rules {
			paths := slices.Clone(rule.HTTP.Paths)
			slices.SortStableFunc(paths, func(a, b network.HTTPIngressPath) int {
				return cmp.Or(cmp.Compare(len(b.Headers), len(a.Headers)), cmp.Compare(len(b.Path), len(a.Path)))
			})
			for _, host := range rule.Hosts {
				g.hosts[host] = paths
			}
		}
	}
}

// ServeHTTP proxies a request to one of the revisions that its host's KIngress names.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	g.mu.RLock()
	paths := g.hosts[host]
	g.mu.RUnlock()
	i := slices.IndexFunc(paths, func(p network.HTTPIngressPath) bool { return matches(p, r) && len(p.Splits) > 0 })
	if i < 0 {
		http.Error(w, "no route for host "+host, http.StatusNotFound)
		return
	}
	split := draw(paths[i].Splits)
	address, ok := g.revisions.address(split.ServiceNamespace, split.ServiceName)
	if !ok {
		http.Error(w, "revision "+split.ServiceName+" does not run", http.StatusServiceUnavailable)
		return
	}
	proxy := &httputil.ReverseProxy{Transport: g.transport, Rewrite: func(p *httputil.ProxyRequest) {
		p.Out.URL.Scheme, p.Out.URL.Host = "http", address
		p.Out.Host = cmp.Or(paths[i].RewriteHost, r.Host)
		for _, headers := range []map[string]string{paths[i].AppendHeaders, split.AppendHeaders} {
			for key, value := range headers {
				p.Out.Header.Set(key, value)
			}
		}
	}}
	proxy.ServeHTTP(w, r)
}

func matches(p network.HTTPIngressPath, r *http.Request) bool {
	for header, want := range p.Headers {
		if r.Header.Get(header) != want.Exact {
			return false
		}
	}
	return strings.HasPrefix(r.URL.Path, p.Path)
}

// draw chooses a split at random, by its percent; a split that stands alone may have none.
func draw(splits []network.IngressBackendSplit) network.IngressBackendSplit {
	total := 0
	for _, s := range splits {
		total += s.Percent
	}
	if total > 0 {
		n := rand.IntN(total) //nolint:gosec // a simulation
		for _, s := range splits {
			if n -= s.Percent; n < 0 {
				return s
			}
		}
	}
	return splits[0]
}
