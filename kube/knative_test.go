package kube

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"perch/experiment"
)

func TestInitializeFindsRevisions(t *testing.T) {
	t.Parallel()
	byRef := func(v *experiment.Version, path string) {
		delete(v.Variables, "revision")
		v.WeightObjRef = &experiment.WeightObjRef{Name: "sample-app", FieldPath: path}
	}
	tests := []struct {
		name string
		app  *fakeKnative
		spec func(*experiment.Spec)
		want map[string]map[string]string
		err  string
	}{
		{name: "by variable", app: tutorialApp(),
			want: map[string]map[string]string{"current": {"namespace": "default"}, "candidate": {"namespace": "default"}}},
		{name: "a namespace that the file sets stays", app: tutorialApp(),
			spec: func(s *experiment.Spec) { s.Versions[0].Variables["namespace"] = "mine" },
			want: map[string]map[string]string{"current": {}, "candidate": {"namespace": "default"}}},
		{name: "by field", app: tutorialApp(),
			spec: func(s *experiment.Spec) {
				byRef(&s.Versions[0], ".spec.traffic[0].percent")
				byRef(&s.Versions[1], ".spec.traffic[1].percent")
			},
			want: map[string]map[string]string{"current": {"namespace": "default", "revision": "v1"},
				"candidate": {"namespace": "default", "revision": "v2"}}},
		{name: "no such field", app: tutorialApp(),
			spec: func(s *experiment.Spec) { byRef(&s.Versions[1], ".spec.traffic[2].percent") },
			err:  "version candidate: its weightObjRef is .spec.traffic[2].percent, and there are 2 traffic targets"},
		{name: "field of another service", app: tutorialApp(),
			spec: func(s *experiment.Spec) {
				byRef(&s.Versions[1], ".spec.traffic[1].percent")
				s.Versions[1].WeightObjRef.Name = "other"
			},
			err: "its weightObjRef is about /other, not about the target"},
		{name: "both revisions missing are both named", app: sampleApp(entry("", "v7", 100)),
			err: "revision v1 of version current is not among the traffic targets, which are v7; " +
				"revision v2 of version candidate is not among"},
		{name: "one revision twice", app: tutorialApp(),
			spec: func(s *experiment.Spec) { s.Versions[1].Variables["revision"] = "v1" },
			err:  "versions current and candidate are the same revision, v1"},
		{name: "a stranger has traffic", app: sampleApp(entry("", "v1", 80), entry("", "v0", 20), entry("", "v2", 0)),
			err: "revision v0 has 20 % of the traffic and is no version of the experiment | give its traffic to the versions"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			spec := canary()
			if tt.spec != nil {
				tt.spec(&spec)
			}
			got, err := tt.app.knative().Initialize(t.Context(), spec, func(w experiment.Waiting) {
				t.Errorf("waits for %s, want no waiting", w.For)
			})
			if tt.err != "" {
				if !strings.Contains(text(err), tt.err) {
					t.Fatalf("error %q, want %q in it", text(err), tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(text(err))
			}
			if diff := cmp.Diff(tt.want, got.Variables); diff != "" {
				t.Errorf("variables (-want +got):\n%s", diff)
			}
			if got.Traffic.Split.String() != "100/0" || !got.Traffic.Settled {
				t.Errorf("traffic %+v, want a settled 100/0", got.Traffic)
			}
		})
	}
}

func TestInitializeWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app := tutorialApp()
		app.conditions("Unknown", "Deploying", "not yet")
		app.left = 5
		begin := time.Now()
		var noted []experiment.Waiting
		_, err := app.knative().Initialize(t.Context(), canary(), func(w experiment.Waiting) { noted = append(noted, w) })
		if err != nil {
			t.Fatal(text(err))
		}
		want := []experiment.Waiting{{For: "sample-app to be ready", Until: begin.Add(180 * time.Second).UTC()}}
		if diff := cmp.Diff(want, noted); diff != "" {
			t.Errorf("waitings (-want +got):\n%s", diff)
		}
	})
}

