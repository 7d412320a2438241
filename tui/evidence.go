package tui

import (
	"fmt"
	"math"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"perch/experiment"
	"perch/experiment/evidence"
)

// evidenceMin is how high the evidence is at least: the forecast in the heading, and the two meters.
const evidenceMin = 2

// weighs tells whether the run is judged on counts.
func (sc scene) weighs() bool { return sc.Weighing != nil || sc.Setup.Evidence != nil }

// evidenceHeight is how high the evidence is in full: a row for each limit, and one for what is excluded.
func (sc scene) evidenceHeight() int {
	if sc.Weighing == nil {
		return 0
	}
	return evidenceMin + len(sc.Weighing.State.Objectives) + 1
}

// evidencePanel is how far the proofs are, when they will be there, and what they rest on.
func evidencePanel(sc scene, width, height int) string {
	list := []string{sc.evidenceHead(width), sc.meters(width)}
	for k := range sc.Weighing.State.Objectives {
		name := "   " + sc.cell(dim, sc.limitName(k), labelMin) + " "
		list = append(list, name+sc.cell(plain, sc.restsOn(k, width >= twoColumns), width-margin-ansi.StringWidth(name)))
	}
	if words := sc.excludedWords(); words != "" {
		list = append(list, "   "+sc.cell(dim, "excluded", labelMin)+" "+sc.cell(unknown, words, width-2*margin-len("   ")-labelMin))
	}
	return rows(list, height)
}

// evidenceHead names the panel, and says when there will be a decision in as many words as fit.
func (sc scene) evidenceHead(width int) string {
	head := ""
	for _, words := range sc.forecastWords() {
		if head = sc.heading("EVIDENCE", words+" ", width); strings.Contains(head, sc.clean(words)) {
			break
		}
	}
	return head
}

// A meter is a level from 0 to 100 %, and the objective that it depends on.
type meter struct {
	name  string
	level float64
	tone  tone
	which string // "slowest" or "worst"
	limit string
}

// meters are how far both proofs are, side by side.
func (sc scene) meters(width int) string {
	c := sc.Weighing.Call
	certified := meter{"certified", c.Certified, met, "slowest", sc.limitName(c.Slowest)}
	alarm := meter{"alarm", c.Alarm, missed, "worst", sc.limitName(c.Worst)}
	room := (width-2*margin-len(gap))/2 - 1 - len(" 100 %")
	for _, words := range []func(meter) string{meter.long, meter.short, func(meter) string { return "" }} {
		long := max(ansi.StringWidth(sc.clean(words(certified))), ansi.StringWidth(sc.clean(words(alarm))))
		if bar := room - len(certified.name) - long; bar >= barMin {
			return " " + sc.meter(certified, words, bar, long) + gap + sc.meter(alarm, words, bar, long)
		}
	}
	return ""
}

// long names the objective, and says why it is named.
func (m meter) long() string { return " " + m.which + ": " + m.limit }

// short names the objective.
func (m meter) short() string { return " " + m.limit }

func (sc scene) meter(m meter, words func(meter) string, bar, room int) string {
	whose := words(m)
	if m.level <= 0 {
		whose = "" // it is nobody's
	}
	return sc.paint(plain, m.name) + " " + sc.bar(m.tone, levelPercent(m.level), bar) + " " +
		sc.number(plain, percent(levelPercent(m.level)), len("100 %")) + sc.cell(dim, whose, room)
}

// levelPercent is a level in percent, rounded down: only a proof is 100 %.
func levelPercent(level float64) int { return int(100 * min(1, max(0, level))) }

// limitName names a limit by its metric; where a metric has two, which of them it is.
func (sc scene) limitName(k int) string {
	w := sc.Weighing
	if k < 0 || k >= len(w.Of) || k >= len(w.State.Objectives) {
		return ""
	}
	o := sc.Spec().Criteria.Objectives[w.Of[k]]
	name := sc.Metric(o.Metric).Label
	if o.LowerLimit != nil && o.UpperLimit != nil {
		name += map[bool]string{true: " ≥", false: " ≤"}[w.State.Objectives[k].Lower]
	}
	return name
}

