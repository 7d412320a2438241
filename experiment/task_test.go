package experiment

import (
	"strings"
	"testing"
)

func TestInterpolate(t *testing.T) {
	t.Parallel()
	v := Version{Name: "candidate", Variables: map[string]string{"promote": "blue&green", "revision": "v2"}}
	for _, row := range []struct{ name, text, want, err string }{
		{"nothing to fill", "upgrade", "upgrade", ""},
		{"variable", "{{ .promote }}-values.yaml", "blue&green-values.yaml", ""},
		{"without spaces", "{{.promote}}{{.revision}}", "blue&greenv2", ""},
		{"with trim marks", "{{- .revision -}}", "v2", ""},
		{"name of the version", "{{ .name }}", "candidate", ""},
		{"single braces", "{.promote} }}", "{.promote} }}", ""},
		{"unknown variable", "{{ .promot }}-values.yaml", "", `"{{ .promot }}": version candidate has no variable "promot", only name, promote, revision`},
		{"function", "{{ upper .promote }}", "", `"{{ upper .promote }}" holds a template other than {{ .variable }}`},
		{"nested", "{{ .a.b }}", "", `"{{ .a.b }}" holds a template other than {{ .variable }}`},
		{"left open", "{{ .promote", "", `"{{ .promote" holds a template other than {{ .variable }}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, err := v.Interpolate(row.text)
			if errorText(err) != row.err || (err == nil && got != row.want) {
				t.Errorf("want %q, %q; got %q, %q", row.want, row.err, got, errorText(err))
			}
		})
	}
}

func TestNameIsTheVersionsOwn(t *testing.T) {
	t.Parallel()
	v := Version{Name: "candidate", Variables: map[string]string{"name": "other"}}
	if got, _ := v.Lookup("name"); got != "candidate" {
		t.Errorf("want candidate, got %s", got)
	}
	if v.Variables["name"] != "other" {
		t.Error("Lookup changes the variables")
	}
}

func TestTaskHelm(t *testing.T) {
	t.Parallel()
	task := tutorial(t).Finish[0]
	for _, v := range tutorial(t).Versions {
		got, err := task.Helm(v)
		if err != nil {
			t.Fatal(err)
		}
		want := "/" + v.Variables["promote"] + "-values.yaml"
		if len(got.Values) != 1 || !strings.HasSuffix(got.Values[0], want) {
			t.Errorf("%s: want the values %s, got %s", v.Name, want, got.Values)
		}
	}
	if !strings.Contains(task.Args[len(task.Args)-1], "{{ .promote }}") {
		t.Error("Helm changes the task")
	}
}

func TestTaskHelmTakesLiteralArguments(t *testing.T) {
	t.Parallel()
	task := Task{Name: ExecTask, Cmd: "helm", Literal: true, Args: []string{"upgrade", "shop", "./chart", "--set=a={{ .b }}"}}
	got, err := task.Helm(Version{Name: "current"})
	if err != nil || len(got.Set) != 1 || got.Set[0] != "a={{ .b }}" {
		t.Errorf("want a={{ .b }} as it stands, got %v, %v", got.Set, err)
	}
}

// A template must work for whichever version wins, so each is tried when the file is read.
func TestParseTriesTemplatesForEveryVersion(t *testing.T) {
	t.Parallel()
	file := small(t, "args: [upgrade, shop, shop]", `args: [upgrade, shop, shop, "-f={{ .promote }}.yaml"]`)
	for _, row := range []struct{ name, piece, by, want string }{
		{"neither has it", "", "", `version current has no variable "promote", only name, revision`},
		{"only the baseline has it", "value: v1}", "value: v1}, {name: promote, value: a}",
			`version candidate has no variable "promote", only name, revision`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("f", []byte(strings.Replace(file, row.piece, row.by, 1)))
			want := `f:8: spec.strategy.actions.finish[0].with.args: "{{ .promote }}": ` + row.want
			if got := errorText(err); got != want {
				t.Errorf("want %s\n got %s", want, got)
			}
		})
	}
}

func TestParseNamesTasksThatComeLater(t *testing.T) {
	t.Parallel()
	for _, task := range laterTasks() {
		_, err := Parse("f", []byte(small(t, "{task: common/exec, with: {cmd: helm, args: [upgrade, shop, shop]}}",
			"{task: "+task+", with: {anything: goes}}")))
		want := "f:8: spec.strategy.actions.finish[0]: task " + task + " is not supported by this version of Perch"
		if got := errorText(err); got != want {
			t.Errorf("want %s\n got %s", want, got)
		}
	}
}

func TestTaskProgram(t *testing.T) {
	t.Parallel()
	v := Version{Name: "candidate", Variables: map[string]string{"promote": "green"}}
	for _, row := range []struct {
		name string
		task Task
		want string // "": no program
		err  string
	}{
		{"helm is none", Task{Name: ExecTask, Cmd: "helm", Args: []string{"upgrade"}}, "", ""},
		{"init is none", Task{Name: InitTask}, "", ""},
		{"a program", Task{Name: ExecTask, Cmd: "kubectl", Args: []string{"apply", "-f={{ .promote }}.yaml"}}, "kubectl apply -f=green.yaml", ""},
		{"taken literally", Task{Name: ExecTask, Cmd: "echo", Literal: true, Args: []string{"{{ .x }}"}}, "echo {{ .x }}", ""},
		{"a script", Task{Name: BashTask, Script: "echo {{ .name }}"}, "/bin/bash -c echo candidate", ""},
		{"a typo", Task{Name: BashTask, Script: "{{ .promot }}"}, "/bin/bash -c ", `"{{ .promot }}": version candidate has no variable "promot", only name, promote`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p, ok, err := row.task.Program(v)
			if p.String() != row.want || ok != (row.want != "") || errorText(err) != row.err {
				t.Errorf("want %q, %q; got %q (%t), %q", row.want, row.err, p, ok, errorText(err))
			}
		})
	}
}

func TestParseAllowsPrograms(t *testing.T) {
	t.Parallel()
	file := small(t, "{task: common/exec, with: {cmd: helm, args: [upgrade, shop, shop]}}", `{task: common/bash, with: {script: "echo {{ .name }}"}}`)
	if _, err := Parse("f", []byte(file)); !strings.Contains(errorText(err), "that needs --allow-exec") {
		t.Errorf("want a refusal, got %v", err)
	}
	spec, err := Parse("f", []byte(file), Programs)
	if err != nil || spec.Finish[0].Script != "echo {{ .name }}" {
		t.Errorf("want the script, got %+v, %v", spec.Finish, err)
	}
	typo := strings.Replace(file, ".name", ".nam", 1)
	if _, err := Parse("f", []byte(typo), Programs); !strings.Contains(errorText(err), `no variable "nam"`) {
		t.Errorf("want the typo told, got %v", err)
	}
}
