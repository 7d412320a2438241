package kube

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"perch/experiment"
)

func app() experiment.Target { return experiment.Target{Namespace: "default", Name: "sample-app"} }

// driver is a new process of a run, with lifelines in a folder.
func (f *fakeObjects) driver(folder, run string) *Lease {
	l := NewLease(f.cluster(), experiment.Driver{Run: run, Holder: run + "@laptop"})
	l.folder = folder
	return l
}

// foreign puts a lease there whose renewal was some time ago.
func (f *fakeObjects) foreign(t *testing.T, run string, ago time.Duration) {
	t.Helper()
	seconds, when := int32(15), metav1.NewMicroTime(time.Now().Add(-ago))
	o := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "perch-sample-app",
			Annotations: map[string]string{holderKey: "bob@ci", sinceKey: "2000-01-01T00:00:00Z", tokenKey: "../../etc/passwd"}},
		Spec: coordinationv1.LeaseSpec{LeaseDurationSeconds: &seconds, RenewTime: &when, AcquireTime: &when},
	}
	if run != "" {
		o.Spec.HolderIdentity = &run
	}
	if _, err := f.CoordinationV1().Leases("default").Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (f *fakeObjects) lease(t *testing.T) *coordinationv1.Lease {
	t.Helper()
	o, err := f.CoordinationV1().Leases("default").Get(t.Context(), "perch-sample-app", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// giveBack ends a lease, so that nothing of it outlives the bubble.
func giveBack(t *testing.T, l *Lease) {
	t.Helper()
	if err := l.Release(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestAcquire(t *testing.T) {
	t.Parallel()
	const held = "default/sample-app is driven by bob@ci since 2000-01-01 00:00:00 UTC"
	tests := []struct {
		name    string
		there   string // run that has the lease; "-": no lease, "": nobody has it
		renewed time.Duration
		take    Take
		err     string
		waits   time.Duration
	}{
		{name: "no lease yet", there: "-"},
		{name: "given back", there: ""},
		{name: "somebody else's", there: "r2", err: held + " | perch watch looks on; --take-over takes it when its driver is dead"},
		{name: "somebody else's, not expired", there: "r2", take: Expired, err: held + " | perch watch"},
		{name: "somebody else's, by force", there: "r2", take: ByForce},
		{name: "expired, politely", there: "r2", renewed: time.Minute,
			err: held + "; its lease expired at 23:59:15 UTC | perch watch looks on; --take-over takes it"},
		{name: "expired", there: "r2", renewed: time.Minute, take: Expired, waits: 6 * time.Second},
		{name: "expired, by force", there: "r2", renewed: time.Minute, take: ByForce},
		{name: "this run's, of a process elsewhere", there: "r1", err: held},
		{name: "this run's, expired", there: "r1", renewed: time.Minute, waits: 6 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFakeObjects()
				if tt.there != "-" {
					f.foreign(t, tt.there, tt.renewed)
				}
				l, begin := f.driver(t.TempDir(), "r1"), time.Now()
				err := l.Acquire(t.Context(), app(), tt.take)
				if tt.err != "" {
					e, ok := errors.AsType[*experiment.LockedError](err)
					if !ok || e.Driver.Run != tt.there || !strings.Contains(text(err), tt.err) {
						t.Errorf("error %q, want a LockedError with %q", text(err), tt.err)
					}
				} else if err != nil || !l.Held() || *f.lease(t).Spec.HolderIdentity != "r1" {
					t.Errorf("error %v, held %t, want the lease", err, l.Held())
				}
				if waited := time.Since(begin); waited != tt.waits {
					t.Errorf("it took %s, want %s", waited, tt.waits)
				}
				giveBack(t, l)
			})
		})
	}
}

func TestLeaseRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, dir := newFakeObjects(), t.TempDir()
		first, second := f.driver(dir, "r1"), f.driver(dir, "r2")
		if err := first.Acquire(t.Context(), app(), Politely); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		o := f.lease(t)
		if !first.Held() || time.Since(o.Spec.RenewTime.Time) > 6*time.Second {
			t.Errorf("held %t, renewed at %s, want that a living driver renews", first.Held(), o.Spec.RenewTime)
		}
		want := experiment.Driver{Run: "r1", Holder: "r1@laptop", Since: o.Spec.AcquireTime.UTC().Truncate(time.Second),
			Expires: o.Spec.RenewTime.Add(leaseDuration).UTC()}
		if d := cmp.Diff(want, driverOf(o)); d != "" {
			t.Errorf("driver (-want +got)\n%s", d)
		}
		if o.Labels[managedByKey] != "perch" || *o.Spec.LeaseTransitions != 0 {
			t.Errorf("labels %v, transitions %d", o.Labels, *o.Spec.LeaseTransitions)
		}
		giveBack(t, first)
		if o := f.lease(t); o.Spec.HolderIdentity != nil || first.Held() {
			t.Errorf("holder %v, held %t after the release, want nobody", o.Spec.HolderIdentity, first.Held())
		}
		if err := second.Acquire(t.Context(), app(), Politely); err != nil || *f.lease(t).Spec.LeaseTransitions != 1 {
			t.Errorf("error %v, lease %v, want a second term", err, f.lease(t).Spec)
		}
		giveBack(t, second)
	})
}

