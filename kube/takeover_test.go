package kube

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"perch/experiment"
)

func TestLeaseRace(t *testing.T) {
	t.Parallel()
	for _, take := range []Take{Politely, Expired} {
		synctest.Test(t, func(t *testing.T) {
			f, dir := newFakeObjects(), t.TempDir()
			if take == Expired {
				f.foreign(t, "r0", time.Minute)
			}
			var won atomic.Int32
			var all sync.WaitGroup
			for _, run := range []string{"r1", "r2", "r3", "r4"} {
				l := f.driver(dir, run)
				t.Cleanup(func() { giveBack(t, l) })
				all.Go(func() {
					if l.Acquire(t.Context(), app(), take) == nil {
						won.Add(1)
					}
				})
			}
			all.Wait()
			if won.Load() != 1 {
				t.Errorf("%d of 4 took the lease, want 1", won.Load())
			}
		})
	}
}

// TestKilledProcess ends a process of a run without its releasing anything. One that was killed
// before its first checkpoint is followed by another run.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	for _, next := range []string{"r1", "r2"} {
		t.Run(next, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { killedProcess(t, next) })
		})
	}
}

func killedProcess(t *testing.T, next string) {
	t.Helper()
	f, dir := newFakeObjects(), t.TempDir()
	killed, second, third := f.driver(dir, "r1"), f.driver(dir, next), f.driver(dir, next)
	if err := killed.Acquire(t.Context(), app(), Politely); err != nil {
		t.Fatal(err)
	}
	if err := second.Acquire(t.Context(), app(), Expired); err == nil {
		t.Fatal("a second process got the lease while the first one lives")
	}
	killed.end()
	if err := killed.proof.file.Close(); err != nil { // as the system does
		t.Fatal(err)
	}
	begin := time.Now()
	if err := second.Acquire(t.Context(), app(), Politely); err != nil || time.Since(begin) > 0 {
		t.Errorf("error %v after %s, want the lease at once", err, time.Since(begin))
	}
	if err := third.Acquire(t.Context(), app(), Politely); err == nil {
		t.Error("a third process got the lease too")
	}
	giveBack(t, second)
	giveBack(t, third)
}

// TestLifelines sees that there is one while a lease is had, and none afterwards.
func TestLifelines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, dir := newFakeObjects(), t.TempDir()
		l := f.driver(dir, "r1")
		for range 2 {
			if err := l.Acquire(t.Context(), app(), Politely); err != nil {
				t.Fatal(err)
			}
			if files, err := os.ReadDir(dir); err != nil || len(files) != 1 || dead(dir, l.token) {
				t.Errorf("%d lifelines, error %v, dead %t, want that of a living process", len(files), err, dead(dir, l.token))
			}
			giveBack(t, l)
			if files, err := os.ReadDir(dir); err != nil || len(files) != 0 || dead(dir, l.token) {
				t.Errorf("%d lifelines, error %v, dead %t after the release, want none", len(files), err, dead(dir, l.token))
			}
		}
	})
}

// TestHungProcess has a process of the run that lives, but does not renew.
func TestHungProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, dir := newFakeObjects(), t.TempDir()
		hung, next := f.driver(dir, "r1"), f.driver(dir, "r1")
		if err := hung.Acquire(t.Context(), app(), Politely); err != nil {
			t.Fatal(err)
		}
		hung.end()
		if err := next.Acquire(t.Context(), app(), Politely); err == nil {
			t.Error("the lease of a living process was taken before it expired")
		}
		time.Sleep(leaseDuration)
		if err := next.Acquire(t.Context(), app(), Politely); err != nil {
			t.Error(err)
		}
		hung.proof.end()
		giveBack(t, next)
	})
}

// TestClockBehind has a living driver whose clock is a minute late, so that its lease looks expired.
func TestClockBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeObjects()
		f.foreign(t, "r2", time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		var other sync.WaitGroup
		other.Go(func() {
			for sleep(ctx, renewEvery) == nil {
				f.edit(func(o *coordinationv1.Lease) {
					when := metav1.NewMicroTime(time.Now().Add(-time.Minute))
					o.Spec.RenewTime = &when
				})
			}
		})
		l := f.driver(t.TempDir(), "r1")
		err := l.Acquire(t.Context(), app(), Expired)
		if e, ok := errors.AsType[*experiment.LockedError](err); !ok || e.Expired {
			t.Errorf("error %v, want that a living driver is not taken for dead", err)
		}
		cancel()
		other.Wait()
		giveBack(t, l)
	})
}

func TestTokenIsNoPath(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"", "../../etc/passwd", "A/B", strings.Repeat("A", 27)} {
		if path, ok := lifelinePath("/tmp", token); ok {
			t.Errorf("token %q became the file %s", token, path)
		}
	}
}
