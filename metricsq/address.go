package metricsq

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"perch/experiment"
)

// addressHint says what a Prometheus URL looks like.
const addressHint = "write http://HOST:9090, https://USER:PASSWORD@HOST/PATH with %XX for special characters in a password, " +
	"or kube://NAMESPACE/SERVICE:PORT"

// Kube leads to a service inside a cluster, with the login of the kubeconfig.
type Kube interface {
	// ServiceProxy is the API server's address of a service, and what carries requests there.
	ServiceProxy(namespace, service, port string) (base *url.URL, transport http.RoundTripper, err error)
}

// An address is where Prometheus is.
type address struct {
	url       *url.URL          // for requests: no user info
	login     *url.Userinfo     // of the URL
	shown     string            // for people: no user info, no parameters
	transport http.RoundTripper // of a service behind an API server; nil: any
}

// parseAddress reads the URL that a person gave. Its errors repeat nothing of it, since a URL that
// cannot be parsed may have its password anywhere.
func parseAddress(text string, kube Kube) (address, error) {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return address{}, noAddress("no Prometheus URL is given")
	case err != nil:
		return address{}, noAddress("the Prometheus URL cannot be parsed")
	case u.Scheme == "kube":
		return parseKube(u, kube)
	case u.Scheme != "http" && u.Scheme != "https":
		return address{}, noAddress("the Prometheus URL begins neither with http:// nor with https://")
	case u.Hostname() == "":
		return address{}, noAddress("the Prometheus URL names no host")
	case strings.Contains(u.Path, "@"): // http://user:12/34@host parses, as host "user:12"
		return address{}, noAddress("the Prometheus URL has an @ in its path")
	}
	login := u.User
	u.User, u.Path = nil, basePath(u.Path)
	u.RawPath, u.Fragment, u.RawFragment = "", "", ""
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return address{url: u, login: login, shown: shown.String()}, nil
}

func noAddress(what string) error {
	return experiment.WithHint(errors.New(what), addressHint)
}

// basePath is where the API's own path is added.
func basePath(path string) string {
	return strings.TrimSuffix(strings.TrimRight(path, "/"), "/api/v1/query")
}

// kubeName is a namespace, a service or a port of Kubernetes; a service may have https: before it,
// as in the API server's own addresses.
var kubeName = regexp.MustCompile(`^(https?:)?[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

// parseKube reads kube://namespace/service:port/path.
func parseKube(u *url.URL, kube Kube) (address, error) {
	target, path, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	i := strings.LastIndex(target, ":")
	if i < 0 || u.User != nil || !kubeName.MatchString(u.Host) ||
		!kubeName.MatchString(target[:i]) || !kubeName.MatchString(target[i+1:]) {
		return address{}, noAddress("the Prometheus URL is not of the form kube://NAMESPACE/SERVICE:PORT")
	}
	if kube == nil {
		return address{}, experiment.WithHint(errors.New("there is no cluster to lead to a kube:// address"),
			"give the address of Prometheus itself, http:// or https://")
	}
	base, transport, err := kube.ServiceProxy(u.Host, target[:i], target[i+1:])
	if err != nil {
		return address{}, fmt.Errorf("service %s in %s: %w", target, u.Host, err)
	}
	full := *base.JoinPath(basePath("/" + path))
	full.RawQuery, full.User = u.RawQuery, nil
	return address{
		url: &full, transport: cmp.Or(transport, http.DefaultTransport),
		shown: strings.TrimSuffix("kube://"+u.Host+"/"+target+"/"+path, "/"),
	}, nil
}
