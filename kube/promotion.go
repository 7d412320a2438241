package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"perch/experiment"
)

// A promotion is one Helm upgrade with all that it needs at hand. Running it uses it up, because
// Helm changes the chart that it is given.
type promotion struct {
	experiment.HelmUpgrade

	config *action.Configuration
	mark   mark
	undoes bool             // it is a roll back
	max    int              // revisions that Helm keeps
	last   *release.Release // newest revision, whatever became of it; nil: none
	now    *release.Release // the one that is deployed, else the newest; nil: none
	chart  *chart.Chart
	values map[string]any
}

// next is the number of the revision that this upgrade makes.
func (p *promotion) next() int {
	if p.last == nil {
		return 1
	}
	return p.last.Version + 1
}

// prepare looks the release up, and fetches the chart and the values.
func (h *Helm) prepare(u experiment.HelmUpgrade) (*promotion, error) {
	p, err := h.open(u)
	if err != nil {
		return nil, err
	}
	if err := p.lookUp(); err != nil {
		return nil, explain(err, h.context)
	}
	if p.chart, err = h.loadChart(u, p.config); err != nil {
		return nil, err
	}
	p.values, err = h.loadValues(u)
	return p, err
}

// namespaceOf is the namespace of an upgrade's release.
func (h *Helm) namespaceOf(u experiment.HelmUpgrade) string {
	return cmp.Or(u.Namespace, h.namespace, metav1.NamespaceDefault)
}

// open leads to the release, and asks nothing yet.
func (h *Helm) open(u experiment.HelmUpgrade) (*promotion, error) {
	u.Namespace = h.namespaceOf(u)
	config, err := h.configure(u.Namespace)
	if err != nil {
		return nil, explain(err, h.context)
	}
	p := &promotion{HelmUpgrade: u, config: config, max: h.settings.MaxHistory}
	config.Log = func(format string, args ...any) { logHelm("%s", p.hide(fmt.Sprintf(format, args...))) }
	return p, nil
}

// A missingError says that there is no release to upgrade.
type missingError struct{ namespace string }

// Error is one line that says where it was looked for.
func (e *missingError) Error() string { return "there is no such release in namespace " + e.namespace }

// lookUp finds the release as it is now. It may be absent only if it may be installed, and nobody
// may be at work on it.
func (p *promotion) lookUp() (err error) {
	p.last, err = p.config.Releases.Last(p.Release)
	switch {
	case errors.Is(err, driver.ErrReleaseNotFound) && p.Install:
		return nil
	case errors.Is(err, driver.ErrReleaseNotFound):
		return experiment.WithHint(&missingError{p.Namespace},
			"install it, or add --install to the finish action")
	case err != nil:
		return err
	case p.last.Info.Status.IsPending():
		return p.pending()
	case p.installs():
		return nil
	}
	p.now, err = p.config.Releases.Deployed(p.Release)
	if errors.Is(err, driver.ErrNoDeployedReleases) {
		p.now, err = p.last, nil
	}
	return err
}

// hide takes the secret values of the promotion out of what Helm says: charts quote values, and so
// does a schema that they do not fit.
func (p *promotion) hide(text string) string {
	trees := []map[string]any{p.values}
	if p.chart != nil {
		trees = append(trees, p.chart.Values)
	}
	if p.now != nil {
		trees = append(trees, p.now.Config)
	}
	return without(text, secretsIn(trees...))
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
	up.ReuseValues, up.ResetValues, up.Labels = p.ReuseValues, p.ResetValues, p.mark.labels(p.next())
	return up.RunWithContext(ctx, p.Release, p.chart, p.values)
}

func (p *promotion) install(ctx context.Context, dryRun string) (*release.Release, error) {
	in := action.NewInstall(p.config)
	in.ReleaseName, in.Namespace, in.DryRunOption = p.Release, p.Namespace, dryRun
	in.CreateNamespace, in.Replace = p.CreateNamespace, p.last != nil
	in.Wait, in.Atomic, in.Timeout, in.Labels = p.Wait, p.Atomic, p.Timeout, p.mark.labels(p.next())
	return in.RunWithContext(ctx, p.chart, p.values)
}
