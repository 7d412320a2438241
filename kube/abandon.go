package kube

import (
	"context"

	"helm.sh/helm/v3/pkg/release"

	"perch/experiment"
)

// abandon marks a revision failed that this run itself left pending, because its process was killed:
// whoever has the lease of the run is its only process. No object is touched; the upgrade that
// follows brings them to where the one that was cut short would have.
func (h *Helm) abandon(ctx context.Context, u experiment.HelmUpgrade, pass *term) error {
	if h.run == "" {
		return nil
	}
	p, err := h.open(u)
	if err != nil {
		return err
	}
	last, err := p.config.Releases.Last(p.Release)
	if err != nil || !last.Info.Status.IsPending() || author(last) != labelValue(h.run) {
		return explain(ignoreAbsent(err), h.context)
	}
	if err := pass.confirm(ctx); err != nil {
		return err
	}
	settled, info := *last, *last.Info
	settled.Info = &info
	settled.SetStatus(release.StatusFailed, "cut short: the process of "+h.run+" was killed")
	return explain(p.config.Releases.Update(&settled), h.context)
}
