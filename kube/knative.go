package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"perch/experiment"
)

// How long Perch waits at most.
const (
	callTimeout     = 15 * time.Second  // for one answer of the API server
	initialDeadline = 180 * time.Second // until the target is ready, as Iter8 waited
	shiftDeadline   = 60 * time.Second  // until the router serves a new split
	awaitDeadline   = 120 * time.Second // until the router follows a promotion
	firstPause      = 100 * time.Millisecond
	lastPause       = 2 * time.Second
)

// listedServices is how many services a message names.
const listedServices = 8

// A Knative reads and moves the traffic of Knative services. It asks again and again instead of
// watching: that needs no permission but get, and no dropped watch can make it miss the end.
type Knative struct {
	client    dynamic.Interface
	context   access
	namespace string // of Helm releases that name none
	lease     *Lease
}

// NewKnative reads and moves traffic in a cluster.
func NewKnative(c *Cluster) *Knative {
	return &Knative{client: c.client, context: c.context, namespace: c.namespace}
}

// Initialize waits until the target is ready, finds the revision of every version that has only a
// weightObjRef, and reads the split. Each version's revision has to be among the traffic targets
// already, and no other revision may have traffic. It writes nothing.
func (k *Knative) Initialize(
	ctx context.Context, spec experiment.Spec, note func(experiment.Waiting),
) (experiment.Initialized, error) {
	found, err := k.initialize(ctx, spec, note)
	if err != nil {
		return experiment.Initialized{}, fmt.Errorf("initialize %s: %w", spec.Target, err)
	}
	return found, nil
}

func (k *Knative) initialize(
	ctx context.Context, spec experiment.Spec, note func(experiment.Waiting),
) (experiment.Initialized, error) {
	ctx, cancel := context.WithTimeout(ctx, initialDeadline)
	defer cancel()
	s, err := k.get(ctx, spec.Target)
	if err != nil {
		return experiment.Initialized{}, err
	}
	ready := func(s ksvc) (bool, error) { return s.is("Ready", "ConfigurationsReady", "RoutesReady"), nil }
	if ok, _ := ready(s); !ok {
		until, _ := ctx.Deadline()
		note(experiment.Waiting{For: spec.Target.Name + " to be ready", Until: until.UTC()})
		if s, err = k.until(ctx, spec.Target, ready); err != nil {
			return experiment.Initialized{}, late(err, s, "it is not ready yet")
		}
	}
	added, revisions, err := s.resolve(spec)
	if err != nil {
		return experiment.Initialized{}, err
	}
	traffic, err := s.traffic(revisions)
	return experiment.Initialized{Variables: added, Traffic: traffic}, err
}

// Observe reads the split as the router reports it now. When a revision that is no version has
// traffic, the split is unknown and the error is a *StrangerError.
func (k *Knative) Observe(ctx context.Context, spec experiment.Spec) (experiment.Traffic, error) {
	traffic, err := k.observe(ctx, spec)
	if err != nil {
		return traffic, fmt.Errorf("read the traffic of %s: %w", spec.Target, err)
	}
	return traffic, nil
}

func (k *Knative) observe(ctx context.Context, spec experiment.Spec) (experiment.Traffic, error) {
	revisions, err := revisionsOf(spec)
	if err != nil {
		return experiment.Traffic{}, err
	}
	s, err := k.get(ctx, spec.Target)
	if err != nil {
		return experiment.Traffic{}, err
	}
	return s.traffic(revisions)
}

// Await waits until the router gives everything to one version and the service is ready. It writes
// nothing.
func (k *Knative) Await(ctx context.Context, spec experiment.Spec, version string) (experiment.Traffic, error) {
	traffic, err := k.await(ctx, spec, version)
	if err != nil {
		return traffic, fmt.Errorf("wait for %s to serve everything of %s: %w", version, spec.Target, err)
	}
	return traffic, nil
}

func (k *Knative) await(ctx context.Context, spec experiment.Spec, version string) (experiment.Traffic, error) {
	revisions, err := revisionsOf(spec)
	if err != nil {
		return experiment.Traffic{}, err
	}
	winner := slices.IndexFunc(spec.Versions, func(v experiment.Version) bool { return v.Name == version })
	if winner < 0 {
		return experiment.Traffic{}, fmt.Errorf("the experiment has no version %q", version)
	}
	ctx, cancel := context.WithTimeout(ctx, awaitDeadline)
	defer cancel()
	s, err := k.until(ctx, spec.Target, func(s ksvc) (bool, error) {
		return s.is("Ready", "RoutesReady") && s.served()[revisions[winner]] == 100, nil
	})
	traffic, trafficErr := s.traffic(revisions)
	if err != nil {
		return traffic, late(err, s, "the router gives "+s.percentages())
	}
	return traffic, trafficErr
}

// get reads the service. A service that is not there is an error that names those that are.
func (k *Knative) get(ctx context.Context, t experiment.Target) (ksvc, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	u, err := k.services(t).Get(ctx, t.Name, metav1.GetOptions{})
	if err != nil {
		if apierrors.IsNotFound(err) && !apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse) {
			err = k.noService(ctx, t, err)
		}
		return ksvc{}, explain(err, k.context)
	}
	return parseKsvc(u)
}

func (k *Knative) noService(ctx context.Context, t experiment.Target, err error) error {
	hint := "check spec.target, and the context (now " + k.context.name + ")"
	list, listErr := k.services(t).List(ctx, metav1.ListOptions{Limit: listedServices})
	if listErr == nil && len(list.Items) > 0 {
		var names []string
		for _, u := range list.Items {
			names = append(names, u.GetName())
		}
		hint = "there are " + strings.Join(names, ", ") + ": " + hint
	}
	return experiment.WithHint(said{"there is no Knative service " + t.Name + " in namespace " + t.Namespace, err}, hint)
}

func (k *Knative) services(t experiment.Target) dynamic.ResourceInterface {
	gvr := schema.GroupVersionResource{Group: "serving.knative.dev", Version: "v1", Resource: "services"}
	return k.client.Resource(gvr).Namespace(t.Namespace)
}

// errLate says that a wait came to its deadline.
var errLate = errors.New("the time is up")

// until asks again and again, and gives the service as it was last seen. Errors that may pass are
// waited out.
func (k *Knative) until(ctx context.Context, t experiment.Target, done func(ksvc) (bool, error)) (ksvc, error) {
	var last ksvc
	var trouble error
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		s, err := k.get(ctx, t)
		switch {
		case err == nil:
			last, trouble = s, nil
			if ok, err := done(s); ok || err != nil {
				return s, err
			}
		case ctx.Err() == nil && !passing(err):
			return last, err
		case ctx.Err() == nil || last.Meta.Name == "":
			trouble = err
		}
		if err := sleep(ctx, jittered(pause)); errors.Is(err, errLate) && trouble != nil {
			return last, trouble
		} else if err != nil {
			return last, err
		}
	}
}

// sleep pauses; it returns errLate when the deadline comes first.
func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return errLate
		}
		return ctx.Err()
	}
}

// late says what the state of things was when a wait came to its deadline. Other errors stay as
// they are.
func late(err error, s ksvc, state string) error {
	if !errors.Is(err, errLate) {
		return err
	}
	return experiment.WithHint(fmt.Errorf("%w: %s (%s)", errLate, state, s.why()),
		"kubectl describe ksvc "+s.Meta.Name+" -n "+s.Meta.Namespace)
}
