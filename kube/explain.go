package kube

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"perch/experiment"
)

// said is an error in Perch's own words, with the original under it.
type said struct {
	what string
	err  error
}

// Error is one line that says what happened.
func (s said) Error() string { return s.what }

// Unwrap gives the original error.
func (s said) Unwrap() error { return s.err }

var (
	// forbidden is how an API server refuses a user, also inside an error text of Helm's. A proxy in
	// front of one may not know the name.
	forbidden = regexp.MustCompile(
		`User (?:"([^"]*)" )?cannot (\w+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)")?`)
	// denied is how an admission webhook refuses an object.
	denied = regexp.MustCompile(`admission webhook "([^"]+)" denied the request: (?s:(.*))`)
)

// explain says what an answer of the API server means, and what to do about it. An error that is
// explained already stays as it is.
func explain(err error, by access) error {
	if err == nil || experiment.HintOf(err) != "" || errors.Is(err, context.Canceled) {
		return err
	}
	text := err.Error()
	if m := forbidden.FindStringSubmatch(text); m != nil {
		needs, question := missing(m)
		return experiment.WithHint(said{"the cluster forbids it: " + cmp.Or(m[1], by.user, "this user") + " needs " + needs, err},
			"ask for that permission"+by.as()+"; it is there when this says yes: kubectl --context "+by.name+" auth can-i "+question)
	}
	if m := denied.FindStringSubmatch(text); m != nil {
		return experiment.WithHint(said{"refused by " + m[1] + ": " + oneLine(m[2]), err},
			"what it says is about the object as a whole: look at it with kubectl get -o yaml")
	}
	switch {
	case apierrors.IsUnauthorized(err):
		return experiment.WithHint(said{"the cluster does not accept the credentials of context " + by.name + by.whom(), err}, by.login())
	case apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse) && apierrors.IsNotFound(err):
		return experiment.WithHint(said{"the cluster has no services of serving.knative.dev/v1", err},
			"install Knative Serving, or choose another --context (now "+by.name+")")
	case certificateTrouble(err):
		return experiment.WithHint(said{"the certificate of the API server is not trusted: " + innermost(err), err},
			"check certificate-authority and server of context "+by.name+" in the kubeconfig")
	case strings.Contains(text, noCredentials):
		_, why, _ := strings.Cut(text, noCredentials)
		return experiment.WithHint(said{"context " + by.name + " cannot log in" + by.whom() + ": " + oneLine(why), err}, by.login())
	}
	if host, ok := unreachable(err); ok {
		return experiment.WithHint(said{fmt.Sprintf("the API server%s does not answer: %s", host, innermost(err)), err},
			"check the network and the context (now "+by.name+"): kubectl --context "+by.name+" version")
	}
	return said{oneLine(text), err}
}

// missing is the permission that a refusal is about: "patch on services.serving.knative.dev in
// default", and the same as kubectl asks for it.
func missing(m []string) (needs, question string) {
	verb, resource, namespace := m[2], m[3], m[5]
	if m[4] != "" {
		resource += "." + m[4]
	}
	if namespace == "" {
		return verb + " on " + resource + " in the whole cluster", verb + " " + resource
	}
	return verb + " on " + resource + " in " + namespace, verb + " " + resource + " -n " + namespace
}

func certificateTrouble(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, host := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	return unknown || host || invalid
}

// unreachable tells whether no answer came at all, and from which server, as " at https://host".
func unreachable(err error) (server string, ok bool) {
	if u, found := errors.AsType[*url.Error](err); found {
		if parsed, err := url.Parse(u.URL); err == nil {
			server = " at " + parsed.Scheme + "://" + parsed.Host
		}
	}
	_, network := errors.AsType[net.Error](err)
	return server, network || server != "" || errors.Is(err, context.DeadlineExceeded)
}

// innermost is what a transport error says without the request it belongs to.
func innermost(err error) string {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return oneLine(err.Error())
}

// passing tells whether an error of the API server may be gone the next time: anything but a clear
// refusal.
func passing(err error) bool {
	if _, lost := errors.AsType[*LostError](err); lost || certificateTrouble(err) || errors.Is(err, context.Canceled) {
		return false
	}
	status, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok {
		_, ok := unreachable(err)
		return ok
	}
	code := status.Status().Code
	return code == http.StatusRequestTimeout || code == http.StatusTooManyRequests || code >= http.StatusInternalServerError
}
