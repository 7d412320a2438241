package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"

	"perch/experiment"
)

// A promotion is one Helm upgrade with all that it needs at hand. Running it uses it up, because
// Helm changes the chart that it is given.
type promotion struct {
	experiment.HelmUpgrade

	config *action.Configuration
	max    int              // revisions that Helm keeps
	last   *release.Release // newest revision, whatever became of it; nil: none
	now    *release.Release // the one that is deployed, else the newest; nil: none
	chart  *chart.Chart
	values map[string]any
}

// A LockedError says that another Helm operation began on a release and has not ended, or that its
// process was killed.
type LockedError struct {
	Release, Namespace string
	Revision           int
	Status             string // pending-install, pending-upgrade or pending-rollback
	Description        string // in Helm's words
	Since              time.Time
}

// Error is one line with who is at work since when, as far as Helm knows.
func (e *LockedError) Error() string {
	return fmt.Sprintf("it is locked: revision %d is %s for %s, since %s (%s)", e.Revision, e.Status,
		time.Since(e.Since).Round(time.Second), e.Since.UTC().Format("2006-01-02 15:04:05 MST"), e.Description)
}

// prepare looks the release up, and fetches the chart and the values.
func (h *Helm) prepare(u experiment.HelmUpgrade) (*promotion, error) {
	u.Namespace = cmp.Or(u.Namespace, h.namespace, "default")
	config, err := h.configure(u.Namespace)
	if err != nil {
		return nil, explain(err, h.context)
	}
	p := &promotion{HelmUpgrade: u, config: config, max: h.settings.MaxHistory}
	if err := p.lookUp(); err != nil {
		return nil, explain(err, h.context)
	}
	if p.chart, err = h.loadChart(u, config); err != nil {
		return nil, err
	}
	p.values, err = h.loadValues(u)
	return p, err
}

// lookUp finds the release as it is now. It may be absent only if it may be installed, and nobody
// may be at work on it.
func (p *promotion) lookUp() (err error) {
	p.last, err = p.config.Releases.Last(p.Release)
	switch {
	case errors.Is(err, driver.ErrReleaseNotFound) && p.Install:
		return nil
	case errors.Is(err, driver.ErrReleaseNotFound):
		return experiment.WithHint(fmt.Errorf("there is no such release in namespace %s", p.Namespace),
			"install it, or add --install to the finish action")
	case err != nil:
		return err
	case p.last.Info.Status.IsPending():
		return p.locked()
	case p.installs():
		return nil
	}
	p.now, err = p.config.Releases.Deployed(p.Release)
	if errors.Is(err, driver.ErrNoDeployedReleases) {
		p.now, err = p.last, nil
	}
	return err
}

func (p *promotion) locked() error {
	r := p.last
	hint := fmt.Sprintf("if no Helm is at work any more: helm rollback %s -n %s", p.Release, p.Namespace)
	if r.Info.Status == release.StatusPendingInstall {
		hint = fmt.Sprintf("if no Helm is at work any more: helm uninstall %s -n %s", p.Release, p.Namespace)
	}
	return experiment.WithHint(&LockedError{
		Release: p.Release, Namespace: p.Namespace, Revision: r.Version, Status: r.Info.Status.String(),
		Description: oneLine(cmp.Or(r.Info.Description, "no description")), Since: r.Info.LastDeployed.Time,
	}, hint)
}

// installs tells whether there is nothing to upgrade: no release, or one that was uninstalled.
func (p *promotion) installs() bool {
	return p.last == nil || p.Install && p.last.Info.Status == release.StatusUninstalled
}

// run does it, or only renders it with dryRun "client". Helm's word for doing it is "none".
func (p *promotion) run(ctx context.Context, dryRun string) (*release.Release, error) {
	if p.installs() {
		return p.install(ctx, dryRun)
	}
	up := action.NewUpgrade(p.config)
	up.Namespace, up.Install, up.DryRunOption = p.Namespace, p.Install, dryRun
	up.Wait, up.Atomic, up.Timeout, up.MaxHistory = p.Wait, p.Atomic, p.Timeout, p.max
	up.ReuseValues, up.ResetValues = p.ReuseValues, p.ResetValues
	return up.RunWithContext(ctx, p.Release, p.chart, p.values)
}

func (p *promotion) install(ctx context.Context, dryRun string) (*release.Release, error) {
	in := action.NewInstall(p.config)
	in.ReleaseName, in.Namespace, in.DryRunOption = p.Release, p.Namespace, dryRun
	in.CreateNamespace, in.Replace = p.CreateNamespace, p.last != nil
	in.Wait, in.Atomic, in.Timeout = p.Wait, p.Atomic, p.Timeout
	return in.RunWithContext(ctx, p.chart, p.values)
}
