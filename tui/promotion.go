package tui

import (
	"fmt"
	"strings"

	"perch/experiment"
)

// planPanel shows what a promotion will do.
func planPanel(a experiment.Asked, st Styles, width int) panel {
	out := panel{st.Title.Render(" PROMOTION BY HELM")}
	for _, l := range planLines(a, st) {
		out = append(out, "   "+fit(l, width-4, st.Ellipsis))
	}
	return out
}

// planLines: release, chart, values, what changes.
func planLines(a experiment.Asked, st Styles) []string {
	var lines []string
	row := func(label, text string) { lines = append(lines, st.Dim.Render(fit(label, nameWidth, ""))+text) }
	for _, u := range a.Plan.Upgrades {
		row("release", fmt.Sprintf("%s, revision %d %s %d, in %s", u.Release, u.From, st.Arrow, u.To, u.Namespace))
		name, repo, from := strings.Cut(u.Chart, " of ")
		row("chart", name+" "+u.ChartVersion)
		if from {
			row("", "of "+tail(repo, st.Ellipsis))
		}
		for _, v := range u.Values {
			row("values", tail(v, st.Ellipsis))
		}
		for i, c := range u.Changes {
			label := ""
			if i == 0 {
				label = "changes"
			}
			row(label, change(c, st))
		}
		if u.Wait != "" {
			row("wait", u.Wait)
		}
	}
	if len(lines) == 0 {
		row("release", "the experiment has no finish actions: the weights stay")
	}
	return lines
}

func change(c experiment.Change, st Styles) string {
	const none = "(none)"
	from, to := c.From, c.To
	if from == "" {
		from = none
	}
	if to == "" {
		to = none
	}
	return fmt.Sprintf("%s  %s %s %s", c.Path, tail(from, st.Ellipsis), st.Arrow, tail(to, st.Ellipsis))
}

// tail keeps the end of a long text: of addresses and images, the end is what differs.
func tail(text, ellipsis string) string {
	const most = 30
	if r := []rune(text); len(r) > most {
		return ellipsis + string(r[len(r)-most:])
	}
	return text
}
