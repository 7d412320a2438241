package metricsq

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

func TestPacksHaveIter8sMetrics(t *testing.T) {
	t.Parallel()
	all, err := loadPacks(packs)
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Sorted(maps.Keys(all))
	want := []string{
		"iter8-knative/95th-percentile-tail-latency", "iter8-knative/error-count",
		"iter8-knative/error-rate", "iter8-knative/mean-latency", "iter8-knative/request-count",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Prometheus parses the queries in the sandbox's tests; here it is enough that nothing is left open.
func TestPacksHaveClosedQueries(t *testing.T) {
	t.Parallel()
	all, err := loadPacks(packs)
	if err != nil {
		t.Fatal(err)
	}
	for ref, m := range all {
		query := substitute(m.query(), values(spec().Versions[0], 0))
		for _, pair := range []string{"()", "[]", "{}"} {
			if strings.Count(query, pair[:1]) != strings.Count(query, pair[1:]) {
				t.Errorf("%s: unbalanced %s in %s", ref, pair, query)
			}
		}
		if strings.Contains(query, "$") || strings.Contains(query, "\n") {
			t.Errorf("%s: a placeholder or a newline is left in %s", ref, query)
		}
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	s := spec("iter8-knative/error-rate", "iter8-knative/95th-percentile-tail-latency")
	s.Criteria.Indicators = []string{"iter8-knative/mean-latency", "iter8-knative/error-rate", "iter8-knative/error-count"}
	s.Criteria.RequestCount = "iter8-knative/request-count"
	got, err := Describe(s)
	if err != nil {
		t.Fatal(err)
	}
	want := []experiment.Metric{
		{Ref: "iter8-knative/error-rate", Label: "error rate", Units: experiment.Fraction},
		{Ref: "iter8-knative/95th-percentile-tail-latency", Label: "p95 latency", Units: experiment.Milliseconds},
		{Ref: "iter8-knative/mean-latency", Label: "mean latency", Units: experiment.Milliseconds},
		{Ref: "iter8-knative/error-count", Label: "errors"},
		{Ref: "iter8-knative/request-count", Label: "requests"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDescribeNamesEveryUnknownMetric(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name       string
		metrics    []string
		want, hint string
	}{
		{"two", []string{"shop/carts", "iter8-knative/error-rate", "shop/sales"},
			"unknown metric shop/carts, shop/sales; known are iter8-knative/95th-percentile-tail-latency, " +
				"iter8-knative/error-count, iter8-knative/error-rate, iter8-knative/mean-latency, iter8-knative/request-count",
			"write each metric as namespace/name, as the known ones are"},
		{"without its namespace", []string{"error-rate"},
			"unknown metric error-rate; known are iter8-knative/95th-percentile-tail-latency, " +
				"iter8-knative/error-count, iter8-knative/error-rate, iter8-knative/mean-latency, iter8-knative/request-count",
			"write iter8-knative/error-rate in place of error-rate"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := Describe(spec(row.metrics...))
			if err == nil || err.Error() != row.want || experiment.HintOf(err) != row.hint {
				t.Errorf("want %q, %q; got %q, %q", row.want, row.hint, err, experiment.HintOf(err))
			}
		})
	}
}

func TestLoadPacksRefuses(t *testing.T) {
	t.Parallel()
	const good = `apiVersion: iter8.tools/v2alpha2
kind: Metric
metadata: {name: m, namespace: ns, annotations: {perch/label: m}}
spec:
  provider: prometheus
  jqExpression: .data.result[0].value[1] | tonumber
  params: [{name: query, value: up}]
`
	for _, row := range []struct{ name, pack, want string }{
		{"no YAML", "{", "metric pack packs/a.yaml: yaml: "},
		{"unknown field", good + "  jq: x\n", "field jq not found"},
		{"other kind", strings.Replace(good, "Metric", "Experiment", 1), "metric ns/m is no Metric of iter8.tools/v2alpha2"},
		{"no namespace", strings.Replace(good, "namespace: ns,", "", 1), "metric /m lacks a name or a namespace"},
		{"no label", strings.Replace(good, "perch/label", "label", 1), "metric ns/m lacks the annotation perch/label"},
		{"other provider", strings.Replace(good, "prometheus", "newrelic", 1), "metric ns/m is not of the provider prometheus"},
		{"other expression", strings.Replace(good, "[1] |", "[0] |", 1), "metric ns/m has a jqExpression other than .data"},
		{"no query", strings.Replace(good, "name: query", "name: q", 1), "metric ns/m lacks the one parameter query"},
		{"twice", good + "---\n" + good, "metric ns/m stands twice"},
		{"sampleSize of nothing", good + "  sampleSize: n\n", "metric ns/m: there is no sampleSize ns/n"},
		{"sampleSize of another namespace", good + "  sampleSize: o/m\n", "metric ns/m: there is no sampleSize o/m"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := loadPacks(fstest.MapFS{"packs/a.yaml": {Data: []byte(row.pack)}})
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("want an error that says %q, got %v", row.want, err)
			}
		})
	}
}
