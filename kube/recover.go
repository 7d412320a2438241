package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"

	"perch/experiment"
)

// Recover rolls back every release of a version's finish actions that a killed Helm left pending, to
// its last good revision, so that the promotion can go on, and says in a few words what was done.
// The roll back writes what that revision states, its traffic included when it states one: shift again
// afterwards. A release that is not pending is left as it is. One that another Helm may still be at work on, and
// one that has no good revision, is an error with the way out; nothing is uninstalled.
func (h *Helm) Recover(ctx context.Context, spec experiment.Spec, version string) (string, error) {
	upgrades, err := upgradesOf(spec, version)
	if err != nil {
		return "", fmt.Errorf("recover the promotion of %s: %w", version, err)
	}
	var done []string
	for _, u := range upgrades {
		words, err := h.recover(ctx, spec.Target, u)
		if err != nil {
			return strings.Join(done, "; "), fmt.Errorf("recover the promotion of %s: release %s: %w", version, u.Release, err)
		}
		if words != "" {
			done = append(done, words)
		}
	}
	return strings.Join(done, "; "), nil
}

func (h *Helm) recover(ctx context.Context, t experiment.Target, u experiment.HelmUpgrade) (string, error) {
	pass, err := h.lease.enter(t)
	if err != nil {
		return "", err
	}
	p, err := h.open(u)
	if err != nil {
		return "", err
	}
	err = p.lookUp()
	stuck, pending := errors.AsType[*PendingError](err)
	if !pending {
		return "", ignoreMissing(explain(err, h.context))
	}
	if h.busy(stuck, u) {
		return "", experiment.WithHint(stuck, fmt.Sprintf(
			"it may still be at work: wait until it is older than %s, or ask whoever began it", shortDuration(u.Timeout)))
	}
	good, err := p.good()
	if err != nil {
		return "", explain(err, h.context)
	}
	if good == 0 {
		return "", experiment.WithHint(fmt.Errorf("it has no revision to go back to: %w", stuck),
			fmt.Sprintf("helm uninstall %s -n %s, and promote again", p.Release, p.Namespace))
	}
	if err := pass.confirm(ctx); err != nil {
		return "", err
	}
	if err := p.rollBack(context.WithoutCancel(ctx), good); err != nil {
		return "", h.explain(err, p)
	}
	return fmt.Sprintf("release %s is back at revision %d, as revision %d (%d was %s)",
		p.Release, good, p.next(), stuck.Revision, stuck.Status), nil
}

// ignoreMissing takes it as well that there is nothing to recover.
func ignoreMissing(err error) error {
	if _, missing := errors.AsType[*missingError](err); missing {
		return nil
	}
	return err
}

// busy tells whether the Helm that began an operation may be at work still: this run's own is not,
// because only the process that has the lease gets here.
func (h *Helm) busy(e *PendingError, u experiment.HelmUpgrade) bool {
	ours := e.Run != "" && e.Run == labelValue(h.run)
	return !ours && time.Since(e.Since) < u.Timeout
}

// good is the newest revision that was deployed once, 0 when there is none.
func (p *promotion) good() (int, error) {
	history, err := p.config.Releases.History(p.Release)
	if err != nil {
		return 0, err
	}
	revision := 0
	for _, r := range history {
		if slices.Contains([]release.Status{release.StatusDeployed, release.StatusSuperseded}, r.Info.Status) {
			revision = max(revision, r.Version)
		}
	}
	return revision, nil
}

// rollBack makes a new revision out of an old one. One that fails is not left pending.
func (p *promotion) rollBack(ctx context.Context, to int) error {
	back := action.NewRollback(p.config)
	back.Version, back.Timeout, back.MaxHistory = to, p.Timeout, p.max
	back.Wait = p.Wait || p.Atomic
	err := back.Run(p.Release)
	if err == nil {
		return nil
	}
	p.undoes = true
	return p.settle(ctx, err)
}
