package kube

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOwners(t *testing.T) {
	t.Parallel()
	helm := func(name, namespace string) object {
		return object{"meta.helm.sh/release-name": name, "meta.helm.sh/release-namespace": namespace}
	}
	const tracking = "argocd.argoproj.io/tracking-id"
	tests := []struct {
		name                string
		labels, annotations object
		manager             string
		args                []string // of the finish action
		want                []string // tool: name
	}{
		{name: "nobody", labels: object{"app.kubernetes.io/instance": "shop"}},
		{name: "Argo CD, by annotation", annotations: object{tracking: "shop:serving.knative.dev/Service:default/sample-app"}, want: []string{"Argo CD: shop"}},
		{name: "Argo CD, annotation of another object", annotations: object{tracking: "shop:serving.knative.dev/Service:default/other"}},
		{name: "Argo CD, by its own label", labels: object{"argocd.argoproj.io/instance": "shop"}, want: []string{"Argo CD: shop"}},
		{name: "Argo CD, by the common label", labels: object{"app.kubernetes.io/instance": "shop"}, manager: "argocd-controller", want: []string{"Argo CD: shop"}},
		{name: "Flux, kustomization", labels: object{"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"},
			want: []string{"Flux: kustomization flux-system/apps"}},
		{name: "Flux, switched off for it", labels: object{"kustomize.toolkit.fluxcd.io/name": "apps"},
			annotations: object{"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}},
		{name: "Flux, Helm release", labels: object{managedByKey: "Helm", "helm.toolkit.fluxcd.io/name": "sample-app", "helm.toolkit.fluxcd.io/namespace": "shop"},
			annotations: helm("sample-app", "shop"), want: []string{"Flux: helmrelease shop/sample-app"}},
		{name: "Helm", labels: object{managedByKey: "Helm"}, annotations: helm("sample-app", "shop"), want: []string{"Helm: shop/sample-app"}},
		{name: "Helm, the experiment's own", labels: object{managedByKey: "Helm"}, annotations: helm("sample-app", "shop"),
			args: []string{"sample-app", "chart", "-n", "shop"}},
		{name: "Helm, the experiment's own, in the namespace of the context", labels: object{managedByKey: "Helm"}, annotations: helm("sample-app", "mine"),
			args: []string{"sample-app", "chart"}},
		{name: "Helm, the same name elsewhere", labels: object{managedByKey: "Helm"}, annotations: helm("sample-app", "shop"),
			args: []string{"sample-app", "chart"}, want: []string{"Helm: shop/sample-app"}},
		{name: "two", labels: object{managedByKey: "Helm", "argocd.argoproj.io/instance": "shop"}, annotations: helm("x", "y"),
			want: []string{"Argo CD: shop", "Helm: y/x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := tutorialApp()
			meta := f.service.Object["metadata"].(object)
			if tt.labels != nil {
				meta["labels"] = tt.labels
			}
			if tt.annotations != nil {
				meta["annotations"] = tt.annotations
			}
			if tt.manager != "" {
				meta["managedFields"] = []any{managed(tt.manager, "2026-11-24T10:00:00Z")}
			}
			spec := canary()
			if tt.args != nil {
				spec = finish(tt.args)
			}
			k := f.knative()
			k.namespace = "mine"
			owners, err := k.Owners(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range owners {
				got = append(got, o.Tool+": "+o.Name)
				if o.Hint == "" || strings.Contains(o.Hint, "\n") {
					t.Errorf("hint %q", o.Hint)
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("owners (-want +got)\n%s", d)
			}
		})
	}
}

func TestOwnersOfNothing(t *testing.T) {
	t.Parallel()
	spec := canary()
	spec.Target.Name = "nonesuch"
	_, err := tutorialApp().knative().Owners(t.Context(), spec)
	if want := "find the owners of default/nonesuch: there is no Knative service nonesuch"; !strings.Contains(text(err), want) {
		t.Errorf("error %q, want %q in it", text(err), want)
	}
}
