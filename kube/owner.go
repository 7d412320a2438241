package kube

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"perch/experiment"
)

// Owners lists the tools that believe that the target is their own, by the marks that they leave on
// what they manage, and that may undo what Perch writes. The Helm release of the experiment's own
// finish action is none of them.
func (k *Knative) Owners(ctx context.Context, spec experiment.Spec) ([]experiment.Owner, error) {
	s, err := k.get(ctx, spec.Target)
	if err != nil {
		return nil, fmt.Errorf("find the owners of %s: %w", spec.Target, err)
	}
	return k.owners(s, spec), nil
}

func (k *Knative) owners(s ksvc, spec experiment.Spec) []experiment.Owner {
	owners := append(s.argo(), s.flux()...)
	release, namespace := s.Meta.Annotations["meta.helm.sh/release-name"], s.Meta.Annotations["meta.helm.sh/release-namespace"]
	byFlux := s.Meta.Labels["helm.toolkit.fluxcd.io/name"] != ""
	if s.Meta.Labels[managedByKey] != "Helm" || release == "" || byFlux || k.finishes(spec, release, namespace) {
		return owners
	}
	return append(owners, experiment.Owner{Tool: "Helm", Name: oneLine(namespace + "/" + release),
		Hint: "the next helm upgrade of it may reset the traffic: let it wait until the run is over, and bring its values up to date first"})
}

// argo finds Argo CD's marks. An annotation that was copied from another object counts for nothing,
// as with Argo CD.
func (s ksvc) argo() []experiment.Owner {
	name := s.Meta.Labels["argocd.argoproj.io/instance"]
	if id, ok := s.Meta.Annotations["argocd.argoproj.io/tracking-id"]; ok {
		application, object, _ := strings.Cut(id, ":")
		if object == "serving.knative.dev/Service:"+s.Meta.Namespace+"/"+s.Meta.Name {
			name = application
		}
	}
	if name == "" && s.writtenBy("argocd-controller") {
		name = s.Meta.Labels["app.kubernetes.io/instance"]
	}
	if name == "" {
		return nil
	}
	return []experiment.Owner{{Tool: "Argo CD", Name: oneLine(name),
		Hint: "give the application ignoreDifferences on /spec/traffic and the sync option RespectIgnoreDifferences=true, " +
			"and commit the winner's values before its next sync"}}
}

// flux finds the marks of Flux's controllers for kustomizations and for Helm releases.
func (s ksvc) flux() []experiment.Owner {
	var owners []experiment.Owner
	for _, c := range []struct{ group, kind, off string }{
		{"kustomize.toolkit.fluxcd.io", "kustomization", "reconcile"},
		{"helm.toolkit.fluxcd.io", "helmrelease", "driftDetection"},
	} {
		name := s.Meta.Labels[c.group+"/name"]
		if name == "" || s.Meta.Annotations[c.group+"/"+c.off] == "disabled" {
			continue
		}
		namespace := cmp.Or(s.Meta.Labels[c.group+"/namespace"], s.Meta.Namespace)
		owners = append(owners, experiment.Owner{Tool: "Flux", Name: oneLine(c.kind + " " + namespace + "/" + name),
			Hint: oneLine("flux suspend " + c.kind + " " + name + " -n " + namespace +
				" for the run, and commit the winner's values before flux resume")})
	}
	return owners
}

// writtenBy tells whether a field manager wrote to the service.
func (s ksvc) writtenBy(manager string) bool {
	for _, m := range s.Meta.ManagedFields {
		if m.Manager == manager && m.Subresource == "" {
			return true
		}
	}
	return false
}

// finishes tells whether a finish action upgrades a release, for any of the versions.
func (k *Knative) finishes(spec experiment.Spec, release, namespace string) bool {
	for _, v := range spec.Versions {
		upgrades, err := upgradesOf(spec, v.Name)
		if err != nil {
			continue
		}
		for _, u := range upgrades {
			if u.Release == release && cmp.Or(u.Namespace, k.namespace, metav1.NamespaceDefault) == namespace {
				return true
			}
		}
	}
	return false
}
