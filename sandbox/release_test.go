package main

import (
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/cli"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"perch/sandbox/cluster"
	"perch/sandbox/controlplane"
	"perch/sandbox/tutorial"
)

// TestNarrowUserPromotes, and the test of the reset, are alone with the tutorial: no other test runs
// beside one that is not parallel.
func TestNarrowUserPromotes(t *testing.T) {
	promote(t, shared.Kubeconfig, shared.Charts.URL)
	service := waitReady(t, tutorial.Service)
	if len(service.Status.Traffic) != 1 || service.Status.Traffic[0].RevisionName != "sample-app-v2" || *service.Status.Traffic[0].Percent != 100 {
		t.Errorf("traffic is %v, want all on sample-app-v2", service.Status.Traffic)
	}
}

// promote upgrades the release to the candidate alone, through the chart repository, as the
// experiment's finish action does.
func promote(t *testing.T, kubeconfig, charts string) {
	t.Helper()
	flags := genericclioptions.NewConfigFlags(true)
	*flags.KubeConfig, *flags.Context = kubeconfig, controlplane.Narrow
	*flags.Namespace, *flags.CacheDir = cluster.ReleaseNamespace, t.TempDir()
	config := new(action.Configuration)
	if err := config.Init(flags, cluster.ReleaseNamespace, "secret", t.Logf); err != nil {
		t.Fatalf("prepare Helm: %v", err)
	}
	settings := cli.New()
	settings.RepositoryCache, settings.RepositoryConfig = t.TempDir(), filepath.Join(t.TempDir(), "repositories.yaml")
	upgrade := action.NewUpgrade(config)
	upgrade.Namespace, upgrade.RepoURL = cluster.ReleaseNamespace, charts+"/helm-repo"
	archive, err := upgrade.LocateChart("sample-app", settings)
	if err != nil {
		t.Fatalf("find the chart: %v", err)
	}
	chart, err := loader.Load(archive)
	if err != nil {
		t.Fatalf("load the chart: %v", err)
	}
	values, err := shared.Charts.Values("candidate-values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := upgrade.RunWithContext(t.Context(), tutorial.Service, chart, values); err != nil {
		t.Fatalf("upgrade: %v", err)
	}
}

func TestNarrowUserMayDoNoMore(t *testing.T) {
	t.Parallel()
	const serving, system = "serving.knative.dev", cluster.ReleaseNamespace
	tests := []struct {
		verb, group, resource, namespace string
		allowed                          bool
	}{
		{"get", serving, "services", "default", true},
		{"patch", serving, "services", "default", true},
		{"create", serving, "services", "default", true},
		{"create", "", "secrets", system, true},
		{"update", "", "secrets", system, true},
		{"delete", "", "secrets", system, true},

		{"delete", serving, "services", "default", false},
		{"list", serving, "revisions", "default", false},
		{"delete", serving, "revisions", "default", false},
		{"patch", serving, "revisions", "default", false},
		{"delete", "iter8.tools", "experiments", "default", false},
		{"get", "", "secrets", "default", false},
		{"list", "", "secrets", "knative-serving", false},
		{"get", serving, "services", system, false},
		{"create", "batch", "jobs", "default", false},
		{"get", "", "namespaces", "", false},
		{"create", "rbac.authorization.k8s.io", "rolebindings", "default", false},
		{"impersonate", "", "users", "", false},
	}
	reviews := kubernetes.NewForConfigOrDie(shared.narrow).AuthorizationV1().SelfSubjectAccessReviews()
	for _, test := range tests {
		review, err := reviews.Create(t.Context(), &authorizationv1.SelfSubjectAccessReview{
			Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
				Verb: test.verb, Group: test.group, Resource: test.resource, Namespace: test.namespace,
			}},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatalf("review: %v", err)
		}
		if review.Status.Allowed != test.allowed {
			t.Errorf("%s %s in %q: allowed is %t, want %t", test.verb, test.resource, test.namespace, review.Status.Allowed, test.allowed)
		}
	}
}

