package metricsq

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

// pack writes a pack with one metric whose spec is given, and names the file.
func pack(t *testing.T, spec string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pack.yaml")
	text := "apiVersion: iter8.tools/v2alpha2\nkind: Metric\n" +
		"metadata: {name: m, namespace: own, annotations: {perch/label: m}}\nspec:\n" + spec
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// measureOwn measures the metric of a pack for the baseline.
func measureOwn(t *testing.T, prometheus, spec string) experiment.Sample {
	t.Helper()
	c, err := Open(Options{URL: prometheus, Packs: []string{pack(t, spec)}, Backoff: -1})
	if err != nil {
		t.Fatal(err)
	}
	return c.Measure(t.Context(), own(), since(), now())[0]
}

// own refers to the metric of pack, of one version.
func own() experiment.Spec {
	s := spec("own/m")
	s.Versions = s.Versions[:1]
	s.Versions[0].Variables["say"] = `"hi"`
	return s
}

func TestForeignRequest(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, spec, want string }{
		{"parameters", "  params: [{name: nrql, value: \"SELECT x WHERE v='$name' SINCE $elapsedTime sec ago\"}]\n",
			"GET /api?a=b&nrql=SELECT+x+WHERE+v%3D%27current%27+SINCE+10+sec+ago  "},
		{"headers", "  headerTemplates: [{name: X-Scope, value: shop}]\n", "GET /api?a=b shop "},
		{"body", "  method: POST\n  body: '{\"last\": ${elapsedTime}, \"who\": \"$say\"}'\n",
			`POST /api?a=b  {"last": 10, "who": "\"hi\""}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := make(chan string, 1)
			backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got <- fmt.Sprintf("%s %s %s %s", r.Method, r.RequestURI, r.Header.Get("X-Scope"), body)
				if user, _, ok := r.BasicAuth(); ok {
					t.Errorf("the login of Prometheus was sent: %s", user)
				}
				_, _ = w.Write([]byte(`{"results":[{"average":7.5}]}`))
			}))
			t.Cleanup(backend.Close)
			s := measureOwn(t, "http://scott:tiger@prometheus", "  provider: newrelic\n  jqExpression: .results[0] | .[]\n"+
				"  urlTemplate: "+backend.URL+"/api?a=b\n"+row.spec)
			if s.Value == nil || *s.Value != 7.5 {
				t.Errorf("want 7.5, got %+v", s)
			}
			if diff := cmp.Diff(row.want, <-got); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(s.Query, "a=b") || strings.Contains(s.Query, "shop") {
				t.Errorf("the address' own parameters or the headers are shown: %s", s.Query)
			}
		})
	}
}

func TestForeignAnswers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		backend http.HandlerFunc
		jq      string
		want    experiment.Sample
	}{
		{"integer", answering(200, `{"v":7}`), ".v", experiment.Sample{Value: new(7.0)}},
		{"first of several", answering(200, `[1.5,2]`), ".[]", experiment.Sample{Value: new(1.5)}},
		{"text made a number", answering(200, `"3"`), "tonumber", experiment.Sample{Value: new(3.0)}},
		{"big integer", answering(200, `"1"`), "100000000000000000000", experiment.Sample{Value: new(1e20)}},
		{"text", answering(200, `"3"`), ".", experiment.Sample{Missing: experiment.NotANumber, Detail: "jqExpression: a string"}},
		{"null", answering(200, `{}`), ".v", experiment.Sample{Missing: experiment.NoSeries, Detail: "jqExpression: null"}},
		{"no output", answering(200, `[]`), ".[]", experiment.Sample{Missing: experiment.NoSeries, Detail: "jqExpression: no output"}},
		{"other shape", answering(200, `7`), ".v", experiment.Sample{Missing: experiment.NotANumber,
			Detail: `jqExpression: expected an object but got: number (7)`}},
		{"NaN", answering(200, `0`), "nan", experiment.Sample{Missing: experiment.NoRequests}},
		{"infinite", answering(200, `0`), "infinite", experiment.Sample{Missing: experiment.NotANumber, Detail: "+Inf"}},
		{"no environment", answering(200, `0`), "env | length", experiment.Sample{Value: new(0.0)}},
		{"web page", answering(200, "<html>"), ".v", experiment.Sample{Missing: experiment.Rejected, Detail: "the answer is not JSON"}},
		{"down", answering(503, ""), ".v", experiment.Sample{Missing: experiment.Unreachable, Detail: "HTTP 503 Service Unavailable"}},
		{"refused", answering(401, ""), ".v", experiment.Sample{Missing: experiment.Rejected, Detail: "HTTP 401 Unauthorized"}},
		{"cut off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ".v",
			experiment.Sample{Missing: experiment.Unreachable, Detail: "EOF"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			backend := httptest.NewServer(row.backend)
			t.Cleanup(backend.Close)
			got := measureOwn(t, "http://prometheus", "  provider: other\n  jqExpression: "+row.jq+"\n  urlTemplate: "+backend.URL+"\n")
			row.want.Metric, row.want.Version, row.want.Query = "own/m", "current", "GET "+backend.URL
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestForeignBodyMustStayJSON(t *testing.T) {
	t.Parallel()
	got := measureOwn(t, "http://prometheus", "  provider: other\n  jqExpression: .v\n  urlTemplate: http://127.0.0.1:1\n"+
		"  method: POST\n  body: '{\"v\": $name}'\n")
	if got.Missing != experiment.Rejected || got.Detail != "the body is no JSON once its placeholders are filled" {
		t.Errorf("want rejected, got %+v", got)
	}
}

func TestPrometheusAnswerByAnotherExpression(t *testing.T) {
	t.Parallel()
	c := open(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.FormValue("query") + " " + r.FormValue("time"); got != "up 1772366410" {
			t.Errorf("want up 1772366410, got %s", got)
		}
		_, _ = w.Write([]byte(one("3")))
	})
	all, err := loadCatalog(pack(t, "  provider: prometheus\n  params: [{name: query, value: up}]\n  jqExpression: .data.result | length * 2\n"))
	if err != nil {
		t.Fatal(err)
	}
	c.catalog = all
	if got := c.Measure(t.Context(), own(), since(), now())[0]; got.Value == nil || *got.Value != 2 {
		t.Errorf("want 2, got %+v", got)
	}
}

func TestUserPacks(t *testing.T) {
	t.Parallel()
	const mine = "apiVersion: iter8.tools/v2alpha2\nkind: Metric\n" +
		"metadata: {name: error-rate, namespace: iter8-knative, annotations: {perch/label: mine}}\n" +
		"spec: {provider: prometheus, params: [{name: query, value: up}]}\n"
	write := func(name, text string) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	got, err := Describe(spec("iter8-knative/error-rate"), write("a.yaml", mine))
	if err != nil || got[0].Label != "mine" || got[0].Family != "" {
		t.Errorf("want the user's metric without a family, got %+v, %v", got, err)
	}
	for name, row := range map[string]struct {
		files []string
		want  string
	}{
		"no file":     {[]string{filepath.Join(t.TempDir(), "none.yaml")}, "none.yaml: no such file"},
		"twice":       {[]string{write("a.yaml", mine), write("b.yaml", "\n"+mine)}, "b.yaml:2: metric iter8-knative/error-rate stands twice"},
		"with a line": {[]string{write("c.yaml", mine+"x: y\n")}, "c.yaml: line 5: field x is unknown"},
	} {
		_, err := Describe(spec(), row.files...)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: want an error that says %q, got %v", name, row.want, err)
		}
	}
}

// What the documentation shows can be used.
func TestDocumentedPackLoads(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```")
	var packs []string
	for i := 1; i < len(blocks); i += 2 {
		if yaml, ok := strings.CutPrefix(blocks[i], "yaml\n"); ok {
			packs = append(packs, yaml)
		}
	}
	if len(packs) != 3 {
		t.Fatalf("want 3 blocks of YAML, got %d", len(packs))
	}
	head := "apiVersion: iter8.tools/v2alpha2\nkind: Metric\nmetadata: {name: sessions, namespace: shop, annotations: {perch/label: s}}\n"
	file := filepath.Join(t.TempDir(), "shop.yaml")
	if err := os.WriteFile(file, []byte(packs[0]+"---\n"+packs[1]+"---\n"+head+packs[2]), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Describe(spec("shop/error-rate", "shop/sessions"), file)
	if err != nil || got[0].Family != "shop" || got[0].Kind != experiment.ErrorRate {
		t.Errorf("want the metrics of the documentation, got %+v, %v", got, err)
	}
}
