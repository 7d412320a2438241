//go:build e2e || faults

package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"perch/experiment"
)

// A world is a sandbox that can be broken, with what looks at it past everything that is broken.
type world struct {
	environment map[string]string // leads programs to it, by way of what can be broken
	control     string            // URL of the switchboard
	typed       kubernetes.Interface
	services    dynamic.ResourceInterface
}

// worlds lends the sandboxes in which tests of faults take turns.
type worlds struct{ free chan *world } // has room for all; never closed

// newWorlds starts n sandboxes that run until the test ends.
func newWorlds(t *testing.T, n int) *worlds {
	t.Helper()
	all := &worlds{free: make(chan *world, n)}
	line := []string{sandboxProgram, "up", "--faults", "--tutorial=green", "--scrape-interval", "500ms", "--rps", "100"}
	var started []*sandbox
	for range n {
		started = append(started, launch(t.Context(), t, nil, line))
	}
	for _, s := range started {
		all.free <- newWorld(t, s.exports(t, 5))
	}
	return all
}

func newWorld(t *testing.T, environment map[string]string) *world {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", environment["PERCH_SANDBOX_DIRECT"])
	if err != nil {
		t.Fatal(err)
	}
	config.WarningHandler = rest.NoWarnings{}
	w := &world{environment: environment, control: environment["PERCH_SANDBOX_FAULTS"]}
	if w.typed, err = kubernetes.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	kind := schema.GroupVersionResource{Group: "serving.knative.dev", Version: "v1", Resource: "services"}
	w.services = objects.Resource(kind).Namespace("default")
	return w
}

// borrow waits for a sandbox, in which the tutorial is at its beginning, with a candidate of the
// image tag. It is given back when the test, and every program that it started, has ended.
func (all *worlds) borrow(t *testing.T, tag string) *world {
	t.Helper()
	w := <-all.free
	t.Cleanup(func() { all.free <- w })
	w.loosen(t)
	w.ask(t, http.MethodPost, "/reset?tag="+tag, "")
	return w
}

// loosen gives the service another template when the baseline's has been restored to it: a reset
// takes it back to that one.
func (w *world) loosen(t *testing.T) {
	t.Helper()
	if w.template(t) != "sample-app-v1" {
		return
	}
	patch := `{"spec":{"template":{"metadata":{"name":"sample-app-loose"}}}}`
	if _, err := w.services.Patch(t.Context(), "sample-app", types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) service(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	s, err := w.services.Get(t.Context(), "sample-app", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// template is the name of the revision that the service's template makes.
func (w *world) template(t *testing.T) string {
	t.Helper()
	name, _, err := unstructured.NestedString(w.service(t).Object, "spec", "template", "metadata", "name")
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// ask sends a request to the switchboard and gives the answer.
func (w *world) ask(t *testing.T, method, path, body string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, w.control+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	text, err := io.ReadAll(response.Body)
	_ = response.Body.Close() // it was only read
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s %s: %d %s (%v)", method, path, body, response.StatusCode, text, err)
	}
	return string(text)
}

// struck waits until the rules that are in force have struck n times.
func (w *world) struck(t *testing.T, n int) {
	t.Helper()
	w.ask(t, http.MethodGet, "/faults?"+url.Values{"struck": {fmt.Sprint(n)}}.Encode(), "")
}

// A split is what the observer saw: what the service asked for from some time on.
type split struct {
	At      time.Time        `json:"at"`
	Percent map[string]int64 `json:"percent"` // by revision
	Manager string           `json:"manager"`
	Targets []struct {
		Tag string `json:"tag"`
	} `json:"targets"`
}

// splits are all that there ever were since the reset, which made the first.
func (w *world) splits(t *testing.T) []split {
	t.Helper()
	var all []split
	for line := range strings.Lines(w.ask(t, http.MethodGet, "/traffic", "")) {
		var s split
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		all = append(all, s)
	}
	return all
}

// releases counts Helm's records of the release by their status.
func (w *world) releases(t *testing.T) map[string]int {
	t.Helper()
	records, err := w.typed.CoreV1().Secrets("iter8-system").List(t.Context(), metav1.ListOptions{LabelSelector: "owner=helm,name=sample-app"})
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, r := range records.Items {
		count[r.Labels["status"]]++
	}
	return count
}

// A driver is where runs of one person's begin: what they leave on the machine is together, so that
// a later run finds it.
type driver struct {
	*world

	home  string
	extra map[string]string // variables of its runs, beside the sandbox's
}

// driver makes one with a home of its own.
func (w *world) driver(t *testing.T) driver {
	t.Helper()
	return driver{world: w, home: t.TempDir()}
}

// run starts perch run -o json, which promotes what wins by Iter8's rule.
func (d driver) run(t *testing.T, file string, args ...string) *sandbox {
	t.Helper()
	environment := maps.Clone(d.environment)
	environment["XDG_STATE_HOME"] = d.home
	maps.Copy(environment, d.extra)
	line := []string{"run", file, "--context", "perch", "-o", "json", "--judge=iter8", "--approve=always"}
	return begin(t, environment, link(t), append(line, args...)...)
}

// quick is the tutorial's experiment with few iterations, in which no latency of a busy machine
// makes a candidate fail.
func quick(t *testing.T, iterations int, change ...string) string {
	t.Helper()
	change = append(change, "iterationsPerLoop: 10", fmt.Sprintf("iterationsPerLoop: %d", iterations),
		"upperLimit: 50", "upperLimit: 5000", "upperLimit: 100", "upperLimit: 10000")
	return short(t, change...)
}

// records are the files in which the runs of a driver were recorded.
func (d driver) records(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(d.home, "perch", "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// read is the text of a file.
func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// An ending is how a run ends.
type ending struct {
	outcome experiment.Outcome
	code    int
	traffic string // "" : any
}
