package metricsq

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"perch/experiment"
)

// Ping asks the cheapest question there is, to find out before an experiment starts whether the
// URL leads to a Prometheus that answers. Its error is for people and has a hint.
func (c *Client) Ping(ctx context.Context) error {
	_, err := c.instant(ctx, "vector(1)", time.Time{})
	if _, partial := errors.AsType[partialError](err); err == nil || partial {
		return nil // a part of it answers: each query will say whether it is enough
	}
	_, detail := c.why(err)
	what := fmt.Errorf("prometheus at %s: %s", c.endpoint, detail)
	return experiment.WithHint(what, hintFor(err))
}

// hintFor says what to do about an error of a query.
func hintFor(err error) string {
	if e, ok := errors.AsType[statusError](err); ok {
		return hintForStatus(e)
	}
	if _, ok := errors.AsType[unanswered](err); ok {
		return hintForSilence(err)
	}
	if isForeign(err) {
		return "something else answers there: give the address of Prometheus itself, without /graph"
	}
	return "ask it for vector(1) in a browser: Perch needs its query API"
}

func hintForStatus(e statusError) string {
	code := e.code
	switch {
	case code == http.StatusUnauthorized && e.login == noLogin:
		return "it wants a login: write https://USER:PASSWORD@HOST, or give a token"
	case code == http.StatusUnauthorized:
		return "it does not know this login: has it expired, or is it one for another Prometheus?"
	case code == http.StatusForbidden && e.login == kubeLogin:
		return "the kubeconfig's user needs the right to get services/proxy in that namespace"
	case code == http.StatusForbidden:
		return "this login may not query: ask for the right to, or use another one"
	}
	switch code {
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return "no query API there: give the address of Prometheus itself, without /graph"
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return "a proxy answers in its place: is Prometheus running and ready?"
	}
	if code/100 == 3 {
		return "it redirects, to a login page or another address: give the address of Prometheus itself"
	}
	return "ask it for vector(1) in a browser: Perch needs its query API"
}

func hintForSilence(err error) string {
	if hint := experiment.HintOf(err); hint != "" {
		return hint // of a file that cannot be read
	}
	_, unknownHost := errors.AsType[*net.DNSError](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case errors.Is(err, context.Canceled):
		return "run it again"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: is Prometheus running, or its kubectl port-forward?"
	case unknownHost:
		return "no such host: from outside the cluster, use kubectl port-forward and http://localhost:9090"
	case untrusted:
		return "its certificate is signed by nobody whom this machine trusts"
	case strings.Contains(err.Error(), "tls: certificate required"), strings.Contains(err.Error(), "tls: bad certificate"):
		return "it wants a certificate of the client: give one with its key"
	case errors.Is(err, http.ErrSchemeMismatch):
		return "it does not speak TLS: write http:// in place of https://"
	}
	return "is Prometheus up, and does a firewall or a proxy stand between?"
}
