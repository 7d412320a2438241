package kube

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"helm.sh/helm/v3/pkg/release"

	"perch/experiment"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// steal gives the lease to another driver.
func (f *fakeObjects) steal() {
	bob := "r2"
	f.edit(func(o *coordinationv1.Lease) {
		o.Spec.HolderIdentity, o.Annotations[holderKey], o.Annotations[tokenKey] = &bob, "bob@ci", "x"
	})
}

func TestShiftNeedsTheLease(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		other bool // the lease is of another target
		free  bool // it was never taken
		when  func(f *fakeObjects, k *fakeKnative)
		why   string // "": the write passes
	}{
		{name: "held"},
		{name: "never taken", free: true, why: "it was not taken"},
		{name: "of another target", other: true, why: "it was not taken"},
		{name: "stolen before", when: func(f *fakeObjects, _ *fakeKnative) { f.steal() }, why: "bob@ci has it"},
		{name: "stolen between reading and writing", when: func(f *fakeObjects, k *fakeKnative) {
			k.reads = func(n int) error {
				if n == 1 {
					f.steal()
				}
				return nil
			}
		}, why: "bob@ci has it"},
		{name: "not renewed in time", when: func(f *fakeObjects, _ *fakeKnative) {
			f.fail(apierrors.NewServiceUnavailable("down"))
			time.Sleep(leaseDuration)
		}, why: "it was not renewed for 15s"},
		{name: "nobody can be asked for a moment", when: func(f *fakeObjects, k *fakeKnative) {
			f.fail(apierrors.NewServiceUnavailable("down"))
			k.reads = func(n int) error {
				if n == 2 {
					f.fail(nil)
				}
				return nil
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				objects, service, target := newFakeObjects(), tutorialApp(), app()
				l, k := objects.driver(t.TempDir(), "r1"), service.knative()
				if tt.other {
					target.Name = "other"
				}
				if !tt.free {
					if err := l.Acquire(t.Context(), target, Politely); err != nil {
						t.Fatal(err)
					}
				}
				if tt.when != nil {
					tt.when(objects, service)
				}
				k.Guard(l)
				_, err := k.Shift(t.Context(), canary(), split(t, 100, 0), split(t, 80, 20))
				lost, ok := errors.AsType[*LostError](err)
				if ok != (tt.why != "") || ok && (!strings.Contains(lost.Why, tt.why) || experiment.HintOf(err) == "") {
					t.Errorf("error %q, want %q in it", text(err), tt.why)
				}
				if written := service.counts.patch > 0; written == ok {
					t.Errorf("written %t with error %v", written, err)
				}
				objects.fail(nil)
				giveBack(t, l)
			})
		})
	}
}

// TestLateWriteMeetsTheNextDriver lets a driver that has the lease still write, after its last look at the
// lease, while the next one has written already.
func TestLateWriteMeetsTheNextDriver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		objects, service := newFakeObjects(), tutorialApp()
		l, k := objects.driver(t.TempDir(), "r1"), service.knative()
		if err := l.Acquire(t.Context(), app(), Politely); err != nil {
			t.Fatal(err)
		}
		service.edits = func(n int) []any {
			if n > 1 {
				return nil
			}
			objects.steal()
			return []any{entry("current", "v1", 100), entry("candidate", "v2", 0)}
		}
		k.Guard(l)
		_, err := k.Shift(t.Context(), canary(), split(t, 100, 0), split(t, 80, 20))
		if _, lost := errors.AsType[*LostError](err); !lost {
			t.Errorf("error %q, want a LostError", text(err))
		}
		if got, _ := parseKsvc(service.service); got.asked()["v2"] != 0 {
			t.Errorf("the late write went through: %v", got.asked())
		}
		giveBack(t, l)
	})
}

func TestPromoteNeedsTheLease(t *testing.T) {
	t.Parallel()
	objects, w := newFakeObjects(), newHelmWorld(t)
	w.has(t, 1, release.StatusDeployed, object{"name": "v1"})
	l := objects.driver(t.TempDir(), "r1")
	w.Guard(l)
	spec := finish([]string{charts, "sample-app", "sample-app", "--set=name=v2"})
	if _, err := w.Promote(t.Context(), spec, "candidate"); !strings.Contains(text(err), "it was not taken | nothing was written") {
		t.Errorf("error %q, want that the lease was not taken", text(err))
	}
	if err := l.Acquire(t.Context(), app(), Politely); err != nil {
		t.Fatal(err)
	}
	objects.steal()
	if _, err := w.Promote(t.Context(), spec, "candidate"); !strings.Contains(text(err), "bob@ci has it") {
		t.Errorf("error %q, want that the lease was stolen", text(err))
	}
	if last, err := w.kept.Releases.Last("sample-app"); err != nil || last.Version != 1 {
		t.Errorf("revision %d, error %v: something was written", last.Version, err)
	}
	if err := l.Acquire(t.Context(), app(), ByForce); err != nil {
		t.Fatal(err)
	}
	if done, err := w.Promote(t.Context(), spec, "candidate"); err != nil || done != "release sample-app, revision 2" {
		t.Errorf("%q, error %v", done, err)
	}
	giveBack(t, l)
}
