package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"perch/experiment"
)

// A permission is what the user of a run has to be allowed.
type permission struct {
	verb, group, resource string
	namespace             string
	name                  string // of the one object; "": of any
	helpful               bool   // a run does without it
}

// permissions are those that a run of an experiment needs. What the chart's other objects need is
// not known before they are rendered, and not among them.
func permissions(spec experiment.Spec, helm *Helm) []permission {
	t := spec.Target
	need := func(group, resource, name string, verbs ...string) (list []permission) {
		for _, verb := range verbs {
			list = append(list, permission{verb: verb, group: group, resource: resource, namespace: t.Namespace, name: name})
		}
		return list
	}
	const knative, coordination = "serving.knative.dev", "coordination.k8s.io"
	list := slices.Concat(
		need(knative, "services", t.Name, "get", "patch"),
		need(knative, "services", "", "list"),
		need(coordination, "leases", "", "create"),
		need(coordination, "leases", leaseName(t), "get", "update"),
		need("", "configmaps", "", "create"),
		need("", "configmaps", leaseName(t), "get", "update", "delete"),
	)
	list[2].helpful = true // only for a message
	for _, v := range spec.Versions {
		if helm != nil {
			list = append(list, helm.permissions(spec, v.Name)...)
		}
	}
	var each []permission
	for _, p := range list {
		if !slices.Contains(each, p) {
			each = append(each, p)
		}
	}
	return each
}

// permissions are those that Helm needs for its records of the releases.
func (h *Helm) permissions(spec experiment.Spec, version string) []permission {
	resource := map[string]string{"": "secrets", "secret": "secrets", "secrets": "secrets",
		"configmap": "configmaps", "configmaps": "configmaps"}[h.driver]
	upgrades, err := upgradesOf(spec, version)
	if err != nil || resource == "" {
		return nil
	}
	var list []permission
	for _, u := range upgrades {
		for _, verb := range []string{"get", "list", "create", "update", "delete"} {
			list = append(list, permission{verb: verb, resource: resource, namespace: h.namespaceOf(u)})
		}
	}
	return list
}

// checkPermissions asks for all of them at once.
func (c *Cluster) checkPermissions(ctx context.Context, list []permission) []experiment.Finding {
	findings := make([]experiment.Finding, len(list))
	var all sync.WaitGroup
	for i, p := range list {
		all.Go(func() { findings[i] = c.checkPermission(ctx, p) })
	}
	all.Wait()
	missing := slices.DeleteFunc(findings, func(f experiment.Finding) bool { return f.Grade == experiment.Fine })
	if len(missing) > 0 {
		return missing
	}
	return []experiment.Finding{{Subject: "permissions", Grade: experiment.Fine, What: fmt.Sprintf("all %d are there", len(list))}}
}

func (c *Cluster) checkPermission(ctx context.Context, p permission) experiment.Finding {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: p.namespace, Verb: p.verb, Group: p.group, Resource: p.resource, Name: p.name}}}
	answer, err := c.typed.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
	needs, question := missing([]string{"", "", p.verb, p.resource, p.group, p.namespace})
	if p.name != "" { // kubectl auth can-i get leases.coordination.k8s.io/perch-app
		question = strings.Replace(question, " -n ", "/"+p.name+" -n ", 1)
		needs += " (" + p.name + ")"
	}
	f := experiment.Finding{Subject: "permissions", Grade: experiment.Wrong}
	switch {
	case err != nil:
		f = experiment.WrongIf(f.Subject, explain(err, c.context), "")
		if apierrors.IsForbidden(err) { // of the question, not of a run
			f.Grade = experiment.Doubtful
		}
		return f
	case answer.Status.Allowed:
		f.Grade = experiment.Fine
		return f
	case p.helpful:
		f.Grade = experiment.Doubtful
	}
	f.What = needs + " is missing" + c.context.as()
	f.Hint = "ask for it; it is there when this says yes: kubectl --context " + c.context.name + " auth can-i " + question
	return f
}
