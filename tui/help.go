package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// The columns of the help.
const (
	helpKey  = 12
	helpSign = 18
	helpWide = 100 // longer lines are hard to read
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
	var list []string
	if half > width/2 {
		list = append(append(left, ""), right...)
	} else {
		for i := range max(len(left), len(right)) {
			list = append(list, fit(at(left, i), half+margin, 1)[0]+at(right, i))
		}
	}
	if !sc.weighs() {
		return list
	}
	list = append(list, "", " "+sc.paint(title, "HOW THE EVIDENCE IS READ"))
	for _, row := range sc.evidenceMeanings() {
		list = append(list, sc.definition(row.tone, row.sign, row.means, helpSign, min(width-margin, helpWide))...)
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
		sc.undecidedMeaning(),
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

// undecidedMeaning: with counts it is the usual state for a while, without it is a lack of data.
func (sc scene) undecidedMeaning() meaning {
	if sc.weighs() {
		return meaning{open, sc.marks.open + " undecided", "data, but not enough of it to be sure"}
	}
	return meaning{unknown, sc.marks.unknown + " undecided", "data, but not enough of it: the same"}
}

// evidenceMeanings explains the words of the judge that counts, each in about two lines.
func (sc scene) evidenceMeanings() []meaning {
	r := sc.ranges
	return []meaning{
		{met, sc.marks.met + " proven", "the limit is kept, so far as requests can prove it; a value beyond it is " + sc.marks.missed + " violated"},
		{candidate, r.within + r.dot + r.within, r.dot + " what was measured, " + r.within + " where the true value is; " +
			r.limit + " the limit, " + r.tolerated + " what is tolerated: too little beyond the limit to be worth the wait"},
		{met, "certified", "how far the proof is that every limit is kept; at 100 % the candidate may be promoted. " +
			"It waits for the slowest objective"},
		{missed, "alarm", "how far the proof is that the candidate violates a limit; at 100 % it is rolled back, " +
			"unless the baseline has the same trouble"},
		{plain, "evidence 24:1", "of candidates beyond what is tolerated, at most 1 in 24 would ever look this good; " +
			"that a limit is violated: of those within it, this bad"},
		{plain, "count as", "failures that come in bursts prove less: so many requests on their own would prove as much"},
		{plain, "decision in", "how long it takes at this traffic until one of the proofs is there, and how many requests"},
		{dim, "by value only", "nothing can be counted: judged by its latest value, as Iter8 does"},
		{plain, "WARMING UP", "the candidate is too young to be judged; only if nearly all fails is it rolled back"},
		{plain, "EXPLORING", "as much traffic as learning needs, and no more"},
		{plain, "ACCELERATING", "half proven: as much traffic as the experiment allows"},
		{missed, "QUARANTINED", "out of its limits, but perhaps by no fault of its own: less traffic until that is known"},
		{unknown, "excluded", "intervals in which the baseline was out of its limits too say nothing about the candidate"},
		{unknown, "no scrape", "no newer counts than before: nothing is learnt, and no weight rises"},
	}
}

// logMax is how many events the log holds ready: wrapping more on every event would be felt.
const logMax = 1000

// logLines is the ledger of the evidence and the latest events in full, the oldest first.
func logLines(sc scene, width int) []string {
	list := sc.ledgerLines(width)
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
