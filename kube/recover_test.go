package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/action"
	helmkube "helm.sh/helm/v3/pkg/kube"
	kubefake "helm.sh/helm/v3/pkg/kube/fake"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	helmtime "helm.sh/helm/v3/pkg/time"

	"perch/experiment"
)

// history lists the revisions, as "1 superseded".
func (w *helmWorld) history(t *testing.T) []string {
	t.Helper()
	all, err := w.kept.Releases.History("sample-app")
	if err != nil {
		t.Fatal(err)
	}
	lines := make([]string, len(all))
	for _, r := range all {
		lines[r.Version-1] = fmt.Sprint(r.Version, " ", r.Info.Status)
	}
	return lines
}

// revise changes a revision in the storage.
func (w *helmWorld) revise(t *testing.T, revision int, change func(*release.Release)) {
	t.Helper()
	r, err := w.kept.Releases.Get("sample-app", revision)
	if err != nil {
		t.Fatal(err)
	}
	change(r)
}

func TestRecover(t *testing.T) {
	t.Parallel()
	const deployed, superseded, upgrading = release.StatusDeployed, release.StatusSuperseded, release.StatusPendingUpgrade
	tests := []struct {
		name string
		has  []release.Status
		age  time.Duration
		run  string // that began the last revision
		want string
		err  string
		then []string
	}{
		{name: "killed midway", has: []release.Status{superseded, deployed, upgrading}, age: time.Hour,
			want: "release sample-app is back at revision 2, as revision 4 (3 was pending-upgrade)",
			then: []string{"1 superseded", "2 superseded", "3 pending-upgrade", "4 deployed"}},
		{name: "killed at the very end", has: []release.Status{superseded, superseded, upgrading}, age: time.Hour,
			want: "release sample-app is back at revision 2, as revision 4 (3 was pending-upgrade)"},
		{name: "a failed one between", has: []release.Status{deployed, release.StatusFailed, release.StatusPendingRollback}, age: time.Hour,
			want: "release sample-app is back at revision 1, as revision 4 (3 was pending-rollback)"},
		{name: "young, and by another Helm", has: []release.Status{deployed, upgrading}, age: time.Minute,
			err:  "begun by another Helm at",
			then: []string{"1 deployed", "2 pending-upgrade"}},
		{name: "young, and by this run", has: []release.Status{deployed, upgrading}, age: time.Minute, run: "r1",
			want: "release sample-app is back at revision 1, as revision 3 (2 was pending-upgrade)"},
		{name: "young, and by another run", has: []release.Status{deployed, upgrading}, age: time.Minute, run: "r0",
			err: "begun by Perch's run r0"},
		{name: "an install", has: []release.Status{release.StatusPendingInstall}, age: time.Hour,
			err:  "it has no revision to go back to: revision 1 is pending-install for 1h",
			then: []string{"1 pending-install"}},
		{name: "nothing pending", has: []release.Status{deployed}, then: []string{"1 deployed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newHelmWorld(t)
			w.Mark("r1")
			for i, status := range tt.has {
				w.has(t, i+1, status, object{"name": "v1"})
			}
			w.revise(t, len(tt.has), func(r *release.Release) {
				r.Info.LastDeployed = helmtime.Time{Time: time.Now().Add(-tt.age)}
				r.Labels = mark{tt.run, "candidate"}.labels(r.Version)
			})
			spec := finish([]string{charts, "sample-app", "sample-app", "--set=name=v2", "--timeout=2m"})
			got, err := w.Recover(t.Context(), spec, "candidate")
			if got != tt.want || (err == nil) != (tt.err == "") || !strings.Contains(text(err), tt.err) || strings.HasSuffix(text(err), "| ") {
				t.Errorf("Recover = %q, %q, want %q, %q", got, text(err), tt.want, tt.err)
			}
			if d := cmp.Diff(tt.then, w.history(t)); tt.then != nil && d != "" {
				t.Errorf("history (-want +got)\n%s", d)
			}
			if tt.err == "" {
				if _, err := w.Promote(t.Context(), spec, "candidate"); err != nil {
					t.Errorf("the promotion cannot go on: %s", text(err))
				}
			}
		})
	}
}

func TestRecoverNothing(t *testing.T) {
	t.Parallel()
	w := newHelmWorld(t)
	got, err := w.Recover(t.Context(), finish([]string{charts, "sample-app", "sample-app"}), "candidate")
	if got != "" || err != nil {
		t.Errorf("Recover = %q, %v where there is no release", got, err)
	}
}

