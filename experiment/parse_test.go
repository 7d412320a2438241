package experiment

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func TestParseTutorial(t *testing.T) {
	t.Parallel()
	const helmRepo = "https://raw.githubusercontent.com/iter8-tools/iter8/master/samples/knative/canaryprogressive/"
	want := Spec{
		Name:   "canary-progressive",
		Target: Target{"default", "sample-app"},
		Strategy: Strategy{
			TestingPattern: "Canary", DeploymentPattern: "Progressive",
			MaxCandidateWeight: 75, MaxCandidateWeightIncrement: 20,
		},
		Criteria: Criteria{Objectives: []Objective{
			{Metric: "iter8-knative/mean-latency", UpperLimit: new(50.0)},
			{Metric: "iter8-knative/95th-percentile-tail-latency", UpperLimit: new(100.0)},
			{Metric: "iter8-knative/error-rate", UpperLimit: new(0.01)},
		}},
		Duration: Duration{IntervalSeconds: 10, IterationsPerLoop: 10, MaxLoops: 1},
		Versions: []Version{
			{Name: "current", Variables: map[string]string{"revision": "sample-app-v1", "promote": "baseline"}},
			{Name: "candidate", Variables: map[string]string{"revision": "sample-app-v2", "promote": "candidate"}},
		},
		Start: []Task{{Name: InitTask}},
		Finish: []Task{{Name: ExecTask, Cmd: "helm", Args: []string{
			"upgrade", "--install", "--repo", helmRepo + "helm-repo", "sample-app", "--namespace=iter8-system",
			"sample-app", "--values=" + helmRepo + "{{ .promote }}-values.yaml",
		}}},
	}
	if diff := cmp.Diff(want, tutorial(t)); diff != "" {
		t.Error(diff)
	}
}

