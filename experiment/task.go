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
	ExecTask = "common/exec"             // finish: a helm upgrade, done by the Helm SDK
)

// laterTasks are Iter8's other tasks, known by name so that a refusal can say so.
func laterTasks() []string {
	return []string{"common/bash", "common/promote-kubectl", "common/readiness", "metrics/collect",
		"notification/slack", "notification/http", "gitops/helmex-update"}
}

// A Task is one step of an action.
type Task struct {
	Name    string   `json:"task"`
	Cmd     string   `json:"cmd,omitempty"`
	Args    []string `json:"args,omitempty"`
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
		if t.Literal {
			break
		}
		filled, err := v.Interpolate(args[i])
		if err != nil {
			return HelmUpgrade{}, err
		}
		args[i] = filled
	}
	return parseHelm(args)
}

// actions reads the start and finish actions, and tries every template for every version.
func (o object) actions(versions []Version) (start, finish []Task) {
	for _, f := range o.list("start") {
		task := o.task(f)
		if task.Name == ExecTask {
			o.add(f.line, f.path, "is %s, which this version of Perch does only in finish", ExecTask)
		}
		start = append(start, task)
	}
	for _, f := range o.list("finish") {
		task := o.task(f)
		switch task.Name {
		case InitTask:
			o.add(f.line, f.path, "is %s, which belongs in start", InitTask)
		case ExecTask:
			o.checkExec(f, task, versions)
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
	case slices.Contains(laterTasks(), t.Name):
		o.add(line, inner.path, "task %s is not supported by this version of Perch", t.Name)
		return t
	case inner.has("run"):
		o.add(line, inner.path, "run scripts are not supported by this version of Perch")
		return t
	default:
		o.add(line, inner.path, "task %q is not known, want %s or %s", t.Name, InitTask, ExecTask)
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

// checkExec finds out now what would go wrong at the end of the experiment.
func (o object) checkExec(f field, t Task, versions []Version) {
	if t.Cmd == "" {
		return // reported already
	}
	if t.Cmd != "helm" {
		o.add(f.line, f.path, "runs the program %q: this version of Perch runs no programs, only helm upgrade, which it does itself", t.Cmd)
		return
	}
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