func TestWaitsEnd(t *testing.T) {
	t.Parallel()
	ignore := func(experiment.Waiting) {}
	tests := []struct {
		name string
		app  func() *fakeKnative
		do   func(context.Context, *Knative) error
		took time.Duration
		want string
	}{
		{name: "initialize: never ready", took: initialDeadline,
			app: func() *fakeKnative {
				app := tutorialApp()
				app.conditions("False", "RevisionFailed", "image not found")
				app.left = 1 << 30
				return app
			},
			do: func(ctx context.Context, k *Knative) error { _, err := k.Initialize(ctx, canary(), ignore); return err },
			want: "initialize default/sample-app: the time is up: it is not ready yet (Ready is False: image not found)" +
				" | kubectl describe ksvc sample-app -n default"},
		{name: "shift: the router does not follow", took: shiftDeadline,
			app: func() *fakeKnative { app := tutorialApp(); app.lag = 1 << 30; return app },
			do: func(ctx context.Context, k *Knative) error {
				_, err := k.Shift(ctx, canary(), experiment.Split{}, experiment.BaselineOnly(2))
				return err
			},
			want: "shift default/sample-app to 100/0: the time is up: the router gives v1 100 %, v2 0 %" +
				" (Knative has not looked at the latest change yet)"},
		{name: "await: the traffic stays", took: awaitDeadline, app: tutorialApp,
			do: func(ctx context.Context, k *Knative) error { _, err := k.Await(ctx, canary(), "candidate"); return err },
			want: "wait for candidate to serve everything of default/sample-app: the time is up:" +
				" the router gives v1 100 %, v2 0 % (Ready is True)"},
		{name: "await: the server is gone", took: awaitDeadline,
			app: func() *fakeKnative {
				app := tutorialApp()
				app.reads = func(n int) error {
					if n > 3 {
						return apierrors.NewServiceUnavailable("etcd is down")
					}
					return nil
				}
				return app
			},
			do:   func(ctx context.Context, k *Knative) error { _, err := k.Await(ctx, canary(), "candidate"); return err },
			want: "etcd is down"},
		{name: "await: forbidden ends it at once", took: 0,
			app: func() *fakeKnative {
				app := tutorialApp()
				app.reads = func(int) error {
					return apierrors.NewForbidden(schema.GroupResource{Group: "serving.knative.dev", Resource: "services"}, "sample-app",
						errors.New(`User "ci" cannot get resource "services" in API group "serving.knative.dev" in the namespace "default"`))
				}
				return app
			},
			do:   func(ctx context.Context, k *Knative) error { _, err := k.Await(ctx, canary(), "candidate"); return err },
			want: "the cluster forbids it: ci needs get on services.serving.knative.dev in default"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				err := tt.do(t.Context(), tt.app().knative())
				if took := time.Since(begin); took != tt.took {
					t.Errorf("took %s, want %s", took, tt.took)
				}
				if !strings.Contains(text(err), tt.want) {
					t.Errorf("error %q, want %q in it", text(err), tt.want)
				}
			})
		})
	}
}

func TestWaitIsCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Hour, nil)
		time.AfterFunc(5*time.Second, cancel)
		begin := time.Now()
		_, err := tutorialApp().knative().Await(ctx, canary(), "candidate")
		if !errors.Is(err, context.Canceled) || time.Since(begin) != 5*time.Second {
			t.Errorf("error %v after %s, want context.Canceled after 5s", err, time.Since(begin))
		}
	})
}

func TestAwaitSeesPromotion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app := tutorialApp()
		time.AfterFunc(20*time.Second, func() {
			app.mu.Lock()
			defer app.mu.Unlock()
			app.write([]any{entry("", "", 100)}, FieldManager)
		})
		got, err := app.knative().Await(t.Context(), canary(), "candidate")
		if err != nil {
			t.Fatal(text(err))
		}
		if got.Split.String() != "0/100" || !got.Settled || got.ChangedBy != "" {
			t.Errorf("traffic %+v, want a settled 0/100 by Perch", got)
		}
	})
}

func TestObserve(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		app  func() *fakeKnative
		want experiment.Traffic
		err  string
	}{
		{name: "summed by revision", app: func() *fakeKnative {
			return sampleApp(entry("a", "v2", 10), entry("", "v1", 60), entry("b", "v1", 15), entry("", "", 15))
		}, want: experiment.Traffic{Split: split(t, 75, 25), Settled: true}},
		{name: "the status is late", app: func() *fakeKnative {
			app := tutorialApp()
			app.write([]any{entry("", "v1", 50), entry("", "v2", 50)}, "kubectl-edit")
			app.left = 1
			return app
		}, want: experiment.Traffic{Split: split(t, 100, 0), ChangedBy: "kubectl-edit", ChangedAt: at(t, "2026-11-24T10:00:01Z")}},
		{name: "a stranger", app: func() *fakeKnative {
			app := tutorialApp()
			app.write([]any{entry("", "v1", 50), entry("", "v3", 50)}, "kubectl-edit")
			return app
		}, want: experiment.Traffic{ChangedBy: "kubectl-edit", ChangedAt: at(t, "2026-11-24T10:00:01Z")},
			err: "read the traffic of default/sample-app: revision v3 has 50 % of the traffic and is no version" +
				" of the experiment, changed by kubectl-edit at 10:00:01 UTC | give its traffic to the versions"},
		{name: "no split at all", app: func() *fakeKnative {
			app := tutorialApp()
			_ = unstructured.SetNestedSlice(app.service.Object, []any{}, "status", "traffic")
			app.left = 1
			return app
		}, err: "the router reports no whole split: Ready is True"},
		{name: "no such service", app: func() *fakeKnative {
			app := tutorialApp()
			app.service.SetName("shop")
			return app
		}, err: "there is no Knative service sample-app in namespace default | there are shop: check spec.target, and the context (now prod)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.app().knative().Observe(t.Context(), canary())
			if (err == nil) != (tt.err == "") || !strings.Contains(text(err), tt.err) {
				t.Errorf("error %q, want %q in it", text(err), tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("traffic (-want +got):\n%s", diff)
			}
		})
	}
}
