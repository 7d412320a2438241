package tui

import (
	"math"
	"strings"

	"perch/experiment"
)

// sparkline draws the candidate's values of the latest looks, at most width of them: the height of
// a bar is how near the value came to the limit, and a full bar that is painted as missed is beyond it.
func (sc scene) sparkline(objective, width int) string {
	o := sc.Spec().Criteria.Objectives[objective]
	history := sc.History[max(0, len(sc.History)-width):]
	name := versionName(sc.State, candidateIndex)
	scale := sparkScale(o, history, name)
	var line strings.Builder
	for _, look := range history {
		sample := sampleOf(look.Samples, o.Metric, name)
		if sample.Value == nil {
			line.WriteString(sc.dye(unknown, sc.noData))
			continue
		}
		tone := candidate
		if look.Decision.Of(objective, name).Verdict == experiment.Violated {
			tone = missed
		}
		line.WriteString(sc.dye(tone, sc.levels[level(*sample.Value, scale)]))
	}
	return line.String() + strings.Repeat(" ", max(0, width-len(history)))
}

// sparkScale is the value of a full bar: the upper limit or, where there is none, the largest of
// the values and the lower limit.
func sparkScale(o experiment.Objective, history []experiment.Look, version string) float64 {
	if o.UpperLimit != nil {
		return *o.UpperLimit
	}
	scale := 0.0
	if o.LowerLimit != nil {
		scale = *o.LowerLimit
	}
	for _, look := range history {
		if v := sampleOf(look.Samples, o.Metric, version).Value; v != nil {
			scale = max(scale, *v)
		}
	}
	return scale
}

// level is which of the eight bars stands for a value: for 50 of 100 the fourth.
func level(value, scale float64) int {
	if value <= 0 || math.IsNaN(value) {
		return 0
	}
	if scale <= 0 || value >= scale {
		return 7
	}
	return min(7, int(math.Ceil(value/scale*8))-1)
}
