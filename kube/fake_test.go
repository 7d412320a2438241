package kube

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/fake"
	clienttesting "k8s.io/client-go/testing"

	"perch/experiment"
)

func TestMain(m *testing.M) {
	cache, err := os.MkdirTemp("", "perch-kube-")
	if err != nil {
		panic(err)
	}
	if err := os.Setenv("HELM_CACHE_HOME", cache); err != nil { // Helm keeps indexes there
		panic(err)
	}
	m.Run()
	_ = os.RemoveAll(cache)
}

type object = map[string]any

// A fakeKnative is an API server with one Knative service, and the controllers behind it: some
// reads after a write, the status follows the spec.
type fakeKnative struct {
	mu      sync.Mutex
	service *unstructured.Unstructured
	lag     int // reads until the status follows
	left    int
	refuse  string            // a revision that is not ready: the route refuses every split with it
	reads   func(n int) error // before the nth read, from 1
	writes  func(n int) error // before the nth write, from 1
	edits   func(n int) []any // spec.traffic that somebody else writes just before the nth write
	counts  struct{ get, patch int }
	bodies  []object
	manager string
}

func (f *fakeKnative) knative() *Knative {
	return &Knative{client: f.client(), context: access{name: "prod"}}
}

func (f *fakeKnative) client() dynamic.Interface {
	gvr := schema.GroupVersionResource{Group: "serving.knative.dev", Version: "v1", Resource: "services"}
	client := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(),
		map[schema.GroupVersionResource]string{gvr: "ServiceList"})
	client.PrependReactor("get", "services", f.get)
	client.PrependReactor("patch", "services", f.patch)
	client.PrependReactor("list", "services", f.list)
	client.PrependReactor("get", "revisions", f.revision)
	return client
}

// revision is ready unless it is the one that the route refuses; v0 is not there, and v9 not for
// everybody to see.
func (f *fakeKnative) revision(a clienttesting.Action) (bool, runtime.Object, error) {
	name, ready, message := a.(clienttesting.GetAction).GetName(), "True", ""
	switch name {
	case "v0":
		return true, nil, apierrors.NewNotFound(a.GetResource().GroupResource(), name)
	case "v9":
		return true, nil, apierrors.NewForbidden(a.GetResource().GroupResource(), name,
			errors.New(`User "ann" cannot get resource "revisions" in API group "serving.knative.dev" in the namespace "default"`))
	case f.refuse:
		ready, message = "False", "the image cannot be pulled"
	}
	return true, &unstructured.Unstructured{Object: object{"apiVersion": "serving.knative.dev/v1", "kind": "Revision",
		"metadata": object{"name": name}, "status": object{"conditions": []any{object{"type": "Ready", "status": ready, "message": message}}}}}, nil
}

func (f *fakeKnative) get(a clienttesting.Action) (bool, runtime.Object, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts.get++
	if f.reads != nil {
		if err := f.reads(f.counts.get); err != nil {
			return true, nil, err
		}
	}
	if name := a.(clienttesting.GetAction).GetName(); name != f.service.GetName() {
		return true, nil, apierrors.NewNotFound(a.GetResource().GroupResource(), name)
	}
	if f.left > 0 {
		f.left--
	} else {
		f.reconcile()
	}
	return true, f.service.DeepCopy(), nil
}

func (f *fakeKnative) list(clienttesting.Action) (bool, runtime.Object, error) {
	list := &unstructured.UnstructuredList{Items: []unstructured.Unstructured{*f.service}}
	list.SetAPIVersion("serving.knative.dev/v1")
	list.SetKind("ServiceList")
	return true, list, nil
}

func (f *fakeKnative) patch(a clienttesting.Action) (bool, runtime.Object, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts.patch++
	if f.edits != nil {
		if traffic := f.edits(f.counts.patch); traffic != nil {
			f.write(traffic, "kubectl-edit")
		}
	}
	if f.writes != nil {
		if err := f.writes(f.counts.patch); err != nil {
			return true, nil, err
		}
	}
	action := a.(clienttesting.PatchActionImpl)
	var body object
	if err := json.Unmarshal(action.Patch, &body); err != nil {
		return true, nil, err
	}
	f.bodies = append(f.bodies, body)
	f.manager = action.PatchOptions.FieldManager
	version, _, _ := unstructured.NestedString(body, "metadata", "resourceVersion")
	if version != f.service.GetResourceVersion() {
		return true, nil, conflict()
	}
	var typed struct {
		Spec struct{ Traffic []object } `json:"spec"`
	}
	if err := json.Unmarshal(action.Patch, &typed); err != nil {
		return true, nil, err
	}
	var traffic []any
	for _, e := range typed.Spec.Traffic {
		if p, ok := e["percent"].(float64); ok {
			e["percent"] = int64(p)
		}
		traffic = append(traffic, e)
	}
	f.write(traffic, f.manager)
	f.left = f.lag
	return true, f.service.DeepCopy(), nil
}

