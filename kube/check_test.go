package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/release"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"

	"perch/experiment"
)

// versioned is an API server that has a version, and a clock that is off.
type versioned struct {
	off  time.Duration
	body string
	err  error
}

func (v versioned) RoundTrip(r *http.Request) (*http.Response, error) {
	if v.err != nil {
		return nil, v.err
	}
	header := http.Header{"Date": {time.Now().Add(v.off).UTC().Format(http.TimeFormat)}}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Request: r, Body: io.NopCloser(strings.NewReader(v.body))}, nil
}

const someVersion = `{"gitVersion":"v1.35.4"}`

// aCluster is a whole one: what the user is not allowed is listed, as "get secrets".
func aCluster(f *fakeKnative, server versioned, forbidden ...string) *Cluster {
	objects := newFakeObjects()
	objects.PrependReactor("create", "selfsubjectaccessreviews", func(a clienttesting.Action) (bool, runtime.Object, error) {
		review := a.(clienttesting.CreateActionImpl).GetObject().(*authorizationv1.SelfSubjectAccessReview)
		asked := review.Spec.ResourceAttributes
		review.Status.Allowed = true
		for _, no := range forbidden {
			if no == asked.Verb+" "+asked.Resource {
				review.Status.Allowed = false
			}
		}
		return true, review, nil
	})
	return &Cluster{client: f.client(), typed: objects.Clientset, context: access{name: "prod", user: "ann"},
		config: &rest.Config{Host: "https://api.test", Transport: server}}
}

// lines are findings as a person may read them.
func lines(findings []experiment.Finding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, fmt.Sprintf("%s: %s: %s", f.Grade, f.Subject, f.What))
	}
	return list
}

func TestCheck(t *testing.T) {
	t.Parallel()
	w := newHelmWorld(t)
	w.has(t, 2, release.StatusDeployed, object{"name": "v0"})
	spec := finish([]string{charts, "sample-app", "sample-app", "--values=https://charts.test/repo/{{ .promote }}-values.yaml"})
	spec.Duration.IntervalSeconds = 10
	got := aCluster(tutorialApp(), versioned{body: someVersion}).Check(t.Context(), spec, w.Helm)
	want := []string{
		"fine: API server: context prod leads to Kubernetes v1.35.4",
		"fine: clock: the clocks here and of the API server agree",
		"fine: target default/sample-app: it is ready",
		"fine: version current: revision v1 is ready and has 100 % of the traffic",
		"fine: version candidate: revision v2 is ready and has 0 % of the traffic",
		"fine: traffic: v1 100 %, v2 0 %",
		"fine: release shop/sample-app: revision 2 is deployed",
		"fine: chart sample-app of SITE/repo: it can be had",
		"fine: values of current: they can be had",
		"fine: promotion of current: release sample-app, chart 1.0.0, revision 3",
		"fine: values of candidate: they can be had",
		"fine: promotion of candidate: release sample-app, chart 1.0.0, revision 3",
		"fine: permissions: all 15 are there",
	}
	if d := cmp.Diff(want, strings.Split(strings.ReplaceAll(strings.Join(lines(got), "\n"), w.site, "SITE"), "\n")); d != "" {
		t.Errorf("findings (-want +got)\n%s", d)
	}
	for _, f := range got {
		if f.Subject == "promotion of candidate" && !cmp.Equal(f.Detail, []string{"db.password: (nothing) → ***", "name: v0 → v2"}) {
			t.Errorf("detail %q", f.Detail)
		}
	}
	if last, err := w.kept.Releases.Last("sample-app"); err != nil || last.Version != 2 {
		t.Errorf("revision %d, error %v: a check wrote something", last.Version, err)
	}
}

// TestCheckFindsEverything has something wrong with every part.
func TestCheckFindsEverything(t *testing.T) {
	t.Parallel()
	w := newHelmWorld(t)
	w.has(t, 2, release.StatusPendingUpgrade, object{"name": "v0"})
	spec := finish([]string{charts, "sample-app", "nonesuch", "--values=https://charts.test/repo/nonesuch-values.yaml"})
	spec.Duration.IntervalSeconds = 10
	f := sampleApp(entry("", "v1", 60), entry("", "v3", 40), entry("", "v2", 0))
	f.service.Object["metadata"].(object)["labels"] = object{"argocd.argoproj.io/instance": "shop"}
	f.refuse = "v2"
	f.reconcile()
	got := aCluster(f, versioned{body: someVersion, off: -time.Minute}, "update secrets", "list services", "patch services").Check(t.Context(), spec, w.Helm)
	want := []string{
		"fine: API server: context prod leads to Kubernetes v1.35.4",
		"wrong: clock: the clock here is ",
		`wrong: target default/sample-app: Ready is False: Revision "v2" failed to become ready.`,
		"fine: version current: revision v1 is ready and has 60 % of the traffic",
		"wrong: version candidate: revision v2 is not ready: the image cannot be pulled",
		"wrong: traffic: revision v3 has 40 % of the traffic and is no version of the experiment",
		"doubtful: target default/sample-app: Argo CD (shop) manages it, and may undo what Perch writes",
		"wrong: release shop/sample-app: revision 2 is pending-upgrade for 3m",
		"wrong: chart nonesuch of SITE/repo: chart nonesuch: chart \"nonesuch\" not found in",
		"wrong: values of current: values SITE/repo/nonesuch-values.yaml: SITE/repo/nonesuch-values.yaml answers 404 Not Found",
		"wrong: permissions: patch on services.serving.knative.dev in default (sample-app) is missing for user ann of context prod",
		"doubtful: permissions: list on services.serving.knative.dev in default is missing for user ann of context prod",
		"wrong: permissions: update on secrets in shop is missing for user ann of context prod",
	}
	list := lines(got)
	if len(list) != len(want) {
		t.Fatalf("%d findings, want %d:\n%s", len(list), len(want), strings.Join(list, "\n"))
	}
	for i := range want {
		if line := strings.ReplaceAll(list[i], w.site, "SITE"); !strings.HasPrefix(line, want[i]) {
			t.Errorf("finding %q, want %q", line, want[i])
		}
		if got[i].Grade != experiment.Fine && got[i].Hint == "" {
			t.Errorf("%s has no hint", list[i])
		}
	}
}

