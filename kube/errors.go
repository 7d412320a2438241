package kube

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/tools/clientcmd/api"

	"perch/experiment"
)

// explain turns an error of the API server, or of the way to it, into one line of what happened and
// one line of what to do.
func explain(err error) error {
	if err == nil || experiment.HintOf(err) != "" {
		return err
	}
	switch {
	case apierrors.IsForbidden(err):
		return forbidden(err)
	case apierrors.IsUnauthorized(err):
		return experiment.WithHint(errors.New("the API server does not accept the credentials"), "log in again, or choose another --context")
	case meta.IsNoMatchError(err), isUnknownResource(err):
		return experiment.WithHint(errors.New("the cluster does not know Knative services"), "install Knative Serving, or choose another --context")
	case errors.Is(err, context.DeadlineExceeded):
		return experiment.WithHint(fmt.Errorf("the API server did not answer in time: %w", err), "is the cluster overloaded, or the network slow?")
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return experiment.WithHint(errors.New("the API server's certificate is of an unknown authority"), "check certificate-authority of the kubeconfig")
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok {
		return experiment.WithHint(fmt.Errorf("the API server at %s cannot be reached: %w", dial.Addr, dial.Err), "is the cluster up, and is --context the right one?")
	}
	return err
}

// isUnknownResource: a 404 for the resource itself, not for an object of it.
func isUnknownResource(err error) bool {
	return apierrors.IsNotFound(err) && strings.Contains(err.Error(), "could not find the requested resource")
}

// cannot finds verb, resource and group in the API server's words: ... cannot patch resource
// "services" in API group "serving.knative.dev" in the namespace "default".
var cannot = regexp.MustCompile(`User "([^"]*)" cannot (\w+) resource "([^"]*)" in API group "([^"]*)"(?: in the namespace "([^"]*)")?`)

func forbidden(err error) error {
	m := cannot.FindStringSubmatch(err.Error())
	if m == nil {
		return experiment.WithHint(err, "ask for the permission, or choose another --context")
	}
	resource, where := m[3], "in the cluster"
	if m[4] != "" {
		resource += "." + m[4]
	}
	if m[5] != "" {
		where = "in namespace " + m[5]
	}
	return experiment.WithHint(fmt.Errorf("%s may not %s %s %s", m[1], m[2], resource, where),
		fmt.Sprintf("give %s a Role with the verb %s on %s %s; the README lists all that Perch needs", m[1], m[2], resource, where))
}

func unknownContext(name string, contexts map[string]*api.Context) error {
	return experiment.WithHint(fmt.Errorf("the kubeconfig has no context %q", name),
		"it has "+strings.Join(slices.Sorted(maps.Keys(contexts)), ", "))
}

// urls finds addresses in a text, to take passwords out of them.
var urls = regexp.MustCompile(`[a-z][a-z0-9+.-]*://[^\s"']+`)

// redacted is a text without the passwords of the URLs in it.
func redacted(text string) string {
	return urls.ReplaceAllStringFunc(text, func(found string) string {
		u, err := url.Parse(found)
		if err != nil || u.User == nil {
			return found
		}
		return u.Redacted()
	})
}
