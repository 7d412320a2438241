package traffic

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/fake"
)

// version is a service whose baseline has the percent given, the rest being the latest revision's.
func version(number string, percent int64, entries ...metav1.ManagedFieldsEntry) *unstructured.Unstructured {
	service := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "serving.knative.dev/v1", "kind": "Service",
		"metadata": map[string]any{"name": "app", "namespace": "default"},
		"spec": map[string]any{
			"template": map[string]any{"metadata": map[string]any{"name": "app-v2"}},
			"traffic": []any{
				map[string]any{"tag": "current", "revisionName": "app-v1", "percent": percent},
				map[string]any{"tag": "candidate", "latestRevision": true, "percent": 100 - percent},
			},
		},
	}}
	service.SetResourceVersion(number)
	service.SetManagedFields(entries)
	return service
}

func wrote(manager, subresource, fields string, second int64) metav1.ManagedFieldsEntry {
	at := metav1.NewTime(time.Unix(second, 0))
	return metav1.ManagedFieldsEntry{Manager: manager, Subresource: subresource, Time: &at, FieldsV1: &metav1.FieldsV1{Raw: []byte(fields)}}
}

func TestSplitNamesRevisionsAndTheLastWriter(t *testing.T) {
	t.Parallel()
	const traffic, template = `{"f:spec":{"f:traffic":{}}}`, `{"f:spec":{"f:template":{}}}`
	unnamed := version("7", 60)
	unstructured.RemoveNestedField(unnamed.Object, "spec", "template")
	unnamed.Object["status"] = map[string]any{"latestReadyRevisionName": "app-00002"}
	alone := version("8", 100)
	if err := unstructured.SetNestedSlice(alone.Object, []any{map[string]any{"latestRevision": true, "percent": int64(100)}}, "spec", "traffic"); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		service *unstructured.Unstructured
		want    Split
	}{
		"two revisions": {
			version("5", 80, wrote("helm", "", traffic, 10), wrote("perch", "", traffic, 20), wrote("kubectl", "", template, 30), wrote("controller", "status", traffic, 40)),
			Split{ResourceVersion: "5", Percent: map[string]int64{"app-v1": 80, "app-v2": 20}, Manager: "perch"},
		},
		"template without a name": {unnamed, Split{ResourceVersion: "7", Percent: map[string]int64{"app-v1": 60, "app-00002": 40}}},
		"latest alone":            {alone, Split{ResourceVersion: "8", Percent: map[string]int64{"app-v2": 100}}},
		"a default is nobody's": {
			version("9", 100, wrote("kubectl", "", template, 10), wrote("helm", "", template, 20), wrote("odd", "", "[]", 5)),
			Split{ResourceVersion: "9", Percent: map[string]int64{"app-v1": 100, "app-v2": 0}, Manager: "helm"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := splitOf(tt.service, time.Time{})
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(Split{}, "Targets", "At")); diff != "" {
				t.Errorf("split (-want +got):\n%s", diff)
			}
		})
	}
}

// services are those of a cluster without controllers, with the objects given.
func services(objects ...runtime.Object) dynamic.ResourceInterface {
	kind := schema.GroupVersionResource{Group: "serving.knative.dev", Version: "v1", Resource: "services"}
	client := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{kind: "ServiceList"}, objects...)
	return client.Resource(kind).Namespace("default")
}

func lines(t *testing.T, r *Record) []string {
	t.Helper()
	recorder := httptest.NewRecorder()
	r.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/traffic", nil))
	if recorder.Code != http.StatusOK {
		t.Fatalf("got %d %s", recorder.Code, recorder.Body)
	}
	return strings.Split(strings.TrimSpace(recorder.Body.String()), "\n")
}

func TestRecordKeepsEverySplit(t *testing.T) {
	t.Parallel()
	r := NewRecord(services(version("9", 55)), "app")
	start := time.Unix(1700000000, 0)
	r.see(version("5", 100), start)
	r.see(version("6", 100), start) // a new status, say
	r.see(version("7", 75), start.Add(time.Second))
	r.see(version("8", 100), start.Add(2*time.Second))
	r.see(version("9", 55, wrote("perch", "", `{"f:spec":{"f:traffic":{}}}`, 1)), start.Add(3*time.Second))
	got := lines(t, r)
	if want := `{"resourceVersion":"7","at":"2023-11-14T22:13:21Z","percent":{"app-v1":75,"app-v2":25},"manager":"","targets":[`; len(got) != 4 || !strings.HasPrefix(got[1], want) {
		t.Errorf("got\n%s\nwant four lines, the second with %s", strings.Join(got, "\n"), want)
	}
	if err := r.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := lines(t, r); len(left) != 1 || left[0] != got[3] {
		t.Errorf("after forgetting: got %q, want the last one alone", left)
	}
}

// TestRecordWaitsForItsWatch: the answer is not given before the watch has come as far as the service.
func TestRecordWaitsForItsWatch(t *testing.T) {
	t.Parallel()
	r := NewRecord(services(version("9", 55)), "app")
	r.see(version("8", 100), time.Time{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := r.Splits(ctx); err == nil {
		t.Errorf("got %v at once", got)
	}
	done := make(chan []Split, 1) // sent to by the call below, once
	go func() {
		splits, err := r.Splits(t.Context())
		if err != nil {
			t.Error(err)
		}
		done <- splits
	}()
	r.see(version("9", 55), time.Time{})
	if got := <-done; len(got) != 2 {
		t.Errorf("got %v, want two splits", got)
	}
}
