package tui

import (
	"fmt"
	"strings"

	"perch/experiment"
)

// Columns of the objectives panel.
const (
	labelWidth  = 16
	limitWidth  = 12
	valueWidth  = 12
	trendWidth  = 20
	leastTrend  = 5
	trendMargin = 3
)

// objectivesPanel shows each objective: is it met, by how much, and where does it go?
func objectivesPanel(s experiment.State, st Styles, width int) panel {
	trend := min(trendWidth, width-labelWidth-limitWidth-2*valueWidth-trendMargin-4)
	head := fmt.Sprintf("%*s%*s%*s", limitWidth, "LIMIT", valueWidth, "BASELINE", valueWidth, "CANDIDATE")
	if trend >= leastTrend {
		head += strings.Repeat(" ", trendMargin) + "TREND"
	}
	out := panel{st.Title.Render(fit(" OBJECTIVES", labelWidth+4, "")) + st.Dim.Render(head)}
	for i := range s.Spec().Criteria.Objectives {
		out = append(out, objectiveRow(s, st, i, trend))
	}
	return out
}

func objectiveRow(s experiment.State, st Styles, i, trend int) string {
	o := s.Spec().Criteria.Objectives[i]
	metric := s.Metric(o.Metric)
	look := latestMeasured(s)
	candidate := s.Spec().Candidate().Name
	verdict := look.Decision.Of(i, candidate).Verdict
	glyph := st.of(verdict).Render(fit(st.verdict(verdict), 2, ""))
	var row strings.Builder
	row.WriteString(" " + glyph + " " + fit(metric.Label, labelWidth, st.Ellipsis) +
		right(limit(o, metric.Units, st.Glyphs), limitWidth))
	for _, v := range []string{s.Spec().Baseline().Name, candidate} {
		text := "no data"
		if len(s.History) == 0 {
			text = "-"
		}
		if sample := experiment.SampleOf(look.Samples, o.Metric, v); sample.Value != nil {
			text = metric.Units.Format(*sample.Value)
		}
		cell := right(text, valueWidth)
		if v == candidate {
			cell = st.of(verdict).Render(cell)
		}
		row.WriteString(cell)
	}
	if trend >= leastTrend {
		row.WriteString(strings.Repeat(" ", trendMargin) + st.Candidate.Render(sparkline(s, st.Glyphs, o, trend)))
	}
	return row.String()
}

// latestMeasured is the newest look that has a decision, or the newest one.
func latestMeasured(s experiment.State) experiment.Look {
	look, _ := s.Latest()
	if look.Decision.Kind == "" && len(s.History) > 1 {
		return s.History[len(s.History)-2]
	}
	return look
}

// limit: "≤ 50 ms", "≥ 10", or "1 – 5".
func limit(o experiment.Objective, u experiment.Units, g Glyphs) string {
	switch {
	case o.UpperLimit != nil && o.LowerLimit != nil:
		return fmt.Sprintf("%.4g..%s", *o.LowerLimit, u.Format(*o.UpperLimit))
	case o.UpperLimit != nil:
		return g.AtMost + " " + u.Format(*o.UpperLimit)
	case o.LowerLimit != nil:
		return g.AtLeast + " " + u.Format(*o.LowerLimit)
	}
	return "none"
}

func right(text string, width int) string {
	return strings.Repeat(" ", max(0, width-len([]rune(text)))) + text
}

// sparkline draws the candidate's latest values between 0 and the limit, so that height means how
// near the limit a value is.
func sparkline(s experiment.State, g Glyphs, o experiment.Objective, width int) string {
	looks := s.History[max(0, len(s.History)-width):]
	top := 0.0
	switch {
	case o.UpperLimit != nil:
		top = *o.UpperLimit
	case o.LowerLimit != nil:
		top = 2 * *o.LowerLimit
	}
	var line strings.Builder
	for _, look := range looks {
		sample := experiment.SampleOf(look.Samples, o.Metric, s.Spec().Candidate().Name)
		if sample.Value == nil || top <= 0 {
			line.WriteString(g.NoData)
			continue
		}
		share := min(1, max(0, *sample.Value/top))
		line.WriteRune(g.Levels[min(len(g.Levels)-1, int(share*float64(len(g.Levels))))])
	}
	return line.String()
}
