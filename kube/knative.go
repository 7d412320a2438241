package kube

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"perch/experiment"
)

// The longest waits for Knative, and how often it is looked at meanwhile.
const (
	readyTimeout = 3 * time.Minute
	shiftTimeout = time.Minute
	awaitTimeout = 2 * time.Minute
	pollInterval = 100 * time.Millisecond
)

// Knative reads and moves the traffic of the Knative service that an experiment targets.
type Knative struct{ cluster *Cluster }

// NewKnative works on a cluster.
func NewKnative(c *Cluster) *Knative { return &Knative{c} }

func (k *Knative) client(t experiment.Target) dynamic.ResourceInterface {
	return k.cluster.dynamic.Resource(services()).Namespace(t.Namespace)
}

// get reads the target, raw and decoded.
func (k *Knative) get(ctx context.Context, t experiment.Target) (*unstructured.Unstructured, service, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	u, err := k.client(t).Get(ctx, t.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) && !isUnknownResource(err) {
		return nil, service{}, k.noService(ctx, t)
	}
	if err != nil {
		return nil, service{}, explain(err)
	}
	s, err := decode(u)
	return u, s, err
}

// noService names the services that are there.
func (k *Knative) noService(ctx context.Context, t experiment.Target) error {
	hint := "create it first, or correct spec.target"
	if list, err := k.client(t).List(ctx, metav1.ListOptions{Limit: 10}); err == nil && len(list.Items) > 0 {
		var names []string
		for _, item := range list.Items {
			names = append(names, item.GetName())
		}
		hint = fmt.Sprintf("namespace %s has %s; correct spec.target or --context", t.Namespace, strings.Join(names, ", "))
	}
	return experiment.WithHint(fmt.Errorf("there is no Knative service %s", t), hint)
}

// poll looks at the target until done says that it is, with an error that tells what was missing
// last when the time is over.
func (k *Knative) poll(ctx context.Context, t experiment.Target, limit time.Duration, done func(service) (missing string, err error)) (service, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	missing := "the API server has not answered"
	for {
		_, s, err := k.get(ctx, t)
		if err == nil {
			missing, err = done(s)
			if err != nil || missing == "" {
				return s, err
			}
		} else if ctx.Err() == nil && !temporary(err) {
			return s, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return s, experiment.WithHint(fmt.Errorf("service %s is not ready after %s: %s", t, limit, missing),
				fmt.Sprintf("look at kubectl describe ksvc %s -n %s", t.Name, t.Namespace))
		}
	}
}

// temporary errors are worth another look.
func temporary(err error) bool {
	return apierrors.IsTooManyRequests(err) || apierrors.IsServerTimeout(err) || apierrors.IsInternalError(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsTimeout(err) || errors.Is(err, context.DeadlineExceeded)
}

// Initialize waits until the target is ready, finds the revision of each version, and reads the
// split. It adds the variables namespace and, where only a weightObjRef names it, revision.
func (k *Knative) Initialize(ctx context.Context, spec experiment.Spec, note func(experiment.Waiting)) (experiment.Initialized, error) {
	_, s, err := k.get(ctx, spec.Target)
	if err == nil && s.pending() != "" {
		note(experiment.Waiting{
			For:   fmt.Sprintf("service %s: %s", spec.Target, s.pending()),
			Until: time.Now().Add(readyTimeout).UTC(),
		})
		s, err = k.poll(ctx, spec.Target, readyTimeout, func(s service) (string, error) { return s.pending(), nil })
	}
	if err != nil {
		return experiment.Initialized{}, err
	}
	found := experiment.Initialized{Variables: map[string]map[string]string{}}
	versions := make([]experiment.Version, len(spec.Versions))
	for i, v := range spec.Versions {
		revision, err := s.resolve(v)
		if err != nil {
			return experiment.Initialized{}, err
		}
		versions[i] = experiment.Version{Name: v.Name, Variables: map[string]string{"revision": revision}}
		found.Variables[v.Name] = map[string]string{"revision": revision, "namespace": spec.Target.Namespace}
	}
	found.Traffic, err = s.traffic(versions)
	return found, err
}

// resolve finds the revision of a version among those that the router knows.
func (s service) resolve(v experiment.Version) (string, error) {
	revision := v.Revision()
	if revision == "" && v.WeightObjRef != nil {
		i, err := v.WeightObjRef.TrafficIndex()
		if err != nil {
			return "", err
		}
		if i >= len(s.Status.Traffic) {
			return "", experiment.WithHint(
				fmt.Errorf("version %s: %s is beyond the %d entries of the service's traffic", v.Name, v.WeightObjRef.FieldPath, len(s.Status.Traffic)),
				"correct its weightObjRef, or name its revision in a variable")
		}
		return s.Status.Traffic[i].RevisionName, nil
	}
	var there []string
	for _, t := range s.Status.Traffic {
		if t.RevisionName == revision {
			return revision, nil
		}
		there = append(there, t.RevisionName)
	}
	return "", experiment.WithHint(
		fmt.Errorf("version %s: revision %s is not in the service's traffic", v.Name, revision),
		fmt.Sprintf("the traffic has %s; add the revision with 0 %%, or correct the variable revision", strings.Join(there, ", ")))
}

// Observe reads the split as the router reports it now.
func (k *Knative) Observe(ctx context.Context, spec experiment.Spec) (experiment.Traffic, error) {
	_, s, err := k.get(ctx, spec.Target)
	if err != nil {
		return experiment.Traffic{}, err
	}
	return s.traffic(spec.Versions)
}

// Await waits until the router gives everything to one version.
func (k *Knative) Await(ctx context.Context, spec experiment.Spec, version string) (experiment.Traffic, error) {
	var seen experiment.Traffic
	_, err := k.poll(ctx, spec.Target, awaitTimeout, func(s service) (string, error) {
		var err error
		if seen, err = s.traffic(spec.Versions); err != nil {
			return err.Error(), nil //nolint:nilerr // a third revision may have traffic while Helm's change settles
		}
		for i, v := range spec.Versions {
			if v.Name == version && seen.Split.Of(i) != 100 {
				return fmt.Sprintf("traffic is %s, and %s is to get all of it", seen.Split, version), nil
			}
		}
		return s.pending(), nil
	})
	seen.Settled = err == nil
	return seen, err
}