// fewer is from which ratio on requests are said to count as fewer.
const fewer = 1.5

// restsOn says how many requests a verdict rests on, what they count as and, in full or where there
// is nothing else to say, how much evidence they are.
func (sc scene) restsOn(k int, full bool) string {
	a := sc.assessment(k)
	if a.Requests == 0 {
		return "no requests judged yet"
	}
	text := requests(a.Requests)
	few := float64(a.Requests) > fewer*float64(a.Effective)
	if few {
		text += fmt.Sprintf(" count as %s: %s", evidence.Thousands(a.Effective), burstWords(sc.Weighing.State.Objectives[k]))
	}
	if words := sc.oddsWords(a); words != "" && (full || !few) {
		text += "; " + words
	}
	return text
}

func burstWords(o evidence.Objective) string {
	if o.Kind == evidence.ErrorRate {
		return "errors come in bursts"
	}
	return "slow requests come in bursts"
}

// oddsWords says how much evidence there is that the limit is kept, or violated: for the side that has
// more of it.
func (sc scene) oddsWords(a evidence.Assessment) string {
	level, chance, that := a.Certified, sc.Weighing.State.Settings.Beta, "kept"
	if a.Alarm > a.Certified {
		level, chance, that = a.Alarm, sc.Weighing.State.Settings.Alpha, "violated"
	}
	if chance <= 0 {
		return ""
	}
	const most = 1000
	odds := math.Pow(1/chance, level)
	switch {
	case odds < 2:
		return "hardly any evidence yet"
	case odds > most:
		return fmt.Sprintf("evidence over %s:1 that it is %s", evidence.Thousands(most), that)
	}
	return fmt.Sprintf("evidence %s:1 that it is %s", evidence.About(int64(odds)), that)
}

// excludedWords says how much time was not judged, and why.
func (sc scene) excludedWords() string {
	if sc.Weighing.Call.Excluded <= 0 {
		return ""
	}
	return fmt.Sprintf("%s, in which the baseline was out of its limits too", span(sc.Weighing.Call.Excluded))
}

// judgeRules tells whether the latest decision is but the judge's, so that its newest call says more.
func (sc scene) judgeRules(d experiment.Decision) bool {
	switch d.Kind {
	case experiment.Explore, experiment.Advance, experiment.Stay:
		return true
	case experiment.Withdraw:
		return sc.Weighing.Call.Phase == evidence.Quarantined
	case experiment.HoldWeights, experiment.Repair, experiment.AskToPromote, experiment.KeepBaseline,
		experiment.RollBackNow, experiment.EndsUndecidedly:
	}
	return false
}

// phaseSentence says where the evidence stands, why, and how long it will take.
func (sc scene) phaseSentence(weight string) sentence {
	c := sc.Weighing.Call
	n := sentence{tone: phaseTone(c.Phase), where: phaseWords(c.Phase) + " at " + weight, why: c.Reason}
	if f := c.Forecast; f.Known && f.Latest > 0 {
		n.until = "decision " + spanWords(f)
	}
	return n
}

func phaseWords(p evidence.Phase) string {
	switch p {
	case evidence.Warming:
		return "WARMING UP"
	case evidence.AllSatisfied:
		return "PROVEN GOOD"
	case evidence.AnyViolated:
		return "PROVEN BAD"
	case evidence.Exploring, evidence.Accelerating, evidence.Holding, evidence.Quarantined, evidence.Inconclusive:
	}
	return strings.ToUpper(string(p))
}

func phaseTone(p evidence.Phase) tone {
	switch p {
	case evidence.Holding, evidence.Inconclusive:
		return unknown
	case evidence.Quarantined, evidence.AnyViolated:
		return missed
	case evidence.AllSatisfied:
		return met
	case evidence.Warming, evidence.Exploring, evidence.Accelerating:
	}
	return plain
}
