package kube

import (
	"context"
	"fmt"

	"perch/experiment"
)

// check looks at the promotion of every version: the release, the chart, the values, and what would
// be done.
func (h *Helm) check(ctx context.Context, spec experiment.Spec) []experiment.Finding {
	var all []experiment.Finding
	for _, v := range spec.Versions {
		upgrades, err := upgradesOf(spec, v.Name)
		if err != nil {
			all = append(all, experiment.WrongIf("promotion of "+v.Name, err, ""))
			continue
		}
		for _, u := range upgrades {
			all = append(all, h.checkUpgrade(ctx, v.Name, u)...)
		}
	}
	return all
}

func (h *Helm) checkUpgrade(ctx context.Context, version string, u experiment.HelmUpgrade) []experiment.Finding {
	p, err := h.open(u)
	if err != nil {
		return []experiment.Finding{experiment.WrongIf("release "+u.Release, err, "")}
	}
	releaseErr := explain(p.lookUp(), h.context)
	chart, chartErr := h.loadChart(u, p.config)
	values, valuesErr := h.loadValues(u)
	all := []experiment.Finding{
		experiment.WrongIf("release "+p.Namespace+"/"+p.Release, releaseErr, p.standing()),
		experiment.WrongIf("chart "+h.chartName(u), chartErr, "it can be had"),
		experiment.WrongIf("values of "+version, valuesErr, "they can be had"),
	}
	if releaseErr != nil || chartErr != nil || valuesErr != nil {
		return all
	}
	p.chart, p.values = chart, values
	planned, err := h.planned(ctx, p)
	f := experiment.WrongIf("promotion of "+version, err, fmt.Sprintf("release %s, chart %s, revision %d",
		planned.Release, planned.ChartVersion, planned.To))
	for _, change := range planned.Changes {
		f.Detail = append(f.Detail, fmt.Sprintf("%s: %s → %s", change.Path, shownOr(change.From), shownOr(change.To)))
	}
	return append(all, f)
}

func shownOr(value string) string {
	if value == "" {
		return "(nothing)"
	}
	return value
}

// standing says how a release stands.
func (p *promotion) standing() string {
	if p.installs() {
		return "it will be installed"
	}
	return fmt.Sprintf("revision %d is %s", p.last.Version, p.last.Info.Status)
}
