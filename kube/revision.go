package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"perch/experiment"
)

// revisionsOf lists the versions' revisions, in the order of the spec.
func revisionsOf(spec experiment.Spec) ([]string, error) {
	revisions := make([]string, len(spec.Versions))
	for i, v := range spec.Versions {
		if revisions[i] = v.Revision(); revisions[i] == "" {
			return nil, fmt.Errorf("the revision of version %s is not resolved yet", v.Name)
		}
	}
	return revisions, nil
}

// resolve finds the revision of each version, and what that adds to the version's variables.
func (s ksvc) resolve(spec experiment.Spec) (added map[string]map[string]string, revisions []string, err error) {
	added = map[string]map[string]string{}
	there := slices.Sorted(maps.Keys(s.served()))
	owner := map[string]string{}
	var mistakes []error
	for _, v := range spec.Versions {
		revision, err := s.revisionFor(v, spec.Target)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("version %s: %w", v.Name, err))
			continue
		}
		switch other, taken := owner[revision]; {
		case taken:
			mistakes = append(mistakes, fmt.Errorf("versions %s and %s are the same revision, %s", other, v.Name, revision))
		case !slices.Contains(there, revision):
			mistakes = append(mistakes, fmt.Errorf("revision %s of version %s is not among the traffic targets, which are %s",
				revision, v.Name, strings.Join(there, ", ")))
		}
		owner[revision] = v.Name
		revisions = append(revisions, revision)
		added[v.Name] = additions(v, spec.Target.Namespace, revision)
	}
	if len(mistakes) > 0 {
		return nil, nil, experiment.WithHint(said{join(mistakes), errors.Join(mistakes...)}, s.targetHint())
	}
	return added, revisions, nil
}

func (s ksvc) targetHint() string {
	return "give every version an entry in spec.traffic, 0 percent will do: kubectl get ksvc " +
		s.Meta.Name + " -n " + s.Meta.Namespace + " -o jsonpath={.status.traffic}"
}

// untargeted is the error of a revision that the router does not know.
func (s ksvc) untargeted(revision string) error {
	return experiment.WithHint(fmt.Errorf("revision %s is not among the traffic targets, which are %s", revision,
		strings.Join(slices.Sorted(maps.Keys(s.served())), ", ")), s.targetHint())
}

// checkRevision finds out whether a revision is there and ready.
func (k *Knative) checkRevision(ctx context.Context, namespace, name string) error {
	gvr := schema.GroupVersionResource{Group: "serving.knative.dev", Version: "v1", Resource: "revisions"}
	u, err := k.client.Resource(gvr).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return experiment.WithHint(fmt.Errorf("there is no revision %s in namespace %s", name, namespace),
			"see those that are there: kubectl get revisions -n "+namespace)
	}
	if err != nil {
		return explain(err, k.context)
	}
	r, err := parseKsvc(u) // the conditions of a revision are those of a service
	if err != nil {
		return err
	}
	if c := r.condition("Ready"); c.Status != "True" {
		return experiment.WithHint(fmt.Errorf("revision %s is not ready: %s", name, cmp.Or(oneLine(c.Message), c.Reason, "no reason given")),
			"kubectl describe revision "+name+" -n "+namespace)
	}
	return nil
}

// join puts errors on one line.
func join(errs []error) string {
	words := make([]string, len(errs))
	for i, err := range errs {
		words[i] = err.Error()
	}
	return strings.Join(words, "; ")
}

// additions are the variables that Iter8's init-experiment added too, and the revision.
func additions(v experiment.Version, namespace, revision string) map[string]string {
	vars := map[string]string{}
	if _, ok := v.Variables["namespace"]; !ok {
		vars["namespace"] = namespace
	}
	if v.Revision() == "" {
		vars["revision"] = revision
	}
	return vars
}

// revisionFor is the version's variable, or what its weightObjRef points at. The reference counts
// entries of the spec, and the router merges equal ones in its report, so the spec's entry tells.
func (s ksvc) revisionFor(v experiment.Version, t experiment.Target) (string, error) {
	if v.Revision() != "" {
		return v.Revision(), nil
	}
	ref := v.WeightObjRef
	if ref == nil {
		return "", errors.New("it names no revision")
	}
	if ref.Name != t.Name || (ref.Namespace != "" && ref.Namespace != t.Namespace) {
		return "", fmt.Errorf("its weightObjRef is about %s/%s, not about the target", ref.Namespace, ref.Name)
	}
	i, err := ref.TrafficIndex()
	if err != nil {
		return "", err
	}
	if i >= len(s.Spec.Traffic) {
		return "", fmt.Errorf("its weightObjRef is %s, and there are %d traffic targets", ref.FieldPath, len(s.Spec.Traffic))
	}
	revision := s.revisionOf(s.Spec.Traffic[i])
	if revision == "" {
		return "", fmt.Errorf("%s has no ready revision", ref.FieldPath)
	}
	return revision, nil
}

// percentages: "sample-app-v1 95 %, sample-app-v2 5 %", as the router reports it.
func (s ksvc) percentages() string {
	served := s.served()
	var words []string
	for _, revision := range slices.Sorted(maps.Keys(served)) {
		words = append(words, fmt.Sprintf("%s %d %%", revision, served[revision]))
	}
	if len(words) == 0 {
		return "no split"
	}
	return strings.Join(words, ", ")
}
