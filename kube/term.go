package kube

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"perch/experiment"
)

// The names under which Perch keeps things beside a service.
const (
	managedByKey = "app.kubernetes.io/managed-by"
	managedBy    = "perch"
	holderKey    = "perch/holder" // user@host
	sinceKey     = "perch/since"
	tokenKey     = "perch/token" // of one process
)

// leaseName is also that of the checkpoint.
func leaseName(t experiment.Target) string { return "perch-" + t.Name }

// A term is the time from getting a lease to losing it or giving it back. What is lost stays lost.
type term struct {
	leases  coordination.LeaseInterface
	target  experiment.Target
	context access
	token   string
	run     string
	cancel  context.CancelFunc
	done    sync.WaitGroup
	object  *coordinationv1.Lease // as it was written last; keep's own
	lost    chan struct{}         // closed once, under mu; nobody sends

	mu      sync.Mutex
	renewed time.Time // when the last successful renewal was sent
	cause   *LostError
}

// held tells whether the last renewal is younger than the lease's duration. The clock of the
// monotonic reading stands still while a computer sleeps, and the one on the wall can be set: the
// one that has gone further counts.
func (t *term) held() bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cause == nil && age(t.renewed, time.Now()) < leaseDuration
}

func age(from, to time.Time) time.Duration {
	return max(to.Sub(from), to.Round(0).Sub(from.Round(0)))
}

// keep renews the lease until ctx ends or the lease is lost.
func (t *term) keep(ctx context.Context) {
	var trouble error
	pause := jittered(renewEvery)
	for sleep(ctx, pause) == nil {
		if !t.held() {
			t.expire(trouble)
			return
		}
		if trouble = t.renew(ctx); t.over() {
			return
		}
		if pause = jittered(renewEvery); trouble != nil {
			pause = min(jittered(time.Second), t.left())
		}
	}
}

// expire ends a term that could not be renewed in time.
func (t *term) expire(trouble error) {
	why := "it was not renewed for " + leaseDuration.String()
	if trouble != nil {
		trouble = explain(trouble, t.context)
		why += ": " + trouble.Error()
	}
	t.lose(&LostError{Target: t.target, Why: why, Cause: trouble})
}

// jittered is up to a tenth shorter or longer, so that drivers do not renew in step.
func jittered(d time.Duration) time.Duration {
	return d - d/10 + time.Duration(rand.Int64N(int64(d/5)))
}

func (t *term) over() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cause != nil
}

// lose ends the term.
func (t *term) lose(cause *LostError) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cause == nil {
		t.cause = cause
		close(t.lost)
	}
}

// renew writes the lease anew. When somebody else wrote to it, but did not take it, it is read
// before the next try.
func (t *term) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.left())
	defer cancel()
	sent := time.Now()
	next := t.object.DeepCopy()
	now := metav1.NewMicroTime(sent)
	next.Spec.RenewTime = &now
	written, err := putLease(ctx, t.leases, next)
	if apierrors.IsConflict(err) {
		if next, err = t.check(ctx); err == nil {
			next.Spec.RenewTime = &now
			written, err = putLease(ctx, t.leases, next)
		}
	}
	switch {
	case apierrors.IsNotFound(err):
		t.lose(&LostError{Target: t.target, Why: "somebody deleted it"})
	case err == nil:
		t.object = written
		t.mu.Lock()
		t.renewed = sent
		t.mu.Unlock()
	}
	return err
}

// left is how long one attempt may take: a third of the lease, and not beyond its end.
func (t *term) left() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return min(renewEvery, leaseDuration-age(t.renewed, time.Now()))
}

// check asks the server who has the lease. When it is somebody else, the term is over and the error
// is a *LostError.
func (t *term) check(ctx context.Context) (*coordinationv1.Lease, error) {
	found, err := getLease(ctx, t.leases, leaseName(t.target))
	switch {
	case apierrors.IsNotFound(err):
		t.lose(&LostError{Target: t.target, Why: "somebody deleted it"})
	case err != nil:
		return nil, err
	case found.Annotations[tokenKey] != t.token || driverOf(found).Run != t.run:
		t.lose(stolen(t.target, driverOf(found)))
	}
	if err := t.gone(); err != nil {
		return nil, err
	}
	return found, nil
}

// gone is the error of a term that is over or was not renewed in time.
func (t *term) gone() error {
	if t.held() {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	cause := t.cause
	if cause == nil {
		cause = &LostError{Target: t.target, Why: "it was not renewed for " + leaseDuration.String()}
	}
	return experiment.WithHint(cause, "nothing was written; perch watch shows who drives it now")
}

// release writes that nobody has the lease, provided that it is still this term's.
func (t *term) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	for {
		found, err := t.check(ctx)
		if _, lost := errors.AsType[*LostError](err); lost {
			return nil
		}
		if err != nil {
			return err
		}
		found.Spec.HolderIdentity, found.Spec.RenewTime = nil, nil
		for _, key := range []string{holderKey, sinceKey, tokenKey} {
			delete(found.Annotations, key)
		}
		if _, err = putLease(ctx, t.leases, found); !apierrors.IsConflict(err) {
			return err
		}
	}
}

// getLease reads a lease, within the time for one renewal.
func getLease(ctx context.Context, leases coordination.LeaseInterface, name string) (*coordinationv1.Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, renewEvery)
	defer cancel()
	return leases.Get(ctx, name, metav1.GetOptions{})
}

// putLease writes a lease on condition that it is as it was read, or makes one that was never read.
func putLease(
	ctx context.Context, leases coordination.LeaseInterface, o *coordinationv1.Lease,
) (*coordinationv1.Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, renewEvery)
	defer cancel()
	if o.ResourceVersion == "" {
		return leases.Create(ctx, o, metav1.CreateOptions{FieldManager: FieldManager})
	}
	return leases.Update(ctx, o, metav1.UpdateOptions{FieldManager: FieldManager})
}