// The defaults are those of table 1.1 of the Iter8 reference.
func TestParseFillsInDefaults(t *testing.T) {
	t.Parallel()
	got, err := Parse("f", []byte(small(t, "  duration: {maxLoops: 1}\n", "")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Duration{IntervalSeconds: 20, IterationsPerLoop: 15, MaxLoops: 1}, got.Duration); diff != "" {
		t.Error(diff)
	}
	want := Strategy{
		TestingPattern: "Canary", DeploymentPattern: "Progressive",
		MaxCandidateWeight: 100, MaxCandidateWeightIncrement: 10,
	}
	if diff := cmp.Diff(want, got.Strategy); diff != "" {
		t.Error(diff)
	}
	if o := got.Criteria.Objectives[0]; o.LowerLimit != nil || !o.RollbackOnFailure {
		t.Errorf("want no lower limit and a rollback, got %+v", o)
	}
}

func TestParseWhatKubectlPrints(t *testing.T) {
	t.Parallel()
	got, err := Parse("kubectl.yaml", testdata(t, "kubectl.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	ref := func(path, namespace string) *WeightObjRef {
		return &WeightObjRef{"serving.knative.dev/v1", "Service", namespace, "shop", path}
	}
	want := Spec{
		Name: "shop", Namespace: "iter8-knative", Annotations: map[string]string{"perch/judge": "iter8"},
		Target: Target{"default", "shop"},
		Strategy: Strategy{
			TestingPattern: "Canary", DeploymentPattern: "Progressive",
			MaxCandidateWeight: 100, MaxCandidateWeightIncrement: 10,
		},
		Criteria: Criteria{
			RequestCount: "iter8-knative/request-count",
			Indicators:   []string{"iter8-knative/error-count"},
			Objectives: []Objective{
				{Metric: "iter8-knative/mean-latency", UpperLimit: new(50.0)},
				{Metric: "shop/sales", LowerLimit: new(0.01), RollbackOnFailure: true},
			},
		},
		Duration: Duration{IntervalSeconds: 10, IterationsPerLoop: 10, MaxLoops: 2},
		Versions: []Version{
			{"current", map[string]string{"revision": "shop-v1"}, ref(".spec.traffic[0].percent", "default")},
			{"candidate", map[string]string{}, ref(".spec.traffic[1].percent", "")},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := got.Duration.Iterations(); n != 20 {
		t.Errorf("want 20 iterations over both loops, got %d", n)
	}
}

func TestParseReadsJSON(t *testing.T) {
	t.Parallel()
	var tree any
	if err := yaml.Unmarshal(testdata(t, "tutorial.yaml"), &tree); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse("tutorial.json", data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tutorial(t), got); diff != "" {
		t.Error(diff)
	}
}

func TestParseTakesWhatYAMLOffers(t *testing.T) {
	t.Parallel()
	want, err := Parse("f", []byte(small(t, "", "")))
	if err != nil {
		t.Fatal(err)
	}
	alias := small(t, "baseline: {name: current, variables: [{name: revision", "baseline: {name: current, variables: [{name: &r revision")
	for _, row := range []struct{ name, file string }{
		{"document marks", "---\n" + small(t, "", "") + "...\n"},
		{"empty documents around it", "---\n# a comment\n---\n" + small(t, "", "") + "---\n"},
		{"quoted numbers", small(t, "upperLimit: 50", `upperLimit: "50"`)},
		{"a quantity", small(t, "upperLimit: 50", "upperLimit: 50000m")},
		{"nothing for a default", small(t, "maxLoops: 1", "maxLoops: ~")},
		{"nothing for an object", small(t, "duration: {maxLoops: 1}", "duration:")},
		{"an alias", alias[:len(alias)-len("revision, value: v2}]}]\n")] + "*r , value: v2}]}]\n"},
		{"CRLF", string(crlf(small(t, "", "")))},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse("f", []byte(row.file))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func crlf(text string) []byte {
	var out []byte
	for _, b := range []byte(text) {
		if b == '\n' {
			out = append(out, '\r')
		}
		out = append(out, b)
	}
	return out
}

func TestParseRefusesWhatComesLater(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, piece, by, want string }{
		{"A/B", "testingPattern: Canary", "testingPattern: A/B",
			`f:7: spec.strategy.testingPattern: "A/B" is not supported by this version of Perch, only Canary`},
		{"conformance", "testingPattern: Canary", "testingPattern: Conformance",
			`f:7: spec.strategy.testingPattern: "Conformance" is not supported by this version of Perch, only Canary`},
		{"fixed split", "testingPattern: Canary", "testingPattern: Canary\n    deploymentPattern: FixedSplit",
			`f:8: spec.strategy.deploymentPattern: "FixedSplit" is not supported by this version of Perch, only Progressive`},
		{"wrong case", "testingPattern: Canary", "testingPattern: canary",
			`f:7: spec.strategy.testingPattern: "canary" is not known, want Canary`},
		{"same names", "{name: candidate", "{name: current",
			`f:15: spec.versionInfo.candidates[0].name: is "current", as the baseline's: names must differ`},
		{"no candidates", "candidates: [{name: candidate, variables: [{name: revision, value: v2}]}]", "candidates: []",
			`f:13: spec.versionInfo.candidates: is missing: a Canary has exactly one candidate`},
		{"no objectives", "[{metric: a/b, upperLimit: 50, rollback_on_failure: true}]", "[]",
			`f:9: spec.criteria.objectives: is missing: without an objective there is nothing to judge`},
		{"target without namespace", "target: default/shop", "target: shop",
			`f:5: spec.target: is "shop", want namespace/name of the Knative service`},
		{"target with too much", "target: default/shop", "target: a/b/c",
			`f:5: spec.target: is "a/b/c", want namespace/name of the Knative service`},
		{"another object's weight", "variables: [{name: revision, value: v2}]",
			"weightObjRef: {apiVersion: v1, kind: Service, name: a, fieldPath: .spec.x}",
			`f:15: spec.versionInfo.candidates[0].weightObjRef: is a Service of v1; this version of Perch shifts only the traffic of a Service of serving.knative.dev/v1`},
		{"merge key", "baseline: {name: current", "baseline: {<<: {a: b}, name: current",
			`f:14: spec.versionInfo.baseline.<<: unknown field`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("f", []byte(small(t, row.piece, row.by)))
			if got := errorText(err); got != row.want {
				t.Errorf("want %s\n got %s", row.want, got)
			}
		})
	}
}

func TestTrafficIndex(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{
		".spec.traffic[0].percent": 0, ".spec.traffic[12].percent": 12, "": -1, "spec.traffic[0].percent": -1,
		".spec.traffic[].percent": -1, ".spec.traffic[-1].percent": -1, ".spec.traffic[0]": -1, ".spec.traffic[0].tag": -1,
	} {
		got, err := WeightObjRef{FieldPath: path}.TrafficIndex()
		if (err != nil) != (want < 0) || (err == nil && got != want) {
			t.Errorf("%q: want %d, got %d, %v", path, want, got, err)
		}
	}
}

func TestParseRelativeLimits(t *testing.T) {
	t.Parallel()
	const plain, annotated = "metadata: {name: shop}", "metadata: {name: shop, annotations: {perch/relative: %s}}"
	spec, err := Parse("f", []byte(small(t, plain, fmt.Sprintf(annotated, "a/b"))))
	if err != nil || !spec.Criteria.Objectives[0].Relative {
		t.Errorf("want a relative limit, got %+v, %v", spec.Criteria.Objectives, err)
	}
	_, err = Parse("f", []byte(small(t, plain, fmt.Sprintf(annotated, "other/metric"))))
	want := `f:3: metadata.annotations.perch/relative: names "other/metric", and there is no objective on that metric`
	if got := errorText(err); got != want {
		t.Errorf("want %s\n got %s", want, got)
	}
}
