// Package dataplane stands in for what a sandbox does not have: pods, the kubelet, an autoscaler
// and an ingress gateway. It does so at the points that Knative leaves open, an autoscaler class
// and an ingress class, and by filling in the status of Deployments and Endpoints.
//
// A revision is an http.Handler in this process; the gateway is a server on loopback that chooses
// one by the KIngress objects. No request is lost when either changes: a handler answers as long
// as somebody holds it, and a revision is kept until no ingress refers to it.
package dataplane

import (
	"context"
	"maps"
	"slices"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Target is where the metrics of one revision can be scraped.
type Target struct {
	Revision types.NamespacedName
	Address  string // host:port; the path is /metrics
}

// Fleet holds the revisions that run. It is safe for concurrent use.
type Fleet struct {
	// changed receives all targets after each change; it must not block for long.
	changed func([]Target)

	mu       sync.RWMutex
	running  map[types.NamespacedName]*Revision
	retired  map[types.NamespacedName]bool
	referred map[string][]types.NamespacedName // by ingress
}

// NewFleet makes an empty fleet that tells changed where metrics can be scraped.
func NewFleet(changed func([]Target)) *Fleet {
	return &Fleet{
		changed:  changed,
		running:  map[types.NamespacedName]*Revision{},
		retired:  map[types.NamespacedName]bool{},
		referred: map[string][]types.NamespacedName{},
	}
}

// Start runs the revision of a Deployment, unless it runs already.
func (f *Fleet) Start(ctx context.Context, d *appsv1.Deployment) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := revisionOf(d)
	delete(f.retired, name)
	if f.running[name] != nil {
		return nil
	}
	revision, err := startRevision(ctx, d)
	if err != nil {
		return err
	}
	f.running[name] = revision
	f.changed(f.targets())
	return nil
}

// Retire stops the revision of a Deployment that is gone, as soon as no ingress refers to it.
func (f *Fleet) Retire(deployment types.NamespacedName) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name := range f.running {
		if name.Namespace == deployment.Namespace && deploymentOf(name.Name) == deployment.Name {
			f.retired[name] = true
		}
	}
	f.sweep()
}

// Refer notes the revisions that an ingress sends requests to, in place of those it sent to before.
func (f *Fleet) Refer(ingress string, revisions []types.NamespacedName) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.referred[ingress] = revisions
	if len(revisions) == 0 {
		delete(f.referred, ingress)
	}
	f.sweep()
}

// Revision finds a running revision; nil if there is none.
func (f *Fleet) Revision(name types.NamespacedName) *Revision {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.running[name]
}

func (f *Fleet) sweep() {
	var gone bool
	for name := range f.retired {
		if f.isReferred(name) {
			continue
		}
		f.running[name].close()
		delete(f.running, name)
		delete(f.retired, name)
		gone = true
	}
	if gone {
		f.changed(f.targets())
	}
}

func (f *Fleet) isReferred(name types.NamespacedName) bool {
	for revisions := range maps.Values(f.referred) {
		if slices.Contains(revisions, name) {
			return true
		}
	}
	return false
}

func (f *Fleet) targets() []Target {
	targets := make([]Target, 0, len(f.running))
	for name, revision := range f.running {
		targets = append(targets, Target{Revision: name, Address: revision.address})
	}
	return targets
}