// write changes the spec as an API server does.
func (f *fakeKnative) write(traffic []any, manager string) {
	_ = unstructured.SetNestedSlice(f.service.Object, traffic, "spec", "traffic")
	f.service.SetGeneration(f.service.GetGeneration() + 1)
	version, _ := strconv.Atoi(f.service.GetResourceVersion())
	f.service.SetResourceVersion(strconv.Itoa(version + 1))
	f.service.Object["metadata"].(object)["managedFields"] = []any{managed(manager, "2026-11-24T10:00:0"+strconv.Itoa(version%10)+"Z")}
}

// reconcile lets the status follow the spec.
func (f *fakeKnative) reconcile() {
	traffic, _, _ := unstructured.NestedSlice(f.service.Object, "spec", "traffic")
	latest, _, _ := unstructured.NestedString(f.service.Object, "status", "latestReadyRevisionName")
	served := make([]any, 0, len(traffic))
	for _, e := range traffic {
		entry := maps.Clone(e.(object))
		if entry["latestRevision"] == true {
			entry["revisionName"] = latest
		}
		if entry["revisionName"] == f.refuse {
			f.conditions("False", "RevisionMissing", `Revision "`+f.refuse+`" failed to become ready.`)
			return
		}
		served = append(served, entry)
	}
	_ = unstructured.SetNestedSlice(f.service.Object, served, "status", "traffic")
	f.conditions("True", "", "")
}

func (f *fakeKnative) conditions(status, reason, message string) {
	var list []any
	for _, kind := range []string{"ConfigurationsReady", "Ready", "RoutesReady"} {
		list = append(list, object{"type": kind, "status": status, "reason": reason, "message": message})
	}
	_ = unstructured.SetNestedSlice(f.service.Object, list, "status", "conditions")
	_ = unstructured.SetNestedField(f.service.Object, f.service.GetGeneration(), "status", "observedGeneration")
}

func conflict() error {
	return apierrors.NewConflict(schema.GroupResource{Group: "serving.knative.dev", Resource: "services"}, "sample-app", nil)
}

func managed(manager, at string) object {
	return object{"manager": manager, "operation": "Update", "apiVersion": "serving.knative.dev/v1", "time": at,
		"fieldsType": "FieldsV1", "fieldsV1": object{"f:spec": object{"f:traffic": object{}}}}
}

// entry is a traffic target of a spec.
func entry(tag, revision string, percent int64) any {
	e := object{"percent": percent, "latestRevision": revision == ""}
	if revision != "" {
		e["revisionName"] = revision
	}
	if tag != "" {
		e["tag"] = tag
	}
	return e
}

// sampleApp is the tutorial's service, ready, with these targets; the latest revision is v2.
func sampleApp(traffic ...any) *fakeKnative {
	f := &fakeKnative{service: &unstructured.Unstructured{Object: object{
		"apiVersion": "serving.knative.dev/v1", "kind": "Service",
		"metadata": object{"name": "sample-app", "namespace": "default", "resourceVersion": "1", "generation": int64(1)},
		"spec":     object{"traffic": traffic},
		"status":   object{"latestReadyRevisionName": "v2"},
	}}}
	f.reconcile()
	return f
}

func tutorialApp() *fakeKnative {
	return sampleApp(entry("current", "v1", 100), entry("candidate", "", 0))
}

func canary() experiment.Spec {
	return experiment.Spec{
		Target: experiment.Target{Namespace: "default", Name: "sample-app"},
		Versions: []experiment.Version{
			{Name: "current", Variables: map[string]string{"revision": "v1", "promote": "baseline"}},
			{Name: "candidate", Variables: map[string]string{"revision": "v2", "promote": "candidate"}},
		},
	}
}

func split(t *testing.T, percent ...int) experiment.Split {
	t.Helper()
	s, err := experiment.NewSplit(percent...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}