func TestLeaseOutage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		outage time.Duration
		err    error
		held   bool
	}{
		{"a short one", 9 * time.Second, apierrors.NewInternalError(errors.New("etcd has no leader")), true},
		{"a long one", 16 * time.Second, apierrors.NewInternalError(errors.New("etcd has no leader")), false},
		{"no permission any more", 16 * time.Second,
			apierrors.NewForbidden(coordinationv1.Resource("leases"), "perch-sample-app", errors.New("no")), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFakeObjects()
				l := f.driver(t.TempDir(), "r1")
				if err := l.Acquire(t.Context(), app(), Politely); err != nil {
					t.Fatal(err)
				}
				f.fail(tt.err)
				time.Sleep(tt.outage)
				f.fail(nil)
				if l.Held() != tt.held {
					t.Errorf("held %t after %s, want %t", l.Held(), tt.outage, tt.held)
				}
				time.Sleep(20 * time.Second)
				if l.Held() != tt.held || closed(l.Lost()) == tt.held {
					t.Errorf("held %t, lost %t, want held %t for good", l.Held(), closed(l.Lost()), tt.held)
				}
				if err := l.Acquire(t.Context(), app(), Politely); err != nil || !l.Held() || closed(l.Lost()) {
					t.Errorf("error %v, want that the same process gets its own lease again", err)
				}
				giveBack(t, l)
			})
		})
	}
}

func TestHeldEndsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeObjects()
		l := f.driver(t.TempDir(), "r1")
		if err := l.Acquire(t.Context(), app(), Politely); err != nil {
			t.Fatal(err)
		}
		f.fail(apierrors.NewServiceUnavailable("down"))
		time.Sleep(leaseDuration - time.Millisecond)
		if !l.Held() || closed(l.Lost()) {
			t.Errorf("held %t, lost %t just before the end", l.Held(), closed(l.Lost()))
		}
		time.Sleep(time.Millisecond)
		if l.Held() {
			t.Error("held at the end")
		}
		<-l.Lost()
		if d := time.Since(f.renewedAt(t)); d != leaseDuration {
			t.Errorf("lost is known after %s, want %s", d, leaseDuration)
		}
		giveBack(t, l)
	})
}

func (f *fakeObjects) renewedAt(t *testing.T) time.Time {
	t.Helper()
	f.fail(nil)
	return f.lease(t).Spec.RenewTime.Time
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestLeaseMeddling(t *testing.T) {
	t.Parallel()
	mine := "r2"
	tests := []struct {
		name   string
		meddle func(f *fakeObjects)
		lost   bool
		why    string
	}{
		{"taken by force", func(f *fakeObjects) {
			f.edit(func(lease *coordinationv1.Lease) {
				lease.Spec.HolderIdentity, lease.Annotations[holderKey], lease.Annotations[tokenKey] = &mine, "bob@ci", "x"
			})
		}, true, "bob@ci has it"},
		{"cleared by hand", func(f *fakeObjects) {
			f.edit(func(o *coordinationv1.Lease) { o.Spec.HolderIdentity = nil })
		}, true, "somebody gave it back"},
		{"deleted", func(f *fakeObjects) { f.remove() }, true, "somebody deleted it"},
		{"labelled", func(f *fakeObjects) {
			f.edit(func(o *coordinationv1.Lease) { o.Labels["team"] = "shop" })
		}, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFakeObjects()
				l := f.driver(t.TempDir(), "r1")
				if err := l.Acquire(t.Context(), app(), Politely); err != nil {
					t.Fatal(err)
				}
				tt.meddle(f)
				time.Sleep(6 * time.Second)
				if l.Held() == tt.lost || closed(l.Lost()) != tt.lost {
					t.Errorf("held %t, lost %t, want lost %t", l.Held(), closed(l.Lost()), tt.lost)
				}
				if err := l.term.gone(); tt.lost && !strings.Contains(text(err), tt.why) {
					t.Errorf("error %q, want %q in it", text(err), tt.why)
				}
				f.wrote()
				giveBack(t, l)
				if got := f.wrote(); tt.lost && len(got) > 0 {
					t.Errorf("%v after the loss, want that a lost lease is left alone", got)
				}
			})
		})
	}
}

// TestLostAnswer loses the answer to the write that takes the lease.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeObjects()
		lost := 1
		f.deaf = func(verb, _ string) error {
			if verb == "create" && lost > 0 {
				lost--
				return context.DeadlineExceeded
			}
			return nil
		}
		l := f.driver(t.TempDir(), "r1")
		if err := l.Acquire(t.Context(), app(), Politely); err != nil || !l.Held() {
			t.Errorf("error %v, held %t, want the lease", err, l.Held())
		}
		giveBack(t, l)
	})
}
