package kube

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"perch/experiment"
)

// The times of a lease. A driver that fails to renew its lease for leaseDuration has lost it.
const (
	leaseDuration = 15 * time.Second
	renewEvery    = leaseDuration / 3
)

// A Take says from whom a lease may be taken.
type Take int

// The ways to take a lease. A lease that is free, and one that is one's own, is taken by all of them.
const (
	Politely Take = iota // from nobody
	Expired              // from a driver that did not renew it in time
	ByForce              // from anybody
)

// A Lease makes one run the only driver of a target: a Lease object beside the service, named for
// it, that is renewed for as long as the run lives.
//
// Who has it may write; a Knative, a Helm and Checkpoints that it guards ask it first. What has
// been taken over is never written to: between the reading that a write is based on and the write
// itself the server is asked who has the lease, so that a write which still comes late is refused
// for its resourceVersion.
//
// A Lease may be used by several goroutines, but acquired and released by one.
type Lease struct {
	client  kubernetes.Interface
	context access
	driver  experiment.Driver
	token   string // says that a lease object is this Lease's, and of no other process of the run

	mu     sync.Mutex
	term   *term // since the last Acquire; nil: none
	proof  *lifeline
	folder string // for lifelines; "": the user's cache
}

// NewLease is the lease of a driver, not acquired yet. The driver's Run names its holder: a run that
// is resumed keeps its name, and gets its own lease back.
func NewLease(c *Cluster, d experiment.Driver) *Lease {
	return &Lease{client: c.typed, context: c.context, driver: d, token: rand.Text()}
}

// Acquire takes the lease of a target and begins to renew it, also beyond the end of ctx, until
// Release. When another driver has it, the error is an *experiment.LockedError.
//
// A lease is free at once when the process that had it was on this machine and is dead, for which the
// operating system vouches (see lifeline). Else a run waits for its own lease, like everybody, until
// it expires. A lease counts as expired when its time is over by the clock here, and its holder
// does not renew it while one looks on for some seconds: clocks differ, living drivers renew.
func (l *Lease) Acquire(ctx context.Context, target experiment.Target, take Take) error {
	l.end()
	err := l.acquire(ctx, target, take)
	if _, locked := errors.AsType[*experiment.LockedError](err); err == nil || locked {
		return err
	}
	return fmt.Errorf("take the lease of %s: %w", target, explain(err, l.context))
}

func (l *Lease) acquire(ctx context.Context, target experiment.Target, take Take) error {
	if l.proof == nil {
		l.proof = live(l.folder, l.token)
	}
	var idle *coordinationv1.Lease // expired when it was seen last
	var err error
	for range writeAttempts {
		idle, err = l.try(ctx, target, take, idle)
		pause := jittered(firstPause)
		switch {
		case errors.Is(err, errIdle):
			pause = renewEvery + time.Second
		case !again(err):
			return err
		}
		if sleep(ctx, pause) != nil {
			return err
		}
	}
	return err
}

// try looks at the lease, and claims it if it may. With errIdle it has to be looked at again, and
// idle is how it was.
func (l *Lease) try(
	ctx context.Context, target experiment.Target, take Take, before *coordinationv1.Lease,
) (idle *coordinationv1.Lease, err error) {
	leases := l.client.CoordinationV1().Leases(target.Namespace)
	found, err := getLease(ctx, leases, leaseName(target))
	if apierrors.IsNotFound(err) {
		return nil, l.claim(ctx, leases, nil, target)
	}
	if err != nil {
		return before, err
	}
	if err := l.judge(found, target, take, before); err != nil {
		return found, err
	}
	return nil, l.claim(ctx, leases, found, target)
}

// again tells whether to look again after a write or a read: somebody was faster, or the answer may
// have been lost.
func again(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || apierrors.IsNotFound(err) || passing(err)
}

// errIdle says that a lease seems to have expired, and has to be watched before it is taken.
var errIdle = errors.New("its lease seems to have expired, but nobody has looked on long enough")

// judge tells whether a lease may be claimed.
func (l *Lease) judge(found *coordinationv1.Lease, target experiment.Target, take Take, before *coordinationv1.Lease) error {
	d := driverOf(found)
	expired := !time.Now().Before(d.Expires)
	switch ours := d.Run == l.driver.Run; {
	case d.Run == "", found.Annotations[tokenKey] == l.token, take == ByForce:
		return nil
	case dead(l.folder, found.Annotations[tokenKey]):
		return nil
	case expired && (ours || take == Expired):
		if before == nil {
			return errIdle
		}
		if before.ResourceVersion == found.ResourceVersion {
			return nil
		}
		expired = false
	}
	return locked(target, d, expired)
}

