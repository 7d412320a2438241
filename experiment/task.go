package experiment

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The tasks that this version of Perch carries out.
const (
	InitTask = "knative/init-experiment" // start: resolve the revisions of the target
	ExecTask = "common/exec"             // a helm upgrade, done by the Helm SDK; or a program
	BashTask = "common/bash"             // a script
)

// A Permission is something that a file cannot have without the user's leave.
type Permission string

// Programs lets the tasks of a file run programs and scripts.
const Programs Permission = "programs"

// laterTasks are Iter8's other tasks, known by name so that a refusal can say so.
func laterTasks() []string {
	return []string{"common/promote-kubectl", "common/readiness", "metrics/collect",
		"notification/slack", "notification/http", "gitops/helmex-update"}
}

// A Task is one step of an action.
type Task struct {
	Name    string   `json:"task"`
	Cmd     string   `json:"cmd,omitempty"`
	Args    []string `json:"args,omitempty"`
	Script  string   `json:"script,omitempty"`
	Literal bool     `json:"disableInterpolation,omitempty"` // {{ }} in Args means nothing
}

// placeholder is the one form of template that Iter8's contexts give a meaning to.
var placeholder = regexp.MustCompile(`\{\{-?\s*\.(\w+)\s*-?\}\}`)

// Interpolate fills {{ .variable }} in a text with the variables of a version. A variable that the
// version does not have is an error; Iter8 put nothing in its place and promoted "-values.yaml".
func (v Version) Interpolate(text string) (string, error) {
	var missing error
	filled := placeholder.ReplaceAllStringFunc(text, func(match string) string {
		word := placeholder.FindStringSubmatch(match)[1]
		value, ok := v.Lookup(word)
		if !ok {
			missing = fmt.Errorf("%q: version %s has no variable %q, only %s",
				match, v.Name, word, strings.Join(v.variableNames(), ", "))
		}
		return value
	})
	if missing == nil && strings.Contains(placeholder.ReplaceAllString(text, ""), "{{") {
		missing = fmt.Errorf("%q holds a template other than {{ .variable }}", text)
	}
	return filled, missing
}

// Helm is the upgrade that a common/exec task means for a version.
func (t Task) Helm(v Version) (HelmUpgrade, error) {
	args := slices.Clone(t.Args)
	for i := range args {
		filled, err := t.fill(v, args[i])
		if err != nil {
			return HelmUpgrade{}, err
		}
		args[i] = filled
	}
	return parseHelm(args)
}

// A Program is what a task runs, without a shell unless it is a script.
type Program struct {
	Name string
	Args []string
}

// Program is what the task runs for a version; ok is false for tasks that run none.
func (t Task) Program(v Version) (p Program, ok bool, err error) {
	switch {
	case t.Name == BashTask:
		script, err := t.fill(v, t.Script)
		return Program{"/bin/bash", []string{"-c", script}}, true, err
	case t.Name != ExecTask || t.Cmd == "helm":
		return Program{}, false, nil
	}
	p = Program{Name: t.Cmd, Args: make([]string, len(t.Args))}
	for i, arg := range t.Args {
		if p.Args[i], err = t.fill(v, arg); err != nil {
			return p, true, err
		}
	}
	return p, true, nil
}

// String is the command line, for people.
func (p Program) String() string { return strings.Join(append([]string{p.Name}, p.Args...), " ") }

// fill fills the placeholders of a text, unless the task wants them taken as they stand.
func (t Task) fill(v Version, text string) (string, error) {
	if t.Literal {
		return text, nil
	}
	return v.Interpolate(text)
}

// actions reads the start and finish actions, and tries every template for every version.
func (o object) actions(versions []Version) (start, finish []Task) {
	for _, f := range o.list("start") {
		task := o.task(f)
		if task.Cmd == "helm" {
			o.add(f.line, f.path, "is a helm upgrade, which belongs in finish")
		} else {
			o.checkProgram(f, task, versions[:1])
		}
		start = append(start, task)
	}
	for _, f := range o.list("finish") {
		task := o.task(f)
		switch {
		case task.Name == InitTask:
			o.add(f.line, f.path, "is %s, which belongs in start", InitTask)
		case task.Cmd == "helm":
			o.checkHelm(f, task, versions)
		default:
			o.checkProgram(f, task, versions)
		}
		finish = append(finish, task)
	}
	if f, ok := o.field("loop"); ok {
		o.add(f.line, f.path, "is not supported by this version of Perch: remove the loop action")
	}
	return start, finish
}

func (o object) task(f field) Task {
	inner := o.mapping(f)
	t := Task{Name: inner.text("task")}
	with, _ := inner.object("with")
	line := f.line
	if name, ok := inner.fields["task"]; ok {
		line = name.line
	}
	switch {
	case t.Name == InitTask:
	case t.Name == ExecTask:
		t.Cmd, t.Literal = with.required("cmd"), with.boolean("disableInterpolation")
		for _, arg := range with.list("args") {
			t.Args = append(t.Args, o.scalar(arg))
		}
	case t.Name == BashTask:
		t.Script = with.required("script")
	case slices.Contains(laterTasks(), t.Name):
		o.add(line, inner.path, "task %s is not supported by this version of Perch", t.Name)
		return t
	case inner.has("run"):
		o.add(line, inner.path, "run scripts are not supported by this version of Perch")
		return t
	default:
		o.add(line, inner.path, "task %q is not known, want %s, %s or %s", t.Name, InitTask, ExecTask, BashTask)
		return t
	}
	if cond, ok := inner.field("if"); ok {
		o.add(cond.line, cond.path, "conditions are not supported by this version of Perch")
	}
	with.close()
	inner.close()
	return t
}

func (o object) has(key string) bool { _, ok := o.field(key); return ok }

// checkHelm finds out now what would go wrong at the end of the experiment.
func (o object) checkHelm(f field, t Task, versions []Version) {
	for _, v := range versions {
		if v.Name == "" {
			continue // reported already
		}
		if _, err := t.Helm(v); err != nil {
			o.add(f.line, f.path+".with.args", "%s", err)
			return
		}
	}
}

// checkProgram refuses a program that the user has not allowed, and tries its templates.
func (o object) checkProgram(f field, t Task, versions []Version) {
	for _, v := range versions {
		p, ok, err := t.Program(v)
		switch {
		case !ok || p.Name == "" || v.Name == "":
		case !o.allows(Programs):
			o.add(f.line, f.path, "runs the program %q: that needs --allow-exec; only helm upgrade does Perch itself", p.Name)
			return
		case err != nil:
			o.add(f.line, f.path+".with", "%s", err)
			return
		}
	}
}
