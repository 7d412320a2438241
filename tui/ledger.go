package tui

import (
	"fmt"
	"math"

	"github.com/charmbracelet/x/ansi"

	"perch/experiment"
	"perch/experiment/evidence"
)

// The columns of the ledger.
const (
	requestsColumn = 9  // "REQUESTS" and a blank
	gainColumn     = 11 // two blanks and "CERTIFIED"
	alarmColumn    = 8
	ledgerMin      = 4
	ledgerMax      = 12
)

// ledgerHeight is what the ledger gets of a column: a third.
func (sc scene) ledgerHeight(height int) int {
	if h := min(height/3, ledgerMax); sc.Weighing != nil && h >= ledgerMin {
		return h
	}
	return 0
}

// ledgerPanel lists the latest intervals, the newest first: how many requests each had, and what they
// did to the two meters.
func ledgerPanel(sc scene, width, height int) string {
	if height < 1 {
		return ""
	}
	list := []string{sc.ledgerHead()}
	ledger := sc.Weighing.Ledger
	for i := len(ledger) - 1; i >= 0 && len(list) < height; i-- {
		list = append(list, sc.ledgerRow(ledger[i], width))
	}
	if len(ledger) == 0 {
		list = append(list, "   "+sc.paint(dim, "nothing was counted yet"))
	}
	return rows(list, height)
}

// ledgerLines is the whole ledger for the log, the oldest interval first; nil where nothing is weighed.
func (sc scene) ledgerLines(width int) []string {
	if sc.Weighing == nil {
		return nil
	}
	list := []string{sc.ledgerHead()}
	for _, l := range sc.Weighing.Ledger {
		list = append(list, sc.ledgerRow(l, width))
	}
	return append(list, "", " "+sc.paint(title, "EVENTS"))
}

func (sc scene) ledgerHead() string {
	return " " + sc.cell(title, "INTERVALS", clockColumn+2) + sc.number(dim, "REQUESTS", requestsColumn) +
		sc.number(dim, "CERTIFIED", gainColumn) + sc.number(dim, "ALARM", alarmColumn)
}

func (sc scene) ledgerRow(l experiment.LedgerLine, width int) string {
	line := "   " + sc.paint(dim, clock(sc.Since.Add(l.End)))
	if l.Flag == evidence.Judged || l.Requests > 0 {
		line += sc.number(plain, evidence.Thousands(l.Requests), requestsColumn)
	}
	if l.Flag != evidence.Judged {
		room := width - margin - 2 - ansi.StringWidth(line)
		words := flagWords(l.Line)
		if ansi.StringWidth(sc.clean(words)) > room {
			words = string(l.Flag)
		}
		return line + "  " + sc.cell(unknown, words, room)
	}
	c := sc.Weighing.Call
	certified, alarm := sc.gains(l.Line, c.Slowest, c.Worst)
	return line + sc.number(plain, certified, gainColumn) + sc.number(plain, alarm, alarmColumn)
}

// gains is what an interval did to the two meters, as far as the slowest and the worst objective
// move them.
func (sc scene) gains(l evidence.Line, slowest, worst int) (certified, alarm string) {
	s := sc.Weighing.State.Settings
	gain := func(k int, of func(evidence.Bet) float64, chance float64) string {
		if k < 0 || k >= len(l.Objectives) || chance <= 0 || chance >= 1 {
			return "–"
		}
		return gainWords(of(l.Objectives[k]) / math.Log(1/chance))
	}
	return gain(slowest, func(b evidence.Bet) float64 { return b.Satisfied }, s.Beta),
		gain(worst, func(b evidence.Bet) float64 { return b.Violated }, s.Alpha)
}

// gainWords writes a step of a meter, "+3 %".
func gainWords(share float64) string {
	n := int(math.Round(100 * share))
	if n == 0 {
		return "±0 %"
	}
	return fmt.Sprintf("%+d %%", n)
}

// flagWords says why an interval was not judged.
func flagWords(l evidence.Line) string {
	switch l.Flag {
	case evidence.Judged:
		return ""
	case evidence.WarmingUp:
		return "warm-up: not judged"
	case evidence.Excluded:
		return "excluded: baseline out of limits too"
	case evidence.Rewound:
		return "excluded, with those before it: baseline out of limits too"
	case evidence.NoScrape:
		if l.Missing != "" {
			return "no scrape: " + l.Missing
		}
		return "no scrape"
	case evidence.NoTraffic:
		return "no traffic"
	}
	return string(l.Flag)
}
