package kube

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"perch/experiment"
)

func TestEntries(t *testing.T) {
	t.Parallel()
	odd := entry("old", "v0", 0)
	odd.(object)["configurationName"] = "kept"
	tests := []struct {
		name       string
		app        *fakeKnative
		from       []int
		to         []int
		dropped    []string
		want       []any
		err        string
		newestIsV3 bool
	}{
		{name: "percents change, tags stay, the latest is pinned", app: tutorialApp(), to: []int{80, 20},
			want: []any{entry("current", "v1", 80), entry("candidate", "v2", 20)}},
		{name: "the latest is pinned at 0 % too", app: tutorialApp(), to: []int{100, 0},
			want: []any{entry("current", "v1", 100), entry("candidate", "v2", 0)}},
		{name: "entries of others stay as they are", to: []int{70, 30},
			app:  sampleApp(odd, entry("", "v2", 10), entry("x", "", 0), entry("", "v1", 90)),
			want: []any{odd, entry("", "v2", 30), entry("x", "", 0), entry("", "v1", 70)}},
		{name: "one entry takes all of a revision", to: []int{40, 60},
			app:  sampleApp(entry("a", "v1", 30), entry("", "v1", 70), entry("", "v2", 0)),
			want: []any{entry("a", "v1", 0), entry("", "v1", 40), entry("", "v2", 60)}},
		{name: "a missing entry is added", app: sampleApp(entry("", "v1", 100)), to: []int{95, 5},
			want: []any{entry("", "v1", 95), entry("", "v2", 5)}},
		{name: "a missing entry of 0 % is not", app: sampleApp(entry("", "v1", 100)), to: []int{100, 0},
			want: []any{entry("", "v1", 100)}},
		{name: "a newer revision does not get the candidate's traffic", app: tutorialApp(), newestIsV3: true, to: []int{90, 10},
			want: []any{entry("current", "v1", 90), entry("candidate", "", 0), entry("", "v2", 10)}},
		{name: "a dropped revision has no entry", app: sampleApp(entry("", "v1", 60), entry("x", "v2", 40)), to: []int{100, 0},
			dropped: []string{"v2"}, want: []any{entry("", "v1", 100)}},
		{name: "a stranger with traffic is not overruled", app: sampleApp(entry("", "v1", 60), entry("x", "v9", 40)),
			from: []int{60, 40}, to: []int{100, 0}, err: "revision v9 has 40 % of the traffic"},
		{name: "a roll back leaves a stranger what it has", to: []int{100, 0},
			app:  sampleApp(entry("", "v1", 30), entry("", "v2", 30), entry("x", "v9", 40)),
			want: []any{entry("", "v1", 60), entry("", "v2", 0), entry("x", "v9", 40)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.newestIsV3 {
				tt.app.service.Object["status"].(object)["latestReadyRevisionName"] = "v3"
			}
			s, err := parseKsvc(tt.app.service)
			if err != nil {
				t.Fatal(err)
			}
			w := wish{revisions: []string{"v1", "v2"}, from: seen(t, tt.from), split: split(t, tt.to...), dropped: tt.dropped}
			before := tt.app.service.DeepCopy()
			got, err := w.entries(s)
			if (err == nil) != (tt.err == "") || !strings.Contains(text(err), tt.err) {
				t.Fatalf("error %q, want %q in it", text(err), tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, tt.app.service); diff != "" {
				t.Errorf("what was read is changed (-before +after):\n%s", diff)
			}
		})
	}
}

func TestShift(t *testing.T) {
	t.Parallel()
	first := func(err error) func(int) error {
		return func(n int) error {
			if n == 1 {
				return err
			}
			return nil
		}
	}
	tests := []struct {
		name    string
		change  func(*fakeKnative)
		from    []int // nil: whatever there is
		to      []int
		patches int
		want    string // split
		err     string
	}{
		{name: "somebody else has written since the decision", from: []int{100, 0}, to: []int{80, 20}, want: "40/60",
			change: func(f *fakeKnative) {
				f.write([]any{entry("", "v1", 40), entry("", "v2", 60)}, "kubectl-patch")
				f.reconcile()
			},
			err: "was changed meanwhile by kubectl-patch"},
		{name: "an own write that the router has not followed is no change of others", from: []int{100, 0}, to: []int{80, 20},
			patches: 1, want: "80/20", change: func(f *fakeKnative) { f.write([]any{entry("", "v1", 90), entry("", "v2", 10)}, FieldManager) }},
		{name: "written and followed", change: func(f *fakeKnative) { f.lag = 3 }, to: []int{80, 20}, patches: 1, want: "80/20"},
		{name: "already so", change: func(f *fakeKnative) { f.write([]any{entry("", "v1", 80), entry("", "v2", 20)}, "x") },
			to: []int{80, 20}, want: "80/20"},
		{name: "conflict, then success", change: func(f *fakeKnative) { f.writes = first(conflict()) },
			to: []int{80, 20}, patches: 2, want: "80/20"},
		{name: "somebody else writes other traffic", to: []int{80, 20}, patches: 1, want: "50/50",
			change: func(f *fakeKnative) {
				f.edits = func(int) []any { return []any{entry("", "v1", 50), entry("", "v2", 50)} }
			},
			err: "shift default/sample-app to 80/20: the traffic of default/sample-app was changed meanwhile by kubectl-edit at 10:00:01 UTC"},
		{name: "somebody else writes the same", to: []int{80, 20}, patches: 1, want: "80/20",
			change: func(f *fakeKnative) {
				f.edits = func(int) []any { return []any{entry("", "v1", 80), entry("", "v2", 20)} }
			}},
		{name: "the server is overloaded, then not", to: []int{80, 20}, patches: 2, want: "80/20",
			change: func(f *fakeKnative) { f.writes = first(apierrors.NewTooManyRequests("slow down", 1)) }},
		{name: "conflicts for ever", to: []int{80, 20}, patches: writeAttempts, want: "100/0",
			change: func(f *fakeKnative) { f.writes = func(int) error { return conflict() } },
			err:    "the service changes faster than Perch can write it | see who writes it"},
		{name: "the webhook refuses", to: []int{80, 20}, patches: 1, want: "100/0",
			change: func(f *fakeKnative) {
				f.writes = func(int) error {
					return apierrors.NewBadRequest(`admission webhook "validation.webhook.serving.knative.dev" denied the request: ` +
						"validation failed: Traffic targets sum to 110, want 100: spec.traffic")
				}
			},
			err: "refused by validation.webhook.serving.knative.dev: validation failed: Traffic targets sum to 110, want 100: spec.traffic"},
		{name: "back from a candidate that broke down", to: []int{100, 0}, patches: 2, want: "100/0",
			change: func(f *fakeKnative) {
				f.write([]any{entry("", "v1", 40), entry("candidate", "v2", 60)}, FieldManager)
				f.reconcile()
				f.refuse = "v2"
			}},
		{name: "forward to a candidate that broke down", to: []int{80, 20}, patches: 1, want: "100/0",
			change: func(f *fakeKnative) { f.refuse = "v2" },
			err:    `the time is up: the router gives v1 100 %, v2 0 % (Ready is False: Revision "v2" failed to become ready.)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				app := tutorialApp()
				tt.change(app)
				got, err := app.knative().Shift(t.Context(), canary(), seen(t, tt.from), split(t, tt.to...))
				if (err == nil) != (tt.err == "") || !strings.Contains(text(err), tt.err) {
					t.Errorf("error %q, want %q in it", text(err), tt.err)
				}
				if got.Split.String() != tt.want || (err == nil && !got.Settled) {
					t.Errorf("traffic %+v, want split %s, settled without an error", got, tt.want)
				}
				if app.counts.patch != tt.patches || (tt.patches > 0 && tt.err == "" && app.edits == nil && app.manager != FieldManager) {
					t.Errorf("%d writes by %q, want %d by %q", app.counts.patch, app.manager, tt.patches, FieldManager)
				}
			})
		})
	}
}

// seen is the split of percents, or the unknown one.
func seen(t *testing.T, percent []int) experiment.Split {
	t.Helper()
	if percent == nil {
		return experiment.Split{}
	}
	return split(t, percent...)
}

func TestShiftWritesNothingElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app := tutorialApp()
		if _, err := app.knative().Shift(t.Context(), canary(), split(t, 100, 0), split(t, 80, 20)); err != nil {
			t.Fatal(text(err))
		}
		want := []object{{
			"metadata": object{"resourceVersion": "1"},
			"spec": object{"traffic": []any{
				object{"tag": "current", "revisionName": "v1", "latestRevision": false, "percent": 80.0},
				object{"tag": "candidate", "revisionName": "v2", "latestRevision": false, "percent": 20.0},
			}},
		}}
		if diff := cmp.Diff(want, app.bodies); diff != "" {
			t.Errorf("patches (-want +got):\n%s", diff)
		}
	})
}

func TestShiftErrorsAreTyped(t *testing.T) {
	t.Parallel()
	app := tutorialApp()
	app.edits = func(int) []any { return []any{entry("", "v1", 50), entry("", "v2", 50)} }
	_, err := app.knative().Shift(t.Context(), canary(), split(t, 100, 0), split(t, 80, 20))
	if d, ok := errors.AsType[*DriftError](err); !ok || d.By != "kubectl-edit" {
		t.Errorf("error %v, want a DriftError by kubectl-edit", err)
	}
	app = sampleApp(entry("", "v1", 60), entry("", "v9", 40))
	_, err = app.knative().Shift(t.Context(), canary(), experiment.Split{}, experiment.BaselineOnly(2))
	if s, ok := errors.AsType[*StrangerError](err); !ok || s.Revision != "v9" || s.Percent != 40 {
		t.Errorf("error %v, want a StrangerError of v9, 40 %%", err)
	}
}
