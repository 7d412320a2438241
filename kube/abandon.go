package kube

import (
	"context"

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
	return explain(p.fail(last, "cut short: the process of "+h.run+" was killed"), h.context)
}
