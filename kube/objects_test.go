package kube

import (
	"slices"
	"strconv"
	"sync"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

// A fakeObjects is an API server that keeps objects of the typed client, with resource versions.
type fakeObjects struct {
	mu      sync.Mutex
	kept    map[string]runtime.Object
	version int
	trouble func(verb, resource string) error // before a request is served
	deaf    func(verb, resource string) error // after it was served: the answer is lost
	writes  []string                          // "update leases", …
	*fake.Clientset
}

func newFakeObjects() *fakeObjects {
	f := &fakeObjects{kept: map[string]runtime.Object{}, Clientset: fake.NewClientset()}
	for _, resource := range []string{"leases", "configmaps"} {
		f.PrependReactor("*", resource, f.react)
	}
	return f
}

func (f *fakeObjects) cluster() *Cluster {
	return &Cluster{typed: f.Clientset, context: access{name: "prod"}}
}

func (f *fakeObjects) react(a clienttesting.Action) (bool, runtime.Object, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	verb, resource := a.GetVerb(), a.GetResource().Resource
	if f.trouble != nil {
		if err := f.trouble(verb, resource); err != nil {
			return true, nil, err
		}
	}
	o, err := f.serve(a)
	if verb != "get" && err == nil {
		f.writes = append(f.writes, verb+" "+resource)
	}
	if f.deaf != nil && err == nil {
		err = f.deaf(verb, resource)
	}
	return true, o, err
}

func (f *fakeObjects) serve(a clienttesting.Action) (runtime.Object, error) {
	resource := a.GetResource().GroupResource()
	switch a := a.(type) {
	case clienttesting.CreateActionImpl:
		return f.put(a.GetObject(), resource.Resource, func(found metav1.Object) error {
			if found == nil {
				return nil
			}
			return apierrors.NewAlreadyExists(resource, found.GetName())
		})
	case clienttesting.UpdateActionImpl:
		next, _ := meta.Accessor(a.GetObject())
		return f.put(a.GetObject(), resource.Resource, func(found metav1.Object) error {
			if found == nil {
				return apierrors.NewNotFound(resource, next.GetName())
			}
			if found.GetResourceVersion() != next.GetResourceVersion() {
				return apierrors.NewConflict(resource, next.GetName(), nil)
			}
			return nil
		})
	case clienttesting.DeleteActionImpl:
		key := resource.Resource + "/" + a.GetNamespace() + "/" + a.GetName()
		if f.kept[key] == nil {
			return nil, apierrors.NewNotFound(resource, a.GetName())
		}
		delete(f.kept, key)
		return nil, nil
	}
	get := a.(clienttesting.GetActionImpl)
	found, ok := f.kept[resource.Resource+"/"+get.GetNamespace()+"/"+get.GetName()]
	if !ok {
		return nil, apierrors.NewNotFound(resource, get.GetName())
	}
	return found.DeepCopyObject(), nil
}

// put keeps an object under the next version, if that is allowed for the one that is there.
func (f *fakeObjects) put(o runtime.Object, resource string, allowed func(found metav1.Object) error) (runtime.Object, error) {
	o = o.DeepCopyObject()
	next, err := meta.Accessor(o)
	if err != nil {
		return nil, err
	}
	key := resource + "/" + next.GetNamespace() + "/" + next.GetName()
	var found metav1.Object
	if f.kept[key] != nil {
		if found, err = meta.Accessor(f.kept[key]); err != nil {
			return nil, err
		}
	}
	if err := allowed(found); err != nil {
		return nil, err
	}
	f.version++
	next.SetResourceVersion(strconv.Itoa(f.version))
	f.kept[key] = o
	return o.DeepCopyObject(), nil
}

const leaseKey = "leases/default/perch-sample-app"

// edit changes the lease as somebody else does.
func (f *fakeObjects) edit(change func(o *coordinationv1.Lease)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.kept[leaseKey].(*coordinationv1.Lease)
	change(o)
	f.version++
	o.SetResourceVersion(strconv.Itoa(f.version))
}

// remove deletes the lease as somebody else does.
func (f *fakeObjects) remove() {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.kept, leaseKey)
}

// fail makes every request about leases fail from now on; nil mends it.
func (f *fakeObjects) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trouble = func(_, resource string) error {
		if resource == "leases" {
			return err
		}
		return nil
	}
}

// wrote lists the writes so far, and forgets them.
func (f *fakeObjects) wrote() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	writes := slices.Clone(f.writes)
	f.writes = nil
	return writes
}
