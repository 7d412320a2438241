package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// The columns of the traffic panel.
const (
	weightColumn = 8  // "  100 %"
	barMin       = 6  // narrower bars say nothing
	nameMax      = 24 // of a version or a revision
)

// trafficPanel shows who gets how much: what Perch asked for, and what the router serves.
func trafficPanel(sc scene, width, height int) string {
	seen := lastSeen(sc.State)
	columns := sc.number(dim, "asked", weightColumn) + sc.number(dim, "seen", weightColumn) + " "
	note := ""
	switch {
	case seen.Split.Known() && !seen.Settled:
		note = "the router has not settled yet"
	case sc.Drift() && seen.ChangedBy != "":
		note = "changed by " + seen.ChangedBy
	}
	head := spread(" "+sc.paint(title, "TRAFFIC")+gap+sc.paint(unknown, note), columns, width)
	names, revisions := 0, 0
	for _, v := range sc.Spec().Versions {
		names = max(names, ansi.StringWidth(sc.clean(v.Name)))
		revisions = max(revisions, ansi.StringWidth(sc.clean(v.Revision())))
	}
	names, revisions = min(names, nameMax), min(revisions, nameMax)
	fixed := margin + ansi.StringWidth(sc.marks.none) + 1 + names + 2 + revisions + 2 + 2*weightColumn + 1
	bar := width - fixed
	if bar < barMin {
		revisions, bar = 0, width-fixed+revisions+2
	}
	list := []string{head}
	for i, v := range sc.Spec().Versions {
		mark := sc.marks.none
		if i == candidateIndex {
			mark = sc.marks.current
		}
		tone := versionTone(i)
		row := " " + sc.paint(tone, mark) + " " + sc.cell(tone, v.Name, names) + "  "
		if revisions > 0 {
			row += sc.cell(plain, v.Revision(), revisions) + "  "
		}
		list = append(list, row+sc.bar(tone, seen.Split.Of(i), bar)+sc.weights(i)+" ")
	}
	return rows(list, height)
}

// bar fills a share of a width, in percent: anything above nothing fills at least one cell, and
// anything below everything leaves one.
func (sc scene) bar(t tone, share, width int) string {
	if width < barMin {
		return strings.Repeat(" ", max(0, width))
	}
	full := (share*width + 50) / 100
	if share > 0 {
		full = max(full, 1)
	}
	if share < 100 {
		full = min(full, width-1)
	}
	return sc.paint(t, strings.Repeat(sc.bars.full, full)) + sc.paint(dim, strings.Repeat(sc.bars.empty, width-full))
}

// weights are the two numbers of a version. What is seen stands out when it is not what was asked.
func (sc scene) weights(i int) string {
	asked, seen, tone := "–", "?", plain
	if sc.Wanted.Known() {
		asked = percent(sc.Wanted.Of(i))
	}
	split := lastSeen(sc.State).Split
	if split.Known() {
		seen = percent(split.Of(i))
	}
	if split.Known() && asked != seen {
		seen, tone = "≠ "+seen, unknown
	}
	return sc.number(plain, asked, weightColumn) + sc.number(tone, seen, weightColumn)
}
