package kube

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	helmkube "helm.sh/helm/v3/pkg/kube"
	kubefake "helm.sh/helm/v3/pkg/kube/fake"
	"helm.sh/helm/v3/pkg/release"

	"perch/experiment"
)

// finish is an experiment that ends with helm upgrade and these arguments.
func finish(commands ...[]string) experiment.Spec {
	spec := canary()
	for _, args := range commands {
		spec.Finish = append(spec.Finish, experiment.Task{Name: experiment.ExecTask, Cmd: "helm", Args: append([]string{"upgrade"}, args...)})
	}
	return spec
}

const charts = "--repo=https://charts.test/repo"

func TestPlan(t *testing.T) {
	t.Parallel()
	values := "--values=https://charts.test/repo/{{ .promote }}-values.yaml"
	tests := []struct {
		name string
		has  func(*testing.T, *helmWorld)
		args []string
		want experiment.Upgrade // SITE stands for the site
		err  string
	}{
		{name: "upgrade", has: func(t *testing.T, w *helmWorld) {
			t.Helper()
			w.has(t, 2, release.StatusDeployed, object{"name": "v1", "db": object{"password": "one"}})
		},
			args: []string{"--install", charts, "sample-app", "sample-app", values, "--set=a.b=1,token=hush", "--wait", "--timeout=90s"},
			want: experiment.Upgrade{Release: "sample-app", Namespace: "shop", Chart: "sample-app of SITE/repo", ChartVersion: "1.0.0",
				From: 2, To: 3, Values: []string{"SITE/repo/candidate-values.yaml", "--set a.b,token"}, Wait: "up to 1m30s",
				Changes: []experiment.Change{{Path: "a.b", To: "1"}, {Path: "db.password", From: "***", To: "***"},
					{Path: "name", From: "v1", To: "v2"}, {Path: "token", To: "***"}}}},
		{name: "install", args: []string{"--install", charts, "sample-app", "sample-app", values, "--atomic", "-n", "other"},
			want: experiment.Upgrade{Release: "sample-app", Namespace: "other", Chart: "sample-app of SITE/repo", ChartVersion: "1.0.0",
				To: 1, Values: []string{"SITE/repo/candidate-values.yaml"}, Wait: "up to 5m, atomic",
				Changes: []experiment.Change{{Path: "db.password", To: "***"}, {Path: "name", To: "v2"}, {Path: "tVersion", To: "blue"}}}},
		{name: "values of the last release are reused", has: func(t *testing.T, w *helmWorld) {
			t.Helper()
			w.has(t, 4, release.StatusDeployed, object{"name": "v1", "keep": "me"})
		},
			args: []string{"sample-app", "https://charts.test/repo/sample-app-1.0.0.tgz", "--reuse-values", "--set=name=v2"},
			want: experiment.Upgrade{Release: "sample-app", Namespace: "shop", Chart: "SITE/repo/sample-app-1.0.0.tgz", ChartVersion: "1.0.0",
				From: 4, To: 5, Values: []string{"values of revision 4", "--set name"}, Changes: []experiment.Change{{Path: "name", From: "v1", To: "v2"}}}},
		{name: "after a failed revision", has: func(t *testing.T, w *helmWorld) {
			t.Helper()
			w.has(t, 1, release.StatusDeployed, object{"name": "v2"})
			w.has(t, 2, release.StatusFailed, object{"name": "v9"})
		},
			args: []string{charts, "sample-app", "sample-app", "--set=name=v2"},
			want: experiment.Upgrade{Release: "sample-app", Namespace: "shop", Chart: "sample-app of SITE/repo", ChartVersion: "1.0.0",
				From: 1, To: 3, Values: []string{"--set name"}}},
		{name: "no release", args: []string{charts, "sample-app", "sample-app", values},
			err: "plan the promotion of candidate: release sample-app: there is no such release in namespace shop | install it, or add --install"},
		{name: "locked", has: func(t *testing.T, w *helmWorld) {
			t.Helper()
			w.has(t, 4, release.StatusPendingUpgrade, nil)
		},
			args: []string{charts, "sample-app", "sample-app", values},
			err:  "revision 4 is pending-upgrade for 3m"},
		{name: "an install that hangs is uninstalled", has: func(t *testing.T, w *helmWorld) {
			t.Helper()
			w.has(t, 1, release.StatusPendingInstall, nil)
		},
			args: []string{charts, "sample-app", "sample-app", values}, err: "helm uninstall sample-app -n shop"},
		{name: "the template lacks a value", args: []string{"--install", charts, "sample-app", "sample-app"}, err: "a name is needed"},
		{name: "a broken chart", args: []string{"--install", charts, "sample-app", "broken"}, err: "nil pointer evaluating"},
		{name: "no such chart", args: []string{"--install", charts, "sample-app", "nonesuch"},
			err: `chart nonesuch: chart "nonesuch" not found in SITE/repo repository | helm search repo`},
		{name: "no such version", args: []string{"--install", charts, "sample-app", "sample-app", "--version=9.9.9"},
			err: `chart "sample-app" version "9.9.9" not found`},
		{name: "no such repository", args: []string{"--install", "--repo=https://charts.test/nowhere", "sample-app", "sample-app"},
			err: "chart sample-app: SITE/nowhere/index.yaml answers 404 Not Found | check the URL, or rewrite its start with --mirror"},
		{name: "no such values", args: []string{"--install", charts, "sample-app", "sample-app", "-f", "https://charts.test/repo/none.yaml"},
			err: "values SITE/repo/none.yaml: SITE/repo/none.yaml answers 404 Not Found | check the URL"},
		{name: "no such values file", args: []string{"--install", charts, "sample-app", "sample-app", "-f", "nonesuch.yaml"},
			err: "values nonesuch.yaml: there is no such file | relative paths start where perch runs"},
		{name: "values that are none", args: []string{"--install", charts, "sample-app", "sample-app", "-f", "https://charts.test/repo/odd-values.yaml"},
			err: "failed to parse SITE/repo/odd-values.yaml"},
		{name: "no such chart file", args: []string{"--install", "sample-app", "./nonesuch"}, err: `path "./nonesuch" not found`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newHelmWorld(t)
			if tt.has != nil {
				tt.has(t, w)
			}
			got, err := w.Plan(t.Context(), finish(tt.args), "candidate")
			if said := strings.ReplaceAll(text(err), w.site, "SITE"); (err == nil) != (tt.err == "") || !strings.Contains(said, tt.err) {
				t.Fatalf("error %q, want %q in it", said, tt.err)
			}
			if err != nil {
				return
			}
			if len(got.Upgrades) == 1 {
				u := &got.Upgrades[0]
				u.Chart = strings.ReplaceAll(u.Chart, w.site, "SITE")
				for i := range u.Values {
					u.Values[i] = strings.ReplaceAll(u.Values[i], w.site, "SITE")
				}
			}
			if diff := cmp.Diff(experiment.Plan{Version: "candidate", Upgrades: []experiment.Upgrade{tt.want}}, got); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestChartHereComesBeforeRepo(t *testing.T) {
	t.Parallel()
	w := newHelmWorld(t)
	dir := t.TempDir()
	if err := chartutil.SaveDir(sampleChart("7.0.0", "x: y"), dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "sample-app")
	got, err := w.Plan(t.Context(), finish([]string{"--install", "--repo=https://nonesuch.test", "sample-app", path}), "candidate")
	if err != nil || got.Upgrades[0].Chart != path || got.Upgrades[0].ChartVersion != "7.0.0" {
		t.Errorf("plan %+v, %s, want chart %s of version 7.0.0", got, text(err), path)
	}
}

// TestFetchesAreBounded: a server that takes requests and never answers must not hold up a plan.
func TestFetchesAreBounded(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(server.Close)
	w := newHelmWorld(t)
	w.fetch = time.Millisecond
	_, values := w.loadValues(experiment.HelmUpgrade{Values: []string{server.URL + "/values.yaml"}})
	_, index := w.locate(experiment.HelmUpgrade{Chart: "sample-app", Repo: server.URL}, new(action.Configuration))
	for what, err := range map[string]error{"values": values, "index": index} {
		if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
			t.Errorf("%s: %v, want a timeout", what, err)
		}
	}
}

func TestPlanChangesNothing(t *testing.T) {
	t.Parallel()
	w := newHelmWorld(t)
	w.has(t, 2, release.StatusDeployed, object{"name": "v1"})
	spec := finish([]string{charts, "sample-app", "sample-app", "--set=name=v2"})
	if _, err := w.Plan(t.Context(), spec, "candidate"); err != nil {
		t.Fatal(text(err))
	}
	all, err := w.kept.Releases.History("sample-app")
	if err != nil || len(all) != 1 || all[0].Version != 2 {
		t.Errorf("history %v, %v, want revision 2 alone", all, err)
	}
}

func TestPromote(t *testing.T) {
	t.Parallel()
	w := newHelmWorld(t)
	w.has(t, 2, release.StatusDeployed, object{"name": "v1"})
	values := "--values=https://charts.test/repo/{{ .promote }}-values.yaml"
	spec := finish([]string{charts, "sample-app", "sample-app", values},
		[]string{"--install", charts, "second", "sample-app", "--set=name=x", "--set-string=n=1"})
	got, err := w.Promote(t.Context(), spec, "candidate")
	if err != nil || got != "release sample-app, revision 3; release second, revision 1" {
		t.Fatalf("Promote = %q, %s", got, text(err))
	}
	r, err := w.kept.Releases.Deployed("sample-app")
	if err != nil || r.Version != 3 || !strings.Contains(r.Manifest, "name: v2") {
		t.Errorf("release %+v, %v, want revision 3 with name: v2", r, err)
	}
	if r, err = w.kept.Releases.Deployed("second"); err != nil || r.Config["n"] != "1" {
		t.Errorf("release second %+v, %v, want n as a text", r, err)
	}
}

func TestPromoteSaysWhatIsDoneBeforeItFails(t *testing.T) {
	t.Parallel()
	w := newHelmWorld(t)
	spec := finish([]string{"--install", charts, "first", "sample-app", "--set=name=x"}, []string{charts, "sample-app", "sample-app"})
	got, err := w.Promote(t.Context(), spec, "candidate")
	if got != "release first, revision 1" || !strings.Contains(text(err), "promote candidate: release sample-app: there is no such release") {
		t.Errorf("Promote = %q, %q", got, text(err))
	}
}

func TestPromoteIsNotBegunWhenCancelled(t *testing.T) {
	t.Parallel()
	w := newHelmWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.Promote(ctx, finish([]string{"--install", charts, "first", "sample-app", "--set=name=x"}), "candidate")
	if err == nil {
		t.Fatal("promoted with a cancelled context")
	}
	if all, err := w.kept.Releases.ListReleases(); err != nil || len(all) != 0 {
		t.Errorf("releases %v, %v, want none", all, err)
	}
}

// meddling is a cluster in which something happens while Helm updates objects.
type meddling struct {
	kubefake.PrintingKubeClient
	meanwhile func() error
}

func (m *meddling) Update(old, target helmkube.ResourceList, force bool) (*helmkube.Result, error) {
	if err := m.meanwhile(); err != nil {
		return &helmkube.Result{}, err
	}
	return m.PrintingKubeClient.Update(old, target, force)
}

func TestPromoteIsNotInterrupted(t *testing.T) {
	t.Parallel()
	w := newHelmWorld(t)
	w.has(t, 2, release.StatusDeployed, object{"name": "v1"})
	ctx, cancel := context.WithCancel(t.Context())
	w.kept.KubeClient = &meddling{PrintingKubeClient: kubefake.PrintingKubeClient{Out: io.Discard},
		meanwhile: func() error { cancel(); return nil }}
	got, err := w.Promote(ctx, finish([]string{charts, "sample-app", "sample-app", "--set=name=x"}), "candidate")
	if err != nil || got != "release sample-app, revision 3" {
		t.Errorf("Promote = %q, %s, want revision 3 in spite of the cancelled context", got, text(err))
	}
}

func TestPromoteFails(t *testing.T) {
	t.Parallel()
	w := newHelmWorld(t)
	w.has(t, 2, release.StatusDeployed, object{"name": "v1"})
	w.kept.KubeClient = &meddling{PrintingKubeClient: kubefake.PrintingKubeClient{Out: io.Discard},
		meanwhile: func() error { return errors.New("the quota is used up") }}
	_, err := w.Promote(t.Context(), finish([]string{charts, "sample-app", "sample-app", "--set=name=x"}), "candidate")
	want := "promote candidate: release sample-app: the quota is used up | helm history sample-app -n shop shows how it stands"
	if text(err) != want {
		t.Errorf("error %q, want %q", text(err), want)
	}
	if r, err := w.kept.Releases.Last("sample-app"); err != nil || r.Version != 3 || r.Info.Status != release.StatusFailed {
		t.Errorf("release %+v, %v, want a failed revision 3", r, err)
	}
}

func TestUninstalledReleaseIsInstalledAnew(t *testing.T) {
	t.Parallel()
	w := newHelmWorld(t)
	w.has(t, 6, release.StatusUninstalled, object{"name": "v1"})
	spec := finish([]string{"--install", charts, "sample-app", "sample-app", "--set=name=v2"})
	plan, err := w.Plan(t.Context(), spec, "candidate")
	if err != nil || plan.Upgrades[0].From != 0 || plan.Upgrades[0].To != 7 {
		t.Fatalf("plan %+v, %s, want 0 to 7", plan, text(err))
	}
	if got, err := w.Promote(t.Context(), spec, "candidate"); got != "release sample-app, revision 7" {
		t.Errorf("Promote = %q, %s", got, text(err))
	}
}

func TestNoFinishActions(t *testing.T) {
	t.Parallel()
	w := newHelmWorld(t)
	plan, err := w.Plan(t.Context(), canary(), "candidate")
	if diff := cmp.Diff(experiment.Plan{Version: "candidate"}, plan); diff != "" || err != nil {
		t.Errorf("plan %s, %v", diff, err)
	}
	if got, err := w.Promote(t.Context(), canary(), "nobody"); err == nil {
		t.Errorf("Promote of an unknown version = %q", got)
	}
}

func TestProgramsAreNotForHelm(t *testing.T) {
	t.Parallel()
	spec := finish([]string{"shop", "shop"})
	spec.Finish = append([]experiment.Task{
		{Name: experiment.ExecTask, Cmd: "kubectl", Args: []string{"annotate"}}, {Name: experiment.BashTask, Script: "true"},
	}, spec.Finish...)
	got, err := upgradesOf(spec, "candidate")
	if err != nil || len(got) != 1 || got[0].Release != "shop" {
		t.Errorf("want the one upgrade, got %+v, %v", got, err)
	}
}
