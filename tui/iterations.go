package tui

import (
	"fmt"
	"slices"
	"strings"

	"perch/experiment"
)

// Columns of the iterations panel.
const (
	numberWidth = 6
	weightWidth = 9
	cellWidth   = 13
)

// iterationsPanel lists the looks, newest first, each with the candidate's values and the decision.
func iterationsPanel(s experiment.State, st Styles, width, height int) panel {
	if height < 3 {
		return nil
	}
	var head strings.Builder
	head.WriteString(fit("   #", numberWidth, "") + fit("WEIGHT", weightWidth, ""))
	objectives := s.Spec().Criteria.Objectives
	shown := min(len(objectives), max(0, (width-numberWidth-weightWidth-cellWidth)/cellWidth))
	for _, o := range objectives[:shown] {
		head.WriteString(fit(s.Metric(o.Metric).Label, cellWidth-1, st.Ellipsis) + " ")
	}
	out := panel{st.Title.Render(" ITERATIONS"), st.Dim.Render(head.String() + "DECISION")}
	for _, look := range slices.Backward(s.History) {
		if len(out) == height {
			break
		}
		out = append(out, iterationRow(s, st, look, shown))
	}
	return out
}

func iterationRow(s experiment.State, st Styles, look experiment.Look, shown int) string {
	candidate := s.Spec().Candidate().Name
	var line strings.Builder
	line.WriteString(right(fmt.Sprint(look.Iteration), numberWidth-2) + "  " +
		fit(fmt.Sprintf("%d %%", look.Split.Candidate()), weightWidth, ""))
	for i, o := range s.Spec().Criteria.Objectives[:shown] {
		verdict := look.Decision.Of(i, candidate).Verdict
		text := "none"
		if sample := experiment.SampleOf(look.Samples, o.Metric, candidate); sample.Value != nil {
			text = s.Metric(o.Metric).Units.Format(*sample.Value)
		}
		line.WriteString(st.of(verdict).Render(fit(st.verdict(verdict)+" "+text, cellWidth, st.Ellipsis)))
	}
	return line.String() + look.Decision.Reason
}
