package runner

import (
	"context"
	"time"

	"perch/experiment"
)

// Plan finds out, mostly.
func (l *life) Plan(ctx context.Context, _ experiment.Spec, version string) (experiment.Plan, error) {
	return experiment.Plan{Version: version}, l.pass(ctx, planning)
}

// Promote upgrades as kube.Helm does: once begun it is not interrupted, but by a kill.
func (l *life) Promote(ctx context.Context, spec experiment.Spec, version string) (string, error) {
	l.watch.begins(l, "promote")
	l.watch.promotes(l.world, version)
	c := l.chance(promoting)
	if c.hangs {
		c.before = 5 * time.Minute
	}
	if err := l.beginHelm(ctx); err != nil {
		return "", err
	}
	defer l.endHelm()
	l.mu.Lock()
	locked := l.helm.locked
	if !locked {
		l.helm.version, l.helm.stage = version, experiment.CutShort
	}
	l.mu.Unlock()
	if locked {
		return "", experiment.ErrReleaseLocked
	}
	time.Sleep(c.before)
	if c.fails && !c.lands {
		return "", errDown
	}
	l.mu.Lock()
	if !l.dead.Load() {
		l.serve("", everything(spec, version), l.stranger)
	}
	l.mu.Unlock()
	time.Sleep(c.after)
	if c.fails {
		return "", errDown
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead.Load() {
		return "", errDead
	}
	l.helm.stage = experiment.Done
	return "release sample-app", nil
}

// beginHelm begins an operation on the release, if that may be.
func (l *life) beginHelm(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.fence(); err != nil {
		return err
	}
	if l.helm.busy++; l.helm.busy > 1 {
		l.watch.broken("two operations on one release at the same time")
	}
	return nil
}

func (l *life) endHelm() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.helm.busy--
}

// Progress knows how far it came.
func (l *life) Progress(ctx context.Context, _ experiment.Spec, version string) (experiment.Progress, error) {
	if err := l.pass(ctx, asking); err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.helm.version != version {
		return experiment.NotBegun, nil
	}
	return l.helm.stage, nil
}

// Recover brings the release back to what it was, with or without its traffic. Once begun it is not
// interrupted.
func (l *life) Recover(ctx context.Context, spec experiment.Spec, _ string) (string, error) {
	l.watch.begins(l, "recover")
	c := l.chance(recovering)
	if err := l.beginHelm(ctx); err != nil {
		return "", err
	}
	defer l.endHelm()
	time.Sleep(c.before + c.after)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.dead.Load():
		return "", errDead
	case c.fails:
		return "", errDown
	case c.lands:
		l.serve("", everything(spec, spec.Baseline().Name), l.stranger)
	}
	l.helm.locked = false
	return "release sample-app is back", nil
}
