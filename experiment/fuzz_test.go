package experiment

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// Whatever a file holds, Parse gives a spec that can run and be recorded, or says what is wrong.
func FuzzParse(f *testing.F) {
	for _, file := range []string{"tutorial.yaml", "mistakes.yaml", "kubectl.yaml"} {
		f.Add(string(testdata(f, file)))
	}
	f.Add(small(f, "", ""))
	f.Add("spec: &a {spec: *a, versionInfo: *a, criteria: *a}")
	for _, seed := range awkwardYAML() {
		f.Add(seed)
	}
	f.Add("{? {a: b} : c, <<: [], spec: {versionInfo: {baseline: , candidates: [~]}}}")
	f.Fuzz(func(t *testing.T, text string) {
		spec, err := Parse("f", []byte(text))
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		if len(spec.Versions) != 2 || spec.Duration.Iterations() < 1 || len(spec.Criteria.Objectives) == 0 {
			t.Errorf("no experiment: %+v", spec)
		}
		for _, task := range spec.Finish {
			if _, err := task.Helm(spec.Candidate()); err != nil {
				t.Errorf("a task that was accepted cannot be done: %v", err)
			}
		}
		if _, err := json.Marshal(spec); err != nil {
			t.Errorf("cannot be recorded: %v", err)
		}
	})
}

// Whatever a line of a record holds, it is refused, or it survives being written again, and a
// state that meets it stays usable.
func FuzzEvent(f *testing.F) {
	for i, fact := range facts(f) {
		line, err := json.Marshal(Event{i + 1, start(), fact})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(line))
	}
	f.Fuzz(func(t *testing.T, line string) {
		var e, back Event
		if json.Unmarshal([]byte(line), &e) != nil {
			return
		}
		once, err := json.Marshal(e)
		if err != nil {
			t.Fatalf("%s cannot be written: %v", line, err)
		}
		if err := json.Unmarshal(once, &back); err != nil {
			t.Fatalf("%s cannot be read: %v", once, err)
		}
		twice, err := json.Marshal(back)
		if err != nil || string(once) != string(twice) {
			t.Errorf("want %s\n got %s, %v", once, twice, err)
		}
		for _, s := range []State{{}, begin(tutorial(t), BaselineOnly(2)).state} {
			s = s.Apply(e)
			for _, wish := range Wishes() {
				if err := s.Permits(Command{Wish: wish}); err != nil && strings.TrimSpace(err.Error()) == "" {
					t.Errorf("%s is refused without words", wish)
				}
			}
		}
	})
}

// awkwardYAML are files that have broken readers of YAML, and experiments that nearly are none.
func awkwardYAML() []string {
	const head = "apiVersion: iter8.tools/v2alpha2\nkind: Experiment\nmetadata: {name: a}\nspec:\n  target: a/b\n"
	return []string{
		"", "---\n---\n", "~", "[]", "- a", "a: b: c", "\t", "\ufeff{}", "!!binary aGk=", "!<x> {}", "%YAML 9.9\n---\n{}", "a: *b", "&a [*a]",
		"a: &a {b: *a}", "<<: {spec: 1}", "{<<: [{a: b}, {a: c}]}", "spec: .nan", "spec: 0x_", "spec: 0o7", "spec: 1:30", "spec: 2001-01-01",
		"? |\n  a\n: b", "a: |+9\n b", "{\"spec\": \"\\ud800\"}",
		head + "  duration: {intervalSeconds: .inf, iterationsPerLoop: -0, maxLoops: 1e3}",
		head + "  duration: {intervalSeconds: 31536000, iterationsPerLoop: 1000000, maxLoops: 1000000}",
		head + "  strategy: {testingPattern: Canary, weights: {maxCandidateWeight: 101, maxCandidateWeightIncrement: -1}}",
		head + "  criteria: {objectives: [{metric: a/b, upperLimit: 99999999999999999999Ki, lowerLimit: -.inf}, ~, {}, [], {metric: /}]}",
		head + "  criteria: {objectives: [{metric: b, upperLimit: 1e-400}, {metric: b, upperLimit: '0.01', rollback_on_failure: maybe}]}",
		head + "  versionInfo: {baseline: {name: a, variables: [{name: revision, value: 1}, {name: revision}]}, candidates: [{name: a}, {name: a}]}",
		head + "  versionInfo: {baseline: {name: a, weightObjRef: {fieldPath: '.spec.traffic[99999999999999999999].percent'}}, candidates: []}",
		head + "  strategy: {actions: {finish: [{task: common/exec, with: {cmd: helm, args: [upgrade, '{{ .a.b }}', '{{', --timeout, 9999999h]}}]}}",
		head + "  strategy: {actions: {start: [{task: common/exec, with: {cmd: bash, args: [-c, '{{ range . }}']}}, {run: 'exit 1'}], loop: [~]}}",
	}
}

// FuzzHelm: whatever stands behind helm in a task, it is refused, or an upgrade of one release that
// is the same when it is asked for again.
func FuzzHelm(f *testing.F) {
	for _, args := range []string{
		"upgrade\na\nb", "upgrade\n--install\n--repo\nhttps://x/\na\n--namespace=b\nc\n--values=x,y\n-f\nz", "rollback\na",
		"upgrade\n--set\na={{ .b }}\n--set-string=c=d\na\nb\n--timeout\n5m", "upgrade\n--\na\nb", "upgrade\n-\n--", "upgrade\n--timeout=-1ns\na\nb",
		"upgrade\n-h", "upgrade\na\nb\nc", "upgrade\n--wait=maybe\na\nb", "upgrade\n{{ .promote }}\n{{ .x | y }}", "upgrade\n{{\n}}", "", "upgrade",
	} {
		f.Add(args, "promote", "candidate")
	}
	f.Fuzz(func(t *testing.T, args, name, value string) {
		v := Version{Name: "v", Variables: map[string]string{name: value}}
		task := Task{Name: ExecTask, Cmd: "helm", Args: strings.Split(args, "\n")}
		once, err := task.Helm(v)
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Error("an error without words")
			}
			return
		}
		twice, err := task.Helm(v)
		if once.Release == "" || once.Chart == "" || err != nil || !reflect.DeepEqual(once, twice) {
			t.Errorf("no upgrade: %+v, then %+v, %v", once, twice, err)
		}
	})
}
