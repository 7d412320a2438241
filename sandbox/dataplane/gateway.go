package dataplane

import (
	"cmp"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"knative.dev/networking/pkg/apis/networking/v1alpha1"
)

// Gateway answers requests for the hosts of KIngress objects: it chooses a revision by host, path,
// headers and percent, and lets it answer. The port of the Host header does not matter. It is safe
// for concurrent use.
type Gateway struct {
	fleet *Fleet

	mu    sync.RWMutex
	rules map[string]map[string][]v1alpha1.HTTPIngressPath // by ingress, then host
}

// NewGateway makes a gateway to the revisions of a fleet, with no rules yet.
func NewGateway(fleet *Fleet) *Gateway {
	return &Gateway{fleet: fleet, rules: map[string]map[string][]v1alpha1.HTTPIngressPath{}}
}

// Program replaces the rules of one ingress; without rules it is forgotten.
func (g *Gateway) Program(ingress string, rules []v1alpha1.IngressRule) {
	hosts := map[string][]v1alpha1.HTTPIngressPath{}
	var revisions []types.NamespacedName
	for _, rule := range rules {
		paths := bySpecificity(rule.HTTP.Paths)
		for _, host := range rule.Hosts {
			hosts[host] = paths
		}
		for _, path := range paths {
			for _, split := range path.Splits {
				revisions = append(revisions, destination(split))
			}
		}
	}
	g.fleet.Refer(ingress, append(revisions, g.destinations(ingress)...)) // old and new, while both may be chosen
	g.mu.Lock()
	g.rules[ingress] = hosts
	if len(rules) == 0 {
		delete(g.rules, ingress)
	}
	g.mu.Unlock()
	g.fleet.Refer(ingress, revisions)
}

func (g *Gateway) destinations(ingress string) []types.NamespacedName {
	g.mu.RLock()
	defer g.mu.RUnlock()
	var revisions []types.NamespacedName
	for _, paths := range g.rules[ingress] {
		for _, path := range paths {
			for _, split := range path.Splits {
				revisions = append(revisions, destination(split))
			}
		}
	}
	return revisions
}

// ServeHTTP passes a request to a revision. An unknown host is 404, a revision that does not run 503.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	split, found := g.choose(r)
	if !found {
		http.Error(w, "no service has the host "+r.Host, http.StatusNotFound)
		return
	}
	revision := g.fleet.Revision(destination(split))
	if revision == nil {
		http.Error(w, "revision "+split.ServiceName+" does not run", http.StatusServiceUnavailable)
		return
	}
	revision.ServeHTTP(w, r)
}

func (g *Gateway) choose(r *http.Request) (v1alpha1.IngressBackendSplit, bool) {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	for _, hosts := range g.rules {
		for _, path := range hosts[host] {
			if len(path.Splits) > 0 && matches(path, r) {
				return pick(path.Splits, rand.IntN(100)), true
			}
		}
	}
	return v1alpha1.IngressBackendSplit{}, false
}

// pick chooses a split by a number from 0 to 99. A single split may leave its percent out.
func pick(splits []v1alpha1.IngressBackendSplit, number int) v1alpha1.IngressBackendSplit {
	for _, split := range splits {
		number -= split.Percent
		if number < 0 {
			return split
		}
	}
	return splits[len(splits)-1]
}

func matches(path v1alpha1.HTTPIngressPath, r *http.Request) bool {
	for name, match := range path.Headers {
		if r.Header.Get(name) != match.Exact {
			return false
		}
	}
	return strings.HasPrefix(r.URL.Path, path.Path)
}

// bySpecificity sorts paths as the KIngress contract asks: those with headers first, then the longest.
func bySpecificity(paths []v1alpha1.HTTPIngressPath) []v1alpha1.HTTPIngressPath {
	return slices.SortedStableFunc(slices.Values(paths), func(a, b v1alpha1.HTTPIngressPath) int {
		return cmp.Or(cmp.Compare(len(b.Headers), len(a.Headers)), cmp.Compare(len(b.Path), len(a.Path)))
	})
}

// destination is the revision of a split: Knative names a revision's Service like the revision.
func destination(split v1alpha1.IngressBackendSplit) types.NamespacedName {
	return types.NamespacedName{Namespace: split.ServiceNamespace, Name: split.ServiceName}
}
