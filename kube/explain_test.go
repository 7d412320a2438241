package kube

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"perch/experiment"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	services := schema.GroupResource{Group: "serving.knative.dev", Resource: "services"}
	tests := []struct {
		name, want string
		err        error
	}{
		{"unauthorized", "the cluster does not accept the credentials of context prod (user ann of the kubeconfig) | " +
			"log in again, or renew the token or certificate of user ann, until kubectl --context prod get ksvc answers",
			apierrors.NewUnauthorized("Unauthorized")},
		{"forbidden, inside a text of Helm's",
			"the cluster forbids it: bob needs list on secrets in shop | " +
				"ask for that permission for user ann of context prod; it is there when this says yes: " +
				"kubectl --context prod auth can-i list secrets -n shop",
			errors.New(`query: failed to query with labels: secrets is forbidden: User "bob" cannot list resource "secrets" in API group "" in the namespace "shop"`)},
		{"forbidden, in the whole cluster", "ci needs create on namespaces in the whole cluster",
			apierrors.NewForbidden(schema.GroupResource{Resource: "namespaces"}, "x",
				errors.New(`User "ci" cannot create resource "namespaces" in API group "" at the cluster scope`))},
		{"forbidden, by a proxy that does not know the user", "the cluster forbids it: ann needs patch on services.serving.knative.dev in shop | ask for that permission",
			apierrors.NewForbidden(services, "x", errors.New(`User cannot patch resource "services" in API group "serving.knative.dev" in the namespace "shop"`))},
		{"no answer in time", "the API server does not answer: no answer in time | check the network and the context (now prod)",
			fmt.Errorf("get: %w", context.DeadlineExceeded)},
		{"a login plugin fails", "context prod cannot log in (user ann of the kubeconfig): exec: executable aws not found | log in again",
			&url.Error{Op: "Get", URL: "https://a", Err: errors.New("getting credentials: exec: executable aws not found")}},
		{"the password of a URL", "fetch https://***@example.com/x?token=*** |",
			errors.New("fetch https://bob:hush@example.com/x?token=hush")},
		{"cancelled stays as it is", "context canceled |", context.Canceled},
		{"explained stays as it is", "what | do", experiment.WithHint(errors.New("what"), "do")},
		{"many lines become one", "a b c |", errors.New("a\n\tb\n\nc")},
		{"a conflict stays one", "Operation cannot be fulfilled", apierrors.NewConflict(services, "a", errors.New("changed"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := explain(tt.err, access{name: "prod", user: "ann"})
			if !strings.Contains(text(err), tt.want) {
				t.Errorf("explain(%v) = %q, want %q in it", tt.err, text(err), tt.want)
			}
			if !errors.Is(err, tt.err) {
				t.Errorf("explain(%v) lost the error itself", tt.err)
			}
		})
	}
}
