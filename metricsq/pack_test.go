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
	all, err := loadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Sorted(maps.Keys(all.metrics))
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
	all, err := loadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	for ref, m := range all.metrics {
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
		{Ref: "iter8-knative/error-rate", Label: "error rate", Units: experiment.Fraction,
			Family: "iter8-knative", Kind: experiment.ErrorRate},
		{Ref: "iter8-knative/95th-percentile-tail-latency", Label: "p95 latency", Units: experiment.Milliseconds,
			Family: "iter8-knative", Kind: experiment.TailQuantile, Quantile: 0.95},
		{Ref: "iter8-knative/mean-latency", Label: "mean latency", Units: experiment.Milliseconds,
			Family: "iter8-knative", Kind: experiment.MeanLatency},
		{Ref: "iter8-knative/error-count", Label: "errors", Family: "iter8-knative"},
		{Ref: "iter8-knative/request-count", Label: "requests", Family: "iter8-knative"},
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

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	const good = `apiVersion: iter8.tools/v2alpha2
kind: Metric
metadata: {name: m, namespace: ns, annotations: {perch/label: m}}
spec:
  provider: prometheus
  jqExpression: .data.result[0].value[1] | tonumber
  params: [{name: query, value: up}]
`
	const fine = `apiVersion: perch/v1
kind: Family
metadata: {name: f}
spec: {histogram: h, milliseconds: 1, selector: {pod: $name}, errors: {label: code, is: 5..}}
`
	annotate := func(text string) string {
		return strings.Replace(good, "perch/label: m", "perch/label: m, "+text, 1)
	}
	for _, row := range []struct{ name, pack, want string }{
		{"no YAML", "{", "metric pack packs/a.yaml: line 1: "},
		{"unknown field", good + "  jq: x\n", "metric pack packs/a.yaml: line 8: field jq is unknown"},
		{"unknown field of the second", good + "---\n" + fine + "x: y", "metric pack packs/a.yaml: line 13: field x is unknown"},
		{"no object", "- a", "metric pack packs/a.yaml:1: not an object with a kind"},
		{"other kind", "\n" + strings.Replace(good, "Metric", "Experiment", 1), `metric pack packs/a.yaml:2: kind "Experiment" is neither`},
		{"other version", strings.Replace(good, "v2alpha2", "v1", 1), "metric pack packs/a.yaml:1: metric ns/m is no Metric of"},
		{"no namespace", strings.Replace(good, "namespace: ns,", "", 1), "metric /m lacks a name or a namespace"},
		{"no label", strings.Replace(good, "perch/label", "label", 1), "metric ns/m lacks the annotation perch/label"},
		{"other provider", strings.Replace(good, "prometheus", "newrelic", 1), "metric ns/m is not of the provider prometheus"},
		{"other expression", strings.Replace(good, "[1] |", "[0] |", 1), "metric ns/m has a jqExpression other than .data"},
		{"no query", strings.Replace(good, "name: query", "name: q", 1), "metric ns/m lacks the one parameter query"},
		{"twice", good + "---\n" + good, "packs/a.yaml:9: metric ns/m stands twice"},
		{"sampleSize of nothing", good + "  sampleSize: n\n", "metric ns/m: there is no sampleSize ns/n"},
		{"sampleSize of another namespace", good + "  sampleSize: o/m\n", "metric ns/m: there is no sampleSize o/m"},
		{"family of nothing", annotate("perch/family: f"), "metric ns/m: there is no family f"},
		{"unknown kind", annotate("perch/family: f, perch/kind: p95"), "none of errorRate, quantile and mean"},
		{"kind without family", annotate("perch/kind: mean"), "has a perch/kind but no perch/family"},
		{"quantile without kind", annotate(`perch/quantile: "0.9"`), "needs perch/quantile"},
		{"kind without quantile", annotate("perch/family: f, perch/kind: quantile"), "needs perch/quantile"},
		{"quantile of 95", annotate(`perch/family: f, perch/kind: quantile, perch/quantile: "95"`), "needs perch/quantile"},
		{"errors of a family without", annotate("perch/family: f, perch/kind: errorRate") + "---\n" +
			strings.Replace(fine, ", errors: {label: code, is: 5..}", "", 1), "family f does not tell errors"},
		{"latency of a family without", annotate("perch/family: f, perch/kind: mean") + "---\n" +
			strings.Replace(fine, "histogram", "counter", 1), "family f has no latencies"},
		{"family twice", fine + "---\n" + fine, "packs/a.yaml:6: family f stands twice"},
		{"family of another version", strings.Replace(fine, "perch/v1", "perch/v2", 1), "family f is none of perch/v1"},
		{"family without name", strings.Replace(fine, "name: f", "", 1), "family  lacks a name"},
		{"family of both", strings.Replace(fine, "histogram: h", "histogram: h, counter: c", 1), "needs either a histogram or a counter"},
		{"family without unit", strings.Replace(fine, "milliseconds: 1, ", "", 1), "needs milliseconds"},
		{"family without selector", strings.Replace(fine, "{pod: $name}", "{}", 1), "needs a selector"},
		{"slack", strings.Replace(fine, "milliseconds: 1", "milliseconds: 1, sumSlack: 1", 1), "sumSlack that is no fraction"},
		{"errors without label", strings.Replace(fine, "label: code, ", "", 1), "errors need a label"},
		{"errors both ways", strings.Replace(fine, "is: 5..", "is: 5.., isNot: 2..", 1), "one of is and isNot"},
		{"errors by no expression", strings.Replace(fine, "is: 5..", "is: (", 1), "family f: errors: error parsing regexp"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := loadBuiltIn(fstest.MapFS{"packs/a.yaml": {Data: []byte(row.pack)}})
			if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "metricsq") {
				t.Errorf("want an error that says %q, got %v", row.want, err)
			}
		})
	}
}
