package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"perch/experiment"
	"perch/kube"
	"perch/runner"
)

// actions carries out the finish actions of an experiment: upgrades with Helm's library, and the
// programs that the user has allowed, in the order of the file. What a run knows of them is without
// credentials, so they are those of the file.
type actions struct {
	helm *kube.Helm
	file experiment.Spec
}

// whole is the spec of a run with the finish actions as they stand in the file.
func (a actions) whole(spec experiment.Spec) experiment.Spec {
	spec.Finish = a.file.Finish
	return spec
}

// Plan finds out what the upgrades will do, and names the programs.
func (a actions) Plan(ctx context.Context, spec experiment.Spec, version string) (experiment.Plan, error) {
	spec = a.whole(spec)
	plan, err := a.helm.Plan(ctx, spec, version)
	if err != nil {
		return plan, err
	}
	for _, t := range spec.Finish {
		p, ok, err := programOf(spec, t, version)
		if err != nil {
			return plan, err
		}
		if ok {
			plan.Programs = append(plan.Programs, p.String())
		}
	}
	return plan, nil
}

// Promote carries out one task after the other, and says in a few words what was done.
func (a actions) Promote(ctx context.Context, spec experiment.Spec, version string) (string, error) {
	spec = a.whole(spec)
	var done []string
	for _, t := range spec.Finish {
		words, err := a.task(ctx, spec, t, version)
		if err != nil {
			return strings.Join(done, "; "), err
		}
		if words != "" {
			done = append(done, words)
		}
	}
	return strings.Join(done, "; "), nil
}

func (a actions) task(ctx context.Context, spec experiment.Spec, t experiment.Task, version string) (string, error) {
	p, ok, err := programOf(spec, t, version)
	if err != nil {
		return "", err
	}
	if !ok {
		return a.helm.Promote(ctx, only(spec, t), version)
	}
	if err := runner.RunProgram(ctx, p, environment(spec, "finish")...); err != nil {
		return "", fmt.Errorf("promote %s: %w", version, err)
	}
	return "program " + p.Name, nil
}

// only is a spec whose one finish task is t.
func only(spec experiment.Spec, t experiment.Task) experiment.Spec {
	spec.Finish = []experiment.Task{t}
	return spec
}

// Progress asks Helm's history. Of programs nobody knows whether they have run, so where there are
// some, a person has to say.
func (a actions) Progress(ctx context.Context, spec experiment.Spec, version string) (experiment.Progress, error) {
	spec = a.whole(spec)
	found, err := a.helm.Progress(ctx, spec, version)
	if err != nil {
		return "", err
	}
	runs := slices.ContainsFunc(spec.Finish, func(t experiment.Task) bool {
		_, ok, _ := programOf(spec, t, version)
		return ok
	})
	if runs {
		return "", experiment.WithHint(errors.New("the finish actions run programs, and nobody knows which of them have run"),
			"look at what they do; a does the finish actions from the beginning, r rolls back")
	}
	switch found.Stage {
	case kube.StageDone:
		return experiment.Done, nil
	case kube.StageNotBegun:
		return experiment.NotBegun, nil
	case kube.StagePending, kube.StageFailed:
	}
	return experiment.CutShort, nil
}

// Recover frees the releases that are locked.
func (a actions) Recover(ctx context.Context, spec experiment.Spec, version string) (string, error) {
	return a.helm.Recover(ctx, a.whole(spec), version)
}

// programOf is what a task runs for a version; ok is false for an upgrade.
func programOf(spec experiment.Spec, t experiment.Task, version string) (p experiment.Program, ok bool, err error) {
	v, known := spec.Version(version)
	if !known {
		return p, false, fmt.Errorf("the experiment has no version %q", version)
	}
	return t.Program(v)
}

// environment is what a program learns of the experiment, under the names that Iter8 gave.
func environment(spec experiment.Spec, action string) []string {
	return []string{"EXPERIMENT_NAME=" + spec.Name, "EXPERIMENT_NAMESPACE=" + spec.Namespace, "ACTION=" + action}
}

// A prepared target runs the programs of the start actions before it looks at the traffic.
type prepared struct {
	*kube.Knative

	file experiment.Spec // which has the programs with their credentials
}

// Initialize carries out the start actions.
func (p prepared) Initialize(
	ctx context.Context, spec experiment.Spec, note func(experiment.Waiting),
) (experiment.Initialized, error) {
	for _, t := range p.file.Start {
		program, ok, err := t.Program(spec.Baseline())
		if err != nil {
			return experiment.Initialized{}, err
		}
		if !ok {
			continue
		}
		if err := runner.RunProgram(ctx, program, environment(spec, "start")...); err != nil {
			return experiment.Initialized{}, fmt.Errorf("start action: %w", err)
		}
	}
	found, err := p.Knative.Initialize(ctx, spec, note)
	if err != nil {
		return found, err
	}
	found.Owners, err = p.Owners(ctx, spec)
	return found, err
}
