package dataplane

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"knative.dev/networking/pkg/apis/networking/v1alpha1"
	"knative.dev/serving/pkg/apis/serving"
)

func deployment(revision string) *appsv1.Deployment {
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{
		Namespace: "default",
		Name:      deploymentOf(revision),
		Labels:    map[string]string{serving.RevisionLabelKey: revision},
	}}
	d.Spec.Template.Spec.Containers = []corev1.Container{{Name: queueProxy}, {Name: "app", Image: "demo:green"}}
	return d
}

func split(revision string, percent int) v1alpha1.IngressBackendSplit {
	return v1alpha1.IngressBackendSplit{
		IngressBackend: v1alpha1.IngressBackend{ServiceNamespace: "default", ServiceName: revision},
		Percent:        percent,
	}
}

func rule(host string, splits ...v1alpha1.IngressBackendSplit) v1alpha1.IngressRule {
	return v1alpha1.IngressRule{
		Hosts: []string{host},
		HTTP:  &v1alpha1.HTTPIngressRuleValue{Paths: []v1alpha1.HTTPIngressPath{{Splits: splits}}},
	}
}

// newFleet runs the revisions, and keeps the number of scrape targets up to date.
func newFleet(t *testing.T, targets *int, revisions ...string) *Fleet {
	t.Helper()
	fleet := NewFleet(func(all []Target) { *targets = len(all) })
	for _, revision := range revisions {
		if err := fleet.Start(t.Context(), deployment(revision)); err != nil {
			t.Fatalf("start %s: %v", revision, err)
		}
	}
	return fleet
}

func get(handler http.Handler, host string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+host+"/", nil)
	handler.ServeHTTP(recorder, request)
	return recorder
}

func TestGatewayChoosesByHost(t *testing.T) {
	t.Parallel()
	var targets int
	gateway := NewGateway(newFleet(t, &targets, "app-v1", "app-v2"))
	gateway.Program("default/app", []v1alpha1.IngressRule{
		rule("app.default.localhost", split("app-v1", 100), split("app-v2", 0)),
		rule("candidate-app.default.localhost", split("app-v2", 100)),
		rule("gone.default.localhost", split("app-v0", 100)),
	})
	tests := []struct {
		host     string
		status   int
		revision string
	}{
		{"app.default.localhost", http.StatusOK, "app-v1"},
		{"app.default.localhost:31234", http.StatusOK, "app-v1"},
		{"candidate-app.default.localhost", http.StatusOK, "app-v2"},
		{"gone.default.localhost", http.StatusServiceUnavailable, ""},
		{"other.default.localhost", http.StatusNotFound, ""},
	}
	for _, test := range tests {
		got := get(gateway, test.host)
		if got.Code != test.status || got.Header().Get("X-Revision") != test.revision {
			t.Errorf("host %s: got %d from %q, want %d from %q",
				test.host, got.Code, got.Header().Get("X-Revision"), test.status, test.revision)
		}
	}
}

func TestPickFollowsPercents(t *testing.T) {
	t.Parallel()
	splits := []v1alpha1.IngressBackendSplit{split("a", 80), split("b", 0), split("c", 20)}
	counts := map[string]int{}
	for number := range 100 {
		counts[pick(splits, number).ServiceName]++
	}
	if counts["a"] != 80 || counts["b"] != 0 || counts["c"] != 20 {
		t.Errorf("picked %v of a hundred numbers, want 80 a, 0 b, 20 c", counts)
	}
	if got := pick([]v1alpha1.IngressBackendSplit{split("only", 0)}, 99).ServiceName; got != "only" {
		t.Errorf("a single split without percent: picked %q", got)
	}
}

func TestRetiredRevisionServesWhileReferred(t *testing.T) {
	t.Parallel()
	var targets int
	fleet := newFleet(t, &targets, "app-v1", "app-v2")
	gateway := NewGateway(fleet)
	old, successor := rule("app", split("app-v1", 100)), rule("app", split("app-v2", 100))
	gateway.Program("default/app", []v1alpha1.IngressRule{old})

	fleet.Retire(types.NamespacedName{Namespace: "default", Name: deploymentOf("app-v1")})
	if got := get(gateway, "app"); got.Code != http.StatusOK || targets != 2 {
		t.Errorf("retired but referred: got %d with %d targets, want 200 with 2", got.Code, targets)
	}
	gateway.Program("default/app", []v1alpha1.IngressRule{successor})
	if got := get(gateway, "app").Header().Get("X-Revision"); got != "app-v2" || targets != 1 {
		t.Errorf("after the change: got %q with %d targets, want app-v2 with 1", got, targets)
	}
}

func TestNoRequestFailsWhileRulesChange(t *testing.T) {
	t.Parallel()
	var targets int
	fleet := newFleet(t, &targets, "app-v1", "app-v2")
	gateway := NewGateway(fleet)
	gateway.Program("default/app", []v1alpha1.IngressRule{rule("app", split("app-v1", 100))})
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for range 20 {
				if got := get(gateway, "app"); got.Code != http.StatusOK {
					t.Errorf("got %d: %s", got.Code, got.Body)
				}
			}
		})
	}
	for percent := range 100 {
		gateway.Program("default/app", []v1alpha1.IngressRule{rule("app", split("app-v1", 100-percent), split("app-v2", percent))})
	}
	gateway.Program("default/app", []v1alpha1.IngressRule{rule("app", split("app-v2", 100))})
	fleet.Retire(types.NamespacedName{Namespace: "default", Name: deploymentOf("app-v1")})
	clients.Wait()
}