func TestCheckVersions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, revision string
		want           string // of the candidate
	}{
		{"not there", "v0", "wrong: version candidate: there is no revision v0 in namespace default"},
		{"not among the targets", "v3", "wrong: version candidate: revision v3 is not among the traffic targets, which are v1, v2"},
		{"the same as the baseline's", "v1", "wrong: version candidate: it is the same revision as version current, v1"},
		{"not to be seen", "v9", "doubtful: version candidate: the cluster forbids it: ann needs get on revisions.serving.knative.dev in default"},
		{"none", "", "wrong: version candidate: it names no revision"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			spec := canary()
			spec.Versions[1].Variables = map[string]string{"revision": tt.revision}
			list := lines(tutorialApp().knative().check(t.Context(), spec))
			if len(list) != 4 || list[2] != tt.want {
				t.Errorf("findings %q, want %q", list, tt.want)
			}
		})
	}
}

func TestCheckWithoutServer(t *testing.T) {
	t.Parallel()
	config := &rest.Config{Host: "https://api.test", Transport: versioned{err: errors.New("connection refused")}}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	c := &Cluster{config: config, client: client, typed: typed, context: access{name: "prod"}}
	got := c.Check(t.Context(), canary(), nil)
	if len(got) != 1 || got[0].What != "the API server at https://api.test does not answer: connection refused" {
		t.Errorf("findings %q, want one", lines(got))
	}
}

func TestSkew(t *testing.T) {
	t.Parallel()
	tests := []struct {
		ahead, took, interval time.Duration
		grade                 experiment.Grade
		what                  string
	}{
		{-time.Second / 2, 0, 10 * time.Second, experiment.Fine, ""},
		{-3 * time.Second, 0, 10 * time.Second, experiment.Fine, ""}, // whole seconds are written
		{-4 * time.Second, 0, 10 * time.Second, experiment.Doubtful, "the clock here is 3s ahead of that of the API server"},
		{4 * time.Second, 0, 10 * time.Second, experiment.Doubtful, "the clock here is 4s behind that of the API server"},
		{4 * time.Second, 8 * time.Second, 10 * time.Second, experiment.Fine, ""},
		{6 * time.Second, 0, 10 * time.Second, experiment.Wrong, "the clock here is 6s behind that of the API server"},
		{6 * time.Second, 0, time.Minute, experiment.Doubtful, "the clock here is 6s behind that of the API server"},
	}
	for _, tt := range tests {
		f := skew(tt.ahead, tt.took, tt.interval)
		if f.Grade != tt.grade || tt.what != "" && f.What != tt.what {
			t.Errorf("skew(%s, %s, %s) = %s: %s, want %s: %s", tt.ahead, tt.took, tt.interval, f.Grade, f.What, tt.grade, tt.what)
		}
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	spec := finish([]string{"a", "chart", "-n", "one"}, []string{"b", "chart"})
	for storage, want := range map[string][]string{
		"": {"one/secrets", "mine/secrets"}, "configmap": {"one/configmaps", "mine/configmaps"}, "sql": nil,
	} {
		var got []string
		for _, p := range permissions(spec, &Helm{driver: storage, namespace: "mine"}) {
			if p.namespace != "default" && p.verb == "update" {
				got = append(got, p.namespace+"/"+p.resource)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("HELM_DRIVER=%s (-want +got)\n%s", storage, d)
		}
	}
}

func TestSideBySide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		slow := func(d time.Duration) func(context.Context) []experiment.Finding {
			return func(context.Context) []experiment.Finding {
				time.Sleep(d)
				return []experiment.Finding{{Subject: d.String(), Grade: experiment.Fine}}
			}
		}
		got := sideBySide(t.Context(), []part{
			{"a", 15 * time.Second, slow(9 * time.Second)}, {"b", 15 * time.Second, slow(time.Minute)}, {"c", 15 * time.Second, slow(0)},
		})
		want := []string{"fine: 9s: ", "wrong: b: it took longer than 15s", "fine: 0s: "}
		if d := cmp.Diff(want, lines(got)); d != "" || time.Since(begin) != 16*time.Second {
			t.Errorf("after %s (-want +got)\n%s", time.Since(begin), d)
		}
		time.Sleep(time.Minute) // until b is done
	})
}