// TestFailuresLeaveNothingPending fails an upgrade in all the ways that Helm knows.
func TestFailuresLeaveNothingPending(t *testing.T) {
	t.Parallel()
	never := errors.New("never")
	tests := []struct {
		name   string
		args   []string
		client kubefake.FailingKubeClient
		err    string
		then   []string
	}{
		{name: "the update", client: kubefake.FailingKubeClient{UpdateError: never}, err: "never", then: []string{"1 deployed", "2 failed"}},
		{name: "waiting", args: []string{"--wait", "--timeout=90s"}, client: kubefake.FailingKubeClient{WaitError: context.DeadlineExceeded},
			err:  "its objects were not ready within 1m30s | kubectl get events -n shop says why",
			then: []string{"1 deployed", "2 failed"}},
		{name: "waiting, and rolling back too", args: []string{"--atomic"}, client: kubefake.FailingKubeClient{WaitError: context.DeadlineExceeded},
			err:  "its objects were not ready within 5m; rolling it back did not end well either: ",
			then: []string{"1 deployed", "2 failed", "3 failed"}},
		{name: "the update, and rolling back too", args: []string{"--atomic"}, client: kubefake.FailingKubeClient{UpdateError: never},
			err: "never", then: []string{"1 deployed", "2 superseded", "3 failed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newHelmWorld(t)
			w.Mark("r1")
			w.has(t, 1, release.StatusDeployed, object{"name": "v1"})
			tt.client.PrintingKubeClient = kubefake.PrintingKubeClient{Out: io.Discard}
			w.kept.KubeClient = &tt.client
			spec := finish(append([]string{charts, "sample-app", "sample-app", "--set=name=v2"}, tt.args...))
			_, err := w.Promote(t.Context(), spec, "candidate")
			if !strings.Contains(text(err), tt.err) {
				t.Errorf("error %q, want %q in it", text(err), tt.err)
			}
			if d := cmp.Diff(tt.then, w.history(t)); d != "" {
				t.Errorf("history (-want +got)\n%s", d)
			}
		})
	}
}

// TestAtomicRollsBack lets only the first waiting fail.
func TestAtomicRollsBack(t *testing.T) {
	t.Parallel()
	w := newHelmWorld(t)
	w.Mark("r1")
	w.has(t, 1, release.StatusDeployed, object{"name": "v1"})
	w.kept.KubeClient = &waitOnce{PrintingKubeClient: kubefake.PrintingKubeClient{Out: io.Discard}}
	spec := finish([]string{charts, "sample-app", "sample-app", "--set=name=v2", "--atomic"})
	_, err := w.Promote(t.Context(), spec, "candidate")
	if want := "its objects were not ready within 5m; Helm rolled it back"; !strings.Contains(text(err), want) {
		t.Errorf("error %q, want %q in it", text(err), want)
	}
	if d := cmp.Diff([]string{"1 superseded", "2 failed", "3 deployed"}, w.history(t)); d != "" {
		t.Errorf("history (-want +got)\n%s", d)
	}
	got, err := w.Progress(t.Context(), spec, "candidate")
	if want := "revision 2 of this run failed, and revision 3 is deployed: "; err != nil || got.Stage != StageFailed ||
		!strings.HasPrefix(got.Upgrades[0].What, want) {
		t.Errorf("progress %+v, error %v, want %q", got, err, want)
	}
}

// waitOnce is not ready in time the first time.
type waitOnce struct {
	kubefake.PrintingKubeClient
	waited bool
}

func (w *waitOnce) Wait(l helmkube.ResourceList, d time.Duration) error {
	if !w.waited {
		w.waited = true
		return context.DeadlineExceeded
	}
	return w.PrintingKubeClient.Wait(l, d)
}

// deafStorage takes no update of a release for a while.
type deafStorage struct {
	*driver.Memory
	left int
}

func (d *deafStorage) Update(key string, r *release.Release) error {
	if d.left > 0 {
		d.left--
		return errors.New("the server is busy")
	}
	return d.Memory.Update(key, r)
}

// TestSettle loses the word with which Helm marks a revision failed.
func TestSettle(t *testing.T) {
	t.Parallel()
	mine := mark{"r1", "candidate"}
	tests := []struct {
		name   string
		deaf   int
		labels map[string]string
		then   release.Status
		err    string
	}{
		{"for once", 1, mine.labels(2), release.StatusFailed, "the quota is used up"},
		{"for good", 100, mine.labels(2), release.StatusPendingUpgrade,
			"the quota is used up; and the release stays pending: the server is busy"},
		{"of another Helm", 0, nil, release.StatusPendingUpgrade, "the quota is used up"},
		{"of another run", 0, mark{"r0", "candidate"}.labels(2), release.StatusPendingUpgrade, "the quota is used up"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				memory := driver.NewMemory()
				w := &helmWorld{kept: &action.Configuration{Releases: storage.Init(memory)}}
				w.has(t, 1, release.StatusDeployed, nil)
				first, _ := w.kept.Releases.Last("sample-app")
				w.has(t, 2, release.StatusPendingUpgrade, nil)
				w.revise(t, 2, func(r *release.Release) { r.Labels = tt.labels })
				w.kept.Releases.Driver = &deafStorage{Memory: memory, left: tt.deaf}
				p := &promotion{HelmUpgrade: experiment.HelmUpgrade{Release: "sample-app"}, config: w.kept, mark: mine, last: first}
				if err := p.settle(t.Context(), errors.New("the quota is used up")); err == nil || err.Error() != tt.err {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				if r, err := w.kept.Releases.Last("sample-app"); err != nil || r.Info.Status != tt.then {
					t.Errorf("revision 2 is %s, want %s", r.Info.Status, tt.then)
				}
			})
		})
	}
}
