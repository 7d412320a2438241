package kube

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"

	"perch/experiment"
)

// ProxyScheme is that of URLs to services in the cluster, kube://namespace/service:port.
const ProxyScheme = "kube"

// A fresh transport forgets the connections on which a request found no answer in time, so that the
// next attempt, perhaps a roll back, does not wait on a connection that is dead as well.
type fresh struct{ http.RoundTripper }

// RoundTrip passes a request on.
func (f fresh) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := f.RoundTripper.RoundTrip(r)
	if errors.Is(err, context.DeadlineExceeded) {
		utilnet.CloseIdleConnectionsFor(f.RoundTripper)
	}
	return response, err
}

// WrappedRoundTripper is the transport under it.
func (f fresh) WrappedRoundTripper() http.RoundTripper { return f.RoundTripper }

// Transport reaches services in the cluster by URLs of the form kube://namespace/service:port/path
// (https:service:port for one that speaks TLS), through the API server and with the kubeconfig's
// credentials. Any other URL is refused, so that they go nowhere else. A refusal of the API server
// itself is an error; what the service answers is passed on as it is. It sets no deadline: each
// request has to bring one.
func (c *Cluster) Transport() (http.RoundTripper, error) {
	inner, err := rest.TransportFor(c.config)
	if err != nil {
		return nil, fmt.Errorf("reach the API server: %w", explain(err, c.context))
	}
	base, err := c.base()
	if err != nil {
		return nil, err
	}
	return &proxy{inner: inner, base: base, context: c.context}, nil
}

// base is the URL of the API server.
func (c *Cluster) base() (*url.URL, error) {
	base, _, err := rest.DefaultServerUrlFor(c.config)
	if err != nil {
		return nil, fmt.Errorf("reach the API server: %w", explain(err, c.context))
	}
	base.Path = "/" + strings.TrimPrefix(base.Path, "/")
	return base, nil
}

// A proxy reaches services through an API server.
type proxy struct {
	inner   http.RoundTripper
	base    *url.URL
	context access
}

// serviceName is a service as the API server's proxy takes it: perhaps a scheme, a name, a port.
var serviceName = regexp.MustCompile(`^(?:https?:)?[a-z0-9]([-a-z0-9]*[a-z0-9])?:[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

// RoundTrip sends a request to a service.
func (p *proxy) RoundTrip(r *http.Request) (*http.Response, error) {
	namespace := r.URL.Host
	service, path, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	if r.URL.Scheme != ProxyScheme || namespace == "" || r.URL.User != nil || !serviceName.MatchString(service) {
		return nil, experiment.WithHint(fmt.Errorf("%s is not the address of a service", oneLine(r.URL.Redacted())),
			"it has to be of the form kube://namespace/service:port")
	}
	if strings.Contains(r.URL.Path+"/", "/../") {
		return nil, fmt.Errorf("the path %s leads out of the service", path)
	}
	to := r.Clone(r.Context())
	to.URL = p.base.JoinPath("api/v1/namespaces", namespace, "services", service, "proxy", path)
	to.URL.RawQuery, to.Host = r.URL.RawQuery, ""
	response, err := p.inner.RoundTrip(to)
	if err == nil {
		err = refusal(response)
	}
	if err != nil {
		return nil, explain(err, p.context)
	}
	return response, nil
}

// refusalMost is how much of an answer is read to find out whether it is the API server's.
const refusalMost = 64 << 10

// refusal is the error of an answer that comes from the API server instead of the service.
func refusal(r *http.Response) error {
	if r.StatusCode < http.StatusBadRequest {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, refusalMost))
	if err != nil {
		return errors.Join(err, r.Body.Close())
	}
	var status metav1.Status
	if json.Unmarshal(body, &status) == nil && status.Kind == "Status" && status.APIVersion == "v1" {
		return errors.Join(r.Body.Close(), apierrors.FromObject(&status))
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
	return nil
}
