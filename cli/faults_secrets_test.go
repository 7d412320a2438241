//go:build e2e || faults

package cli

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
)

// A plant puts secrets where a run finds them, and says which.
type plant struct {
	name string
	args []string
	// environment are variables of the run, from those of the sandbox.
	environment func(map[string]string) map[string]string
	secrets     []string
}

func plants() []plant {
	return []plant{
		{
			name: "secrets: tokens and headers", args: []string{"--prometheus-header=X-Api-Key=plantedheader4711"},
			environment: func(map[string]string) map[string]string {
				return map[string]string{"PERCH_PROMETHEUS_TOKEN": "plantedtoken4711"}
			},
			secrets: []string{"plantedheader4711", "plantedtoken4711"},
		},
		{
			name: "secrets: passwords in URLs",
			environment: func(sandbox map[string]string) map[string]string {
				with := func(url, login string) string { return strings.Replace(url, "=http://", "=http://"+login+"@", 1) }
				return map[string]string{
					"PERCH_PROMETHEUS": strings.TrimPrefix(with("="+sandbox["PERCH_PROMETHEUS"], "ann:plantedpassword4711"), "="),
					"PERCH_MIRROR":     with(sandbox["PERCH_MIRROR"], "bob:plantedmirror4711"),
				}
			},
			secrets: []string{"plantedpassword4711", "plantedmirror4711"},
		},
	}
}

// plantedValue is that of the finish action, under a name that sounds secret.
const plantedValue = "plantedvalue4711"

// search lets a run with planted secrets into every kind of error, until a promotion has failed, and
// another promotes; then nothing that the two left or said may hold one of the secrets.
func (s plant) search(t *testing.T, all *worlds, r *report) {
	t.Helper()
	w := all.borrow(t, "green")
	config, err := clientcmd.LoadFromFile(w.environment["KUBECONFIG"])
	if err != nil {
		t.Fatal(err)
	}
	secrets := append(s.secrets, plantedValue, config.AuthInfos["perch"].Token)
	p := &stage{trial: r.trial(t, w, s.name), driver: w.driver(t)}
	p.driver.extra = s.environment(w.environment)
	const chart = `- "sample-app" # chart name`
	p.file = quick(t, 24, chart, chart+"\n          - \"--set=login.password="+plantedValue+"\"")
	args := append(slices.Clone(s.args), "--outage-budget=30", "--debug", filepath.Join(p.driver.home, "debug.log"))

	p.run = p.driver.run(t, p.file, args...)
	p.reach("shifted", 1)
	for _, rules := range everyError() {
		w.ask(t, http.MethodPut, "/faults", rules)
		p.run.until(t, "measured", 1)
	}
	w.ask(t, http.MethodPut, "/faults", `[{`+onNewRelease+`,"times":1,"do":"status","code":500}]`)
	first := p.run
	got, _ := p.rest(p.run)
	want := notPromoted()
	want.traffic = ""
	p.compare(got, want)
	p.find(secrets, first)
	p.again(promoted(), args)
	p.find(secrets, p.run)
	p.runs = 2
	p.observe()
	p.released(1)
}

// everyError is rules, one after the other, that let every way to a server fail in every way.
func everyError() (list []string) {
	for _, do := range slices.Sorted(maps.Values(outages())) {
		list = append(list, `[{`+onMetrics+`,`+do+`}]`)
	}
	for _, do := range []string{
		`"status","code":401`, `"status","code":403`, `"status","code":404`, `"status","code":409`, `"status","code":422`, `"status","code":500`, `"truncate"`, `"reset"`,
	} {
		list = append(list, `[{`+onService+`,"do":`+do+`},{`+onCheckpoint+`,"do":`+do+`}]`)
	}
	return list
}

// find searches all that a run left or said.
func (p *stage) find(secrets []string, run *sandbox) {
	p.Helper()
	places := map[string]string{"standard output": run.raw.String(), "standard error": run.err.String(), "lines": p.said()}
	for _, file := range append(p.driver.records(p.T), filepath.Join(p.driver.home, "debug.log")) {
		places[filepath.Base(file)] = read(p.T, file)
	}
	places["checkpoint"], places["lease"] = p.world.checkpoint(p.T), p.world.lease(p.T)
	for place, text := range places {
		if text == "" && place != "standard error" { // where a run without doubts says nothing
			p.violate("nothing to search in %s", place)
		}
		for _, secret := range secrets {
			if i := strings.Index(text, secret); i >= 0 {
				p.violate("%s has %s: %s", place, secret, text[max(0, i-200):min(len(text), i+60)])
			}
		}
	}
}

// checkpoint is the one that is kept, unpacked, and the object around it.
func (w *world) checkpoint(t *testing.T) string {
	t.Helper()
	o, err := w.typed.CoreV1().ConfigMaps("default").Get(t.Context(), "perch-sample-app", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(o.ObjectMeta, o.Data)
	for _, packed := range o.BinaryData {
		unpacked, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(unpacked)
		if err != nil {
			t.Fatal(err)
		}
		text += string(data)
	}
	return text
}

func (w *world) lease(t *testing.T) string {
	t.Helper()
	o, err := w.typed.CoordinationV1().Leases("default").Get(t.Context(), "perch-sample-app", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
