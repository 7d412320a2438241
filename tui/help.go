package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// The columns of the help.
const (
	helpKey  = 12
	helpSign = 18
)

// helpLines is the help in a width: the keys, and beside or under them what the signs and the words
// of the screen mean.
func helpLines(sc scene, keys KeyMap, width int) []string {
	half := width/2 - margin
	if width < minWidth+minWidth/4 {
		half = width - margin
	}
	left := []string{" " + sc.paint(title, "KEYS")}
	for _, row := range keys.Table() {
		left = append(left, sc.definition(accent, row.Key, row.Does, helpKey, half)...)
	}
	right := []string{" " + sc.paint(title, "SIGNS AND STATES")}
	for _, row := range sc.meanings() {
		right = append(right, sc.definition(row.tone, row.sign, row.means, helpSign, half)...)
	}
	if half > width/2 {
		return append(append(left, ""), right...)
	}
	var list []string
	for i := range max(len(left), len(right)) {
		list = append(list, fit(at(left, i), half+margin, 1)[0]+at(right, i))
	}
	return list
}

// at is the line at a position, "" behind the last.
func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// definition is a word and what it means, wrapped.
func (sc scene) definition(t tone, word, means string, column, width int) []string {
	var list []string
	room := width - 2*margin - column
	for i, line := range wrap(sc.clean(means), room) {
		if i > 0 {
			word = ""
		}
		list = append(list, "  "+sc.cell(t, word, column)+sc.cell(plain, line, room))
	}
	return list
}

// A meaning explains a sign or a word of the screen.
type meaning struct {
	tone        tone
	sign, means string
}

func (sc scene) meanings() []meaning {
	m := sc.marks
	return []meaning{
		{met, m.met + " met", "within the limit"},
		{missed, m.missed + " missed", "beyond the limit"},
		{unknown, m.unknown + " no data", "neither good nor bad: no weight rises on it"},
		{unknown, m.unknown + " undecided", "data, but not enough of it: the same"},
		{accent, m.current, "what goes on, or what is yours to do"},
		{candidate, strings.Join(sc.levels[:], ""), "from nothing to the limit; " + sc.noData + " no data"},
		{dim, "asked, seen", "what Perch wrote, what the router serves"},
		{plain, "EXPLORING", "first traffic to a candidate without any"},
		{plain, "ADVANCED", "all met, so more traffic"},
		{plain, "STAYING", "the candidate has what it may have"},
		{unknown, "HOLDING", "something is unknown: weights stay"},
		{unknown, "HELD", "somebody pressed h: weights stay"},
		{missed, "WITHDRAWN", "something is missed: less traffic"},
		{unknown, "RESUMED", "the run goes on, and looks again first"},
		{unknown, "REPAIRED", "somebody else's traffic is undone"},
		{accent, "AWAITING APPROVAL", "the candidate won; a or r is yours"},
		{accent, "PROMOTING", "Helm upgrades; nothing interrupts it"},
		{missed, "ROLLING BACK", "all traffic goes to the baseline"},
		{unknown, "UNDECIDED", "the evidence does not suffice"},
	}
}

// logMax is how many events the log holds ready: wrapping more on every event would be felt.
const logMax = 1000

// logLines is the latest events in full, the oldest of them first.
func logLines(sc scene, width int) []string {
	var list []string
	older := max(0, len(sc.entries)-logMax)
	if older > 0 {
		list = append(list, " "+sc.paint(dim, plural(older, "earlier event")+" only in the record"))
	}
	for _, e := range sc.entries[older:] {
		head := sc.entryHead(e)
		indent := ansi.StringWidth(head)
		for i, line := range wrap(sc.clean(e.text), width-indent-margin) {
			if i > 0 {
				head = strings.Repeat(" ", indent)
			}
			list = append(list, head+sc.dye(entryTone(e), line))
		}
		if e.hint == "" {
			continue
		}
		for _, line := range wrap("hint: "+sc.clean(e.hint), width-indent-margin) {
			list = append(list, strings.Repeat(" ", indent)+sc.dye(plain, line))
		}
	}
	return list
}
