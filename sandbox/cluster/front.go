package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"time"

	"perch/sandbox/faults"
)

// Front is proxies in front of a cluster, by which its servers seem to break.
type Front struct {
	// Kubeconfig is the path of a kubeconfig with the cluster's contexts, through the proxy.
	Kubeconfig string
	// Prometheus and Charts are the URLs to use instead of the cluster's own.
	Prometheus, Charts string
	// Rules say what breaks; at first nothing does.
	Rules *faults.Table

	cluster *Cluster
	servers []*http.Server
}

// StartFront starts the proxies, which run until Stop.
func (c *Cluster) StartFront(ctx context.Context) (*Front, error) {
	f := &Front{
		Kubeconfig: filepath.Join(c.options.Dir, "kubeconfig-faults"),
		Rules:      faults.NewTable(),
		cluster:    c,
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(c.controlPlane.Authority.PEM)
	api, err := f.serve(ctx, faults.API, c.controlPlane.URL, trusted)
	if err != nil {
		return nil, err
	}
	if f.Prometheus, err = f.serve(ctx, faults.Prometheus, c.Prometheus.URL, nil); err != nil {
		return nil, err
	}
	if f.Charts, err = f.serve(ctx, faults.Charts, c.Charts.URL, nil); err != nil {
		return nil, err
	}
	return f, c.controlPlane.WriteProxied(f.Kubeconfig, api)
}

// serve starts the proxy of one server and returns its URL. If trusted is not nil both sides of it
// speak TLS.
func (f *Front) serve(ctx context.Context, target faults.Target, upstream string, trusted *x509.CertPool) (string, error) {
	to, err := url.Parse(upstream)
	if err != nil {
		return "", err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen for the proxy of %s: %w", target, err)
	}
	address := to.Scheme + "://" + listener.Addr().String()
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 32} // bodies pass as they are
	if trusted != nil {
		transport.TLSClientConfig = &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}
		if listener, err = f.encrypt(listener); err != nil {
			return "", fmt.Errorf("certificate of the proxy of %s: %w", target, err)
		}
	}
	log := f.cluster.options.Journal.Log
	proxy := &faults.Proxy{Target: target, Upstream: to, Transport: transport, Rules: f.Rules, Log: log}
	server := &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second}
	f.servers = append(f.servers, server)
	go func() { _ = server.Serve(listener) }()
	return address, nil
}

// encrypt has a listener speak TLS, and HTTP/1.1 in it: a reset of one request must not take along
// those that share its connection.
func (f *Front) encrypt(listener net.Listener) (net.Listener, error) {
	issued, err := f.cluster.controlPlane.Authority.Server("localhost")
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(issued.Cert, issued.Key)
	if err != nil {
		return nil, err
	}
	return tls.NewListener(listener, &tls.Config{
		Certificates: []tls.Certificate{pair},
		NextProtos:   []string{"http/1.1"},
		MinVersion:   tls.VersionTLS12,
	}), nil
}

// Stop ends the proxies, and the requests that hang in them.
func (f *Front) Stop() error {
	var failed error
	for _, server := range f.servers {
		failed = errors.Join(failed, server.Close())
	}
	return failed
}