func locked(t experiment.Target, d experiment.Driver, expired bool) error {
	hint := "perch watch looks on; --take-over takes it when its driver is dead, --force in any case"
	if expired {
		hint = "perch watch looks on; --take-over takes it"
	}
	return experiment.WithHint(&experiment.LockedError{Target: t, Driver: d, Expired: expired}, hint)
}

// claim writes the lease as this Lease's own, on condition that it is still as it was found.
func (l *Lease) claim(
	ctx context.Context, leases coordination.LeaseInterface, found *coordinationv1.Lease, target experiment.Target,
) error {
	t := &term{leases: leases, target: target, context: l.context, token: l.token, run: l.driver.Run,
		renewed: time.Now(), lost: make(chan struct{})}
	written, err := putLease(ctx, leases, l.record(found, target))
	if err != nil {
		return err
	}
	t.object = written
	l.begin(ctx, t)
	return nil
}

// record is the lease as it shall be.
func (l *Lease) record(found *coordinationv1.Lease, target experiment.Target) *coordinationv1.Lease {
	var next coordinationv1.Lease
	if found == nil {
		next.Name, next.Namespace = leaseName(target), target.Namespace
	} else {
		next = *found.DeepCopy()
	}
	now := metav1.NewMicroTime(time.Now())
	seconds := int32(leaseDuration / time.Second)
	moves := int32(0)
	if next.Spec.LeaseTransitions != nil {
		moves = *next.Spec.LeaseTransitions + 1
	}
	if next.Labels == nil {
		next.Labels = map[string]string{}
	}
	if next.Annotations == nil {
		next.Annotations = map[string]string{}
	}
	next.Labels[managedByKey] = managedBy
	next.Annotations[holderKey] = l.driver.Holder
	next.Annotations[sinceKey] = l.since().Format(time.RFC3339)
	next.Annotations[tokenKey] = l.token
	next.Spec.HolderIdentity, next.Spec.LeaseDurationSeconds = &l.driver.Run, &seconds
	next.Spec.AcquireTime, next.Spec.RenewTime, next.Spec.LeaseTransitions = &now, &now, &moves
	return &next
}

func (l *Lease) since() time.Time {
	if l.driver.Since.IsZero() {
		return time.Now().UTC()
	}
	return l.driver.Since.UTC()
}

// begin lets a term begin, and end with Release.
func (l *Lease) begin(ctx context.Context, t *term) {
	// The lease outlives the request for it: a promotion that nobody may interrupt still needs it.
	ctx, t.cancel = context.WithCancel(context.WithoutCancel(ctx))
	l.mu.Lock()
	l.term = t
	l.mu.Unlock()
	t.done.Go(func() { t.keep(ctx) })
}

// end stops renewing, and waits until that is so.
func (l *Lease) end() *term {
	l.mu.Lock()
	t := l.term
	l.term = nil
	l.mu.Unlock()
	if t != nil {
		t.cancel()
		t.done.Wait()
	}
	return t
}

// Held tells whether the lease is this run's: it was renewed less than its duration ago by the clock
// of this machine, and nobody is known to have taken it.
func (l *Lease) Held() bool { return l.current().held() }

// Lost is closed when the lease is lost for good: somebody took or deleted it, or it could not be
// renewed in time. It is nil before Acquire; every Acquire makes a new one.
func (l *Lease) Lost() <-chan struct{} {
	if t := l.current(); t != nil {
		return t.lost
	}
	return nil
}

func (l *Lease) current() *term {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.term
}

// Release gives the lease back, so that the next driver need not wait. A lease that is lost already
// is left alone.
func (l *Lease) Release(ctx context.Context) error {
	t := l.end()
	defer func() {
		l.proof.end()
		l.proof = nil
	}()
	if t == nil || !t.held() {
		return nil
	}
	if err := t.release(ctx); err != nil {
		return fmt.Errorf("give back the lease of %s: %w", t.target, explain(err, l.context))
	}
	return nil
}

// driverOf is who has a lease, with an empty Run for nobody.
func driverOf(o *coordinationv1.Lease) experiment.Driver {
	d := experiment.Driver{Holder: oneLine(o.Annotations[holderKey])}
	if o.Spec.HolderIdentity != nil {
		d.Run = *o.Spec.HolderIdentity
	}
	d.Holder = cmp.Or(d.Holder, d.Run)
	if since, err := time.Parse(time.RFC3339, o.Annotations[sinceKey]); err == nil {
		d.Since = since.UTC()
	} else if o.Spec.AcquireTime != nil {
		d.Since = o.Spec.AcquireTime.UTC()
	}
	if o.Spec.RenewTime != nil {
		d.Expires = o.Spec.RenewTime.Add(durationOf(o)).UTC()
	}
	return d
}

func durationOf(o *coordinationv1.Lease) time.Duration {
	if o.Spec.LeaseDurationSeconds == nil {
		return leaseDuration
	}
	return time.Duration(*o.Spec.LeaseDurationSeconds) * time.Second
}
