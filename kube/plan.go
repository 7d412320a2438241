package kube

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/strvals"

	"perch/experiment"
)

// plan finds out what one upgrade will do. Helm renders the chart for it, and asks the server only
// what it asks before a real upgrade too.
func (h *Helm) plan(ctx context.Context, u experiment.HelmUpgrade) (experiment.Upgrade, error) {
	if err := ctx.Err(); err != nil {
		return experiment.Upgrade{}, err
	}
	p, err := h.prepare(u)
	if err != nil {
		return experiment.Upgrade{}, err
	}
	return h.planned(ctx, p)
}

// planned renders a promotion, and uses it up.
func (h *Helm) planned(ctx context.Context, p *promotion) (experiment.Upgrade, error) {
	sources := h.sources(p)
	before, err := effective(p.now)
	if err != nil {
		return experiment.Upgrade{}, err
	}
	rendered, err := p.run(ctx, "client")
	if err != nil {
		return experiment.Upgrade{}, h.explain(err, p)
	}
	after, err := effective(rendered)
	if err != nil {
		return experiment.Upgrade{}, err
	}
	planned := experiment.Upgrade{
		Release: p.Release, Namespace: p.Namespace, Chart: h.chartName(p.HelmUpgrade), ChartVersion: p.chart.Metadata.Version,
		To: p.next(), Values: sources, Changes: changes(before, after), Wait: p.waiting(),
	}
	if p.now != nil {
		planned.From = p.now.Version
	}
	return planned, nil
}

// effective is what the templates of a release see: the chart's defaults under its own values.
func effective(r *release.Release) (map[string]any, error) {
	if r == nil {
		return map[string]any{}, nil
	}
	return chartutil.CoalesceValues(r.Chart, r.Config)
}

// chartName is the chart as the experiment names it, and the repository that it comes from.
func (h *Helm) chartName(u experiment.HelmUpgrade) string {
	name := redact(h.mirror.Rewrite(u.Chart))
	if fromRepo(u) {
		name += " of " + redact(h.mirror.Rewrite(u.Repo))
	}
	return name
}

// sources says where the values come from, without the values.
func (h *Helm) sources(p *promotion) []string {
	var sources []string
	if p.now != nil && !p.ResetValues && (p.ReuseValues || len(p.values) == 0 && len(p.now.Config) > 0) {
		sources = append(sources, fmt.Sprintf("values of revision %d", p.now.Version))
	}
	for _, file := range h.valueFiles(p.HelmUpgrade) {
		sources = append(sources, redact(file))
	}
	for _, set := range slices.Concat(p.Set, p.SetString) {
		parsed, err := strvals.Parse(set)
		if err != nil { // unlikely: these values were merged a moment ago
			continue
		}
		sources = append(sources, "--set "+strings.Join(slices.Sorted(maps.Keys(flatten(parsed))), ","))
	}
	return sources
}

// waiting: "up to 5m, atomic"; empty when Helm does not wait.
func (p *promotion) waiting() string {
	if !p.Wait && !p.Atomic {
		return ""
	}
	text := "up to " + shortDuration(p.Timeout)
	if p.Atomic {
		text += ", atomic"
	}
	return text
}

// shortDuration leaves out zero units: 5m0s is 5m.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
