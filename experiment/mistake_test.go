package experiment

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseReportsAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	_, err := Parse("mistakes.yaml", testdata(t, "mistakes.yaml"))
	want := strings.TrimSpace(string(testdata(t, "mistakes.golden")))
	if diff := cmp.Diff(want, errorText(err)); diff != "" {
		t.Error(diff)
	}
}

func TestParseReportsEachMistakeOnce(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, field, value, want string }{
		{"number", "maxLoops: 1", "maxLoops: [1]", "spec.duration.maxLoops: is a list, want one value"},
		{"limit", "upperLimit: 50", "upperLimit: {a: b}", "spec.criteria.objectives[0].upperLimit: is an object, want one value"},
		{"truth", "rollback_on_failure: true", "rollback_on_failure: []", "spec.criteria.objectives[0].rollback_on_failure: is a list, want one value"},
		{"pattern", "testingPattern: Canary", "testingPattern: [Canary]", "spec.strategy.testingPattern: is a list, want one value"},
		{"no command", "cmd: helm, ", "", "spec.strategy.actions.finish[0].with.cmd: is missing"},
		{"text", "name: shop", "name: {a: b}", "metadata.name: is an object, want one value"},
		{"object", "duration: {maxLoops: 1}", "duration: 5", "spec.duration: is one value, want an object"},
		{"list", "indicators: []", "indicators: {}", "spec.criteria.indicators: is an object, want a list"},
		{"element", "indicators: []", "indicators: [[]]", "spec.criteria.indicators[0]: is a list, want one value"},
		{"annotation", "name: shop", "name: shop, annotations: {a: [b]}", "metadata.annotations.a: is a list, want one value"},
		{"no number", "maxLoops: 1", "maxLoops: 1.5", `spec.duration.maxLoops: is "1.5", want a whole number from 1 to 2147`},
		{"missing element", "indicators: []", "indicators: [null]", "spec.criteria.indicators[0]: is empty, want one value"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("f", []byte(small(t, row.field, row.value)))
			_, got, _ := strings.Cut(errorText(err), " ")
			if got != row.want {
				t.Errorf("want %q, got %q", row.want, got)
			}
		})
	}
}

func TestParseReportsAFileThatIsNoExperiment(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, file, want string }{
		{"nothing", "", "f: is empty: expected an Iter8 Experiment (apiVersion: iter8.tools/v2alpha2)"},
		{"comments", "# nothing\n---\n# here\n", "f: is empty: expected an Iter8 Experiment (apiVersion: iter8.tools/v2alpha2)"},
		{"text", "hello", "f:1: is one value, want an object"},
		{"list", "\n[]", "f:2: is a list, want an object"},
		{"no YAML", "a: {", "f: is no YAML: line 1: did not find expected node content"},
		{"two documents", "a: b\n---\nc: d", "f: holds more than one document: give each experiment a file of its own"},
		{"other kind", strings.Replace(small(t, "", ""), "kind: Experiment", "kind: Service", 1), `f:2: kind: is "Service", want Experiment`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("f", []byte(row.file))
			if got := errorText(err); got != row.want {
				t.Errorf("want %q, got %q", row.want, got)
			}
			if _, ok := errors.AsType[*SpecError](err); !ok {
				t.Errorf("want a *SpecError, got %T", err)
			}
		})
	}
}

// The fields of a JSON file are all on one line; their mistakes still come in one order.
func TestMistakesOfOneLineAreInOneOrder(t *testing.T) {
	t.Parallel()
	file := []byte(small(t, "duration: {maxLoops: 1}", "duration: {d: 1, b: 1, a: 1, c: 1}"))
	want := "f:12: spec.duration.a: unknown field\nf:12: spec.duration.b: unknown field\n" +
		"f:12: spec.duration.c: unknown field\nf:12: spec.duration.d: unknown field"
	for range 20 {
		_, err := Parse("f", file)
		if diff := cmp.Diff(want, errorText(err)); diff != "" {
			t.Fatal(diff)
		}
	}
}

// small is a short experiment without mistakes, with one piece of it replaced.
func small(tb testing.TB, piece, by string) string {
	tb.Helper()
	text := `apiVersion: iter8.tools/v2alpha2
kind: Experiment
metadata: {name: shop}
spec:
  target: default/shop
  strategy:
    testingPattern: Canary
    actions: {finish: [{task: common/exec, with: {cmd: helm, args: [upgrade, shop, shop]}}]}
  criteria:
    indicators: []
    objectives: [{metric: a/b, upperLimit: 50, rollback_on_failure: true}]
  duration: {maxLoops: 1}
  versionInfo:
    baseline: {name: current, variables: [{name: revision, value: v1}]}
    candidates: [{name: candidate, variables: [{name: revision, value: v2}]}]
`
	if !strings.Contains(text, piece) {
		tb.Fatalf("there is no %q to replace", piece)
	}
	return strings.Replace(text, piece, by, 1)
}

func testdata(tb testing.TB, file string) []byte {
	tb.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