func iter8Resource(resource string) dynamic.ResourceInterface {
	kind := schema.GroupVersionResource{Group: "iter8.tools", Version: "v2alpha2", Resource: resource}
	return dynamic.NewForConfigOrDie(shared.admin).Resource(kind).Namespace("default")
}

func experiment(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(tutorialFile(t, "experiment.yaml")), &object.Object); err != nil {
		t.Fatalf("experiment.yaml: %v", err)
	}
	return object
}

func TestExperimentOfTheTutorialIsListed(t *testing.T) {
	t.Parallel()
	experiments := iter8Resource("experiments")
	created, err := experiments.Create(t.Context(), experiment(t), metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	status := map[string]any{"stage": "Running", "completedIterations": int64(4), "message": "IterationUpdate: Completed Iteration 4"}
	created.Object["status"] = status
	if _, err := experiments.UpdateStatus(t.Context(), created, metav1.UpdateOptions{}); err != nil {
		t.Fatalf("update the status: %v", err)
	}
	columns, rows := table(t, "experiments")
	if want := "Name type target stage completed iterations message"; columns != want {
		t.Errorf("columns are %q, want %q", columns, want)
	}
	if want := "canary-progressive Canary default/sample-app Running 4 IterationUpdate: Completed Iteration 4"; rows != want {
		t.Errorf("rows are %q, want %q", rows, want)
	}
}

func TestMetricsAreListed(t *testing.T) {
	t.Parallel()
	metric := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "iter8.tools/v2alpha2", "kind": "Metric",
		"metadata": map[string]any{"name": "mean-latency"},
		"spec":     map[string]any{"description": "Mean latency", "type": "Gauge", "provider": "prometheus"},
	}}
	if _, err := iter8Resource("metrics").Create(t.Context(), metric, metav1.CreateOptions{}); err != nil {
		t.Fatalf("create: %v", err)
	}
	columns, rows := table(t, "metrics")
	if columns != "Name type description" || rows != "mean-latency Gauge Mean latency" {
		t.Errorf("table is %q with %q", columns, rows)
	}
}

func TestImpossibleExperimentsAreRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value any
		path  []string
	}{
		"testing pattern": {"canary", []string{"spec", "strategy", "testingPattern"}},
		"weight over 100": {int64(101), []string{"spec", "strategy", "weights", "maxCandidateWeight"}},
		"no interval":     {int64(0), []string{"spec", "duration", "intervalSeconds"}},
		"empty target":    {"", []string{"spec", "target"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			object := experiment(t)
			object.SetName("impossible")
			if err := unstructured.SetNestedField(object.Object, test.value, test.path...); err != nil {
				t.Fatal(err)
			}
			_, err := iter8Resource("experiments").Create(t.Context(), object, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			if field := strings.Join(test.path, "."); err == nil || !strings.Contains(err.Error(), field) {
				t.Errorf("got %v, want a refusal that names %s", err, field)
			}
		})
	}
}

// table lists a kind of Iter8 as kubectl get does: the names of the columns, and the cells.
func table(t *testing.T, resource string) (columns, cells string) {
	t.Helper()
	config := rest.CopyConfig(shared.admin)
	config.AcceptContentTypes = "application/json;as=Table;v=v1;g=meta.k8s.io"
	client := kubernetes.NewForConfigOrDie(config).RESTClient()
	raw, err := client.Get().AbsPath("/apis/iter8.tools/v2alpha2/namespaces/default/" + resource).DoRaw(t.Context())
	if err != nil {
		t.Fatalf("list %s: %v", resource, err)
	}
	var listed struct {
		ColumnDefinitions []struct{ Name string }
		Rows              []struct{ Cells []string }
	}
	if err := yaml.Unmarshal(raw, &listed); err != nil {
		t.Fatalf("list %s: %v", resource, err)
	}
	var names, values []string
	for _, column := range listed.ColumnDefinitions {
		names = append(names, column.Name)
	}
	for _, row := range listed.Rows {
		values = append(values, row.Cells...)
	}
	return strings.Join(names, " "), strings.Join(values, " ")
}
