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
	var want []string
	for namespace, names := range map[string]string{
		"iter8-istio":     "95th-percentile-tail-latency error-count error-rate le500ms-latency-percentile mean-latency request-count",
		"iter8-kfserving": "95th-percentile-tail-latency error-count error-rate mean-latency request-count",
		"iter8-knative":   "95th-percentile-tail-latency error-count error-rate mean-latency request-count",
		"iter8-linkerd":   "95th-percentile-tail-latency error-count error-rate le5ms-latency-percentile mean-latency request-count",
		"iter8-seldon":    "95th-percentile-tail-latency error-count error-rate mean-latency request-count user-engagement",
		"knative":         "95th-percentile-tail-latency error-count error-rate mean-latency request-count",
		"knative-1.19":    "error-count error-rate request-count",
		"kourier":         "95th-percentile-tail-latency error-count error-rate mean-latency request-count",
	} {
		for name := range strings.FieldsSeq(names) {
			want = append(want, namespace+"/"+name)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// anyVersion has every variable that a pack asks for.
func anyVersion() experiment.Version {
	return experiment.Version{Name: "v1", Variables: map[string]string{
		"revision": "r1", "namespace": "shop", "sid": "s1", "ns": "shop",
	}}
}

// Prometheus parses the queries in the sandbox's tests; here it is enough that nothing is left open.
func TestPacksHaveClosedQueries(t *testing.T) {
	t.Parallel()
	all, err := loadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	for ref, m := range all.metrics {
		query := substitute(m.query(), values(anyVersion(), 0))
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

func TestFamiliesChooseSeries(t *testing.T) {
	t.Parallel()
	all, err := loadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for name, f := range all.families {
		chosen, err := f.choose([]experiment.Version{anyVersion()})
		if err != nil {
			t.Fatal(err)
		}
		got[name] = chosen.promQL(chosen.countNames())
	}
	want := map[string]string{
		"iter8-istio":        `{__name__=~"istio_request_duration_milliseconds(_count)?",destination_workload=~"v1",destination_workload_namespace=~"shop",reporter=~"source"}`,
		"iter8-kfserving":    `{__name__=~"revision_app_request_latencies(_count)?",namespace_name=~"shop"}`,
		"iter8-knative":      `{__name__=~"revision_app_request_latencies(_count)?",revision_name=~"r1"}`,
		"iter8-linkerd":      `{__name__=~"response_latency_ms(_count)?",deployment=~"v1",direction=~"inbound",namespace=~"shop",tls=~"true"}`,
		"iter8-seldon":       `{__name__=~"seldon_api_executor_server_requests_seconds(_count)?",kubernetes_namespace=~"shop",seldon_deployment_id=~"s1"}`,
		"iter8-seldon-model": `{__name__=~"seldon_api_executor_client_requests_seconds(_count)?",kubernetes_namespace=~"shop",seldon_deployment_id=~"s1"}`,
		"knative":            `{__name__=~"kn_serving_invocation_duration_seconds(_count)?",k8s_namespace_name=~"shop",kn_revision_name=~"r1"}`,
		"knative-1.19":       `{__name__=~"kn_queueproxy_app_duration_seconds_count",k8s_namespace_name=~"shop",kn_revision_name=~"r1"}`,
		"kourier":            `{__name__=~"envoy_cluster_upstream_rq_xx",envoy_cluster_name=~"shop/r1"}`,
		"kourier-latency":    `{__name__=~"envoy_cluster_upstream_rq_time(_count)?",envoy_cluster_name=~"shop/r1"}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMatcher(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		m     *matcher
		value string
		want  bool
	}{
		{nil, "500", false},
		{&matcher{Label: "class", IsNot: "2xx"}, "2xx", false},
		{&matcher{Label: "class", IsNot: "2xx"}, "3xx", true},
		{&matcher{Label: "class", IsNot: "2xx"}, "", true},
		{&matcher{Label: "code", Is: "5.."}, "503", true},
		{&matcher{Label: "code", Is: "5.."}, "1503", false},
		{&matcher{Label: "code", Is: "5..|0"}, "0", true},
		{&matcher{Label: "code", Is: "5..|0"}, "", false},
	} {
		if got := row.m.match(row.value); got != row.want {
			t.Errorf("%+v matches %q: want %v, got %v", row.m, row.value, row.want, got)
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
			"unknown metric shop/carts, shop/sales; known are iter8-istio/…, iter8-kfserving/…, iter8-knative/…, " +
				"iter8-linkerd/…, iter8-seldon/…, knative-1.19/…, knative/…, kourier/…",
			"write each metric as namespace/name, as the known ones are"},
		{"without its namespace", []string{"error-rate"},
			"unknown metric error-rate; known are iter8-istio/…, iter8-kfserving/…, iter8-knative/…, " +
				"iter8-linkerd/…, iter8-seldon/…, knative-1.19/…, knative/…, kourier/…",
			"write iter8-knative/error-rate in place of error-rate"},
		{"in a namespace that has others", []string{"knative/errors"},
			"unknown metric knative/errors; known are knative/95th-percentile-tail-latency, knative/error-count, " +
				"knative/error-rate, knative/mean-latency, knative/request-count",
			"write each metric as namespace/name, as the known ones are"},
		{"only elsewhere", []string{"shop/user-engagement"},
			"unknown metric shop/user-engagement; known are iter8-istio/…, iter8-kfserving/…, iter8-knative/…, " +
				"iter8-linkerd/…, iter8-seldon/…, knative-1.19/…, knative/…, kourier/…",
			"write iter8-seldon/user-engagement in place of shop/user-engagement"},
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
	const foreign = `apiVersion: iter8.tools/v2alpha2
kind: Metric
metadata: {name: m, namespace: ns, annotations: {perch/label: m}}
spec:
  provider: newrelic
  jqExpression: .value
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
		{"no expression", strings.Replace(good, "| tonumber", "| |", 1), "metric ns/m: jqExpression: unexpected token"},
		{"unknown function", strings.Replace(good, "tonumber", "fetch", 1), "metric ns/m: jqExpression: function not defined: fetch/0"},
		{"login of its own", good + "  secret: ns/s\n", "metric ns/m brings its own login"},
		{"mock", good + "  mock: [{name: v1, level: 15}]\n", "metric ns/m has a mock"},
		{"other provider without address", strings.Replace(good, "prometheus", "newrelic", 1), "metric ns/m needs a urlTemplate"},
		{"address with a login", foreign + "  urlTemplate: http://a:b@host\n", "metric ns/m needs a urlTemplate"},
		{"other provider with a secret", foreign + "  urlTemplate: http://host\n  secret: ns/s\n", "metric ns/m needs a secret"},
		{"other provider without expression", strings.Replace(foreign, "jqExpression: .value", "units: s", 1) + "  urlTemplate: http://host\n",
			"metric ns/m needs a jqExpression"},
		{"other method", foreign + "  urlTemplate: http://host\n  method: PUT\n", "has a method other than GET and POST"},
		{"body of a GET", foreign + "  urlTemplate: http://host\n  body: '{}'\n", "has a body, and a method other than POST"},
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
