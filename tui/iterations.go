package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"perch/experiment"
)

// The columns of the iterations table.
const (
	numberColumn   = 5
	verdictColumn  = 14 // mark and value
	decisionColumn = 15 // at least: "advance to 75 %"
)

// iterationsPanel lists the looks, the newest first: what each saw, and what was made of it.
func iterationsPanel(sc scene, width, height int) string {
	objectives := sc.Spec().Criteria.Objectives
	each := verdictColumn - 1 + ansi.StringWidth(sc.marks.none)
	if numberColumn+weightColumn+each*len(objectives)+decisionColumn > width-2*margin {
		each = 0 // no room for values: the marks alone, side by side
	}
	list := []string{sc.iterationsHead(each, width)}
	for i := len(sc.History) - 1; i >= 0 && len(list) < height; i-- {
		list = append(list, sc.iterationRow(sc.History[i], each, width))
	}
	return rows(list, height)
}

// marksColumn is the width of the marks of all objectives, side by side.
func (sc scene) marksColumn() int {
	return max(len("OBJECTIVES")+2, len(sc.Spec().Criteria.Objectives)*(ansi.StringWidth(sc.marks.none)+1)+2)
}

func (sc scene) iterationsHead(each, width int) string {
	var columns strings.Builder
	if each == 0 {
		columns.WriteString(sc.cell(dim, "OBJECTIVES", sc.marksColumn()))
	} else {
		for _, o := range sc.Spec().Criteria.Objectives {
			columns.WriteString(sc.cell(dim, strings.ToUpper(sc.Metric(o.Metric).Label), each-2) + "  ")
		}
	}
	line := " " + sc.cell(title, "ITERATIONS", numberColumn+weightColumn) + columns.String()
	return line + sc.cell(dim, "DECISION", width-margin-ansi.StringWidth(line))
}

func (sc scene) iterationRow(look experiment.Look, each, width int) string {
	name := versionName(sc.State, candidateIndex)
	line := " " + sc.number(plain, fmt.Sprint(look.Iteration), numberColumn-2) + "  " +
		sc.cell(candidate, percent(look.Split.Candidate()), weightColumn)
	var verdicts strings.Builder
	for i, objective := range sc.Spec().Criteria.Objectives {
		sample := sampleOf(look.Samples, objective.Metric, name)
		o := opinionOf(sc.glyphs, look.Decision.Kind != "", look.Decision.Of(i, name).Verdict, sample)
		if each == 0 {
			verdicts.WriteString(sc.paint(o.tone, o.mark) + " ")
			continue
		}
		value := valueWords(sample, sc.Metric(objective.Metric).Units)
		verdicts.WriteString(sc.cell(o.tone, o.mark+" "+value, each-1) + " ")
	}
	if each == 0 {
		verdicts.WriteString(strings.Repeat(" ", max(0, sc.marksColumn()-ansi.StringWidth(verdicts.String()))))
	}
	line += verdicts.String()
	room := width - margin - ansi.StringWidth(line)
	reason := look.Decision.Reason
	if ansi.StringWidth(sc.clean(reason)) > room {
		reason = beforeColon(reason)
	}
	return line + sc.cell(decisionTone(look.Decision), reason, room)
}
