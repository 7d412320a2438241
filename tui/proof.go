package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"perch/experiment"
	"perch/experiment/evidence"
)

// The columns of the table of what is proven.
const (
	figureColumn = 10 // a blank and a value
	rangeMin     = 12 // of the bar; narrower ones say nothing
	rangeRoomy   = 20 // what the bar has before other columns come
	rangeMax     = 32
	boundsColumn = 15 // the range in numbers
)

// A proofGrid is how wide the columns of the table of what is proven are; 0: not shown.
type proofGrid struct{ label, limit, baseline, bar, bounds, trend, word int }

// proofGridFor shares out a width. What there is no room for goes in this order: the trend, the range
// in numbers, the bar, the baseline.
func (sc scene) proofGridFor(width int) proofGrid {
	g := proofGrid{label: labelMin, limit: limitColumn, word: wordColumn}
	for _, ref := range sc.tableRows() {
		g.label = max(g.label, ansi.StringWidth(sc.clean(sc.Metric(ref.metric).Label)))
	}
	g.label = min(g.label, labelMax)
	room := width - (2*margin + ansi.StringWidth(sc.marks.none) + 1 + g.label + g.limit + figureColumn + 2 + g.word)
	if least := figureColumn + 2 + rangeMin; room < least {
		shorter := max(labelMin, g.label-(least-room))
		room, g.label = room+g.label-shorter, shorter
	}
	if room >= figureColumn {
		g.baseline, room = figureColumn, room-figureColumn
	}
	if room < rangeMin+2 {
		return g
	}
	g.bar = min(room-2, rangeRoomy)
	room -= g.bar + 2
	if room >= boundsColumn+2 {
		g.bounds, room = boundsColumn, room-boundsColumn-2
	}
	if wider := min(room, rangeMax-g.bar); room-wider >= trendMin+2 || room < trendMin+2 {
		g.bar, room = g.bar+wider, room-wider
	}
	if room >= trendMin+2 {
		g.trend = min(room-2, trendMax, max(trendRoomy, sc.Iterations()))
	}
	return g
}

// A proofRow is a row of the table of what is proven: a limit that is bet on; or, with k -1, a metric
// that is judged by its value only or, with objective -1, not at all.
type proofRow struct {
	tableRow
	k int // index of the judge's objective
}

// proofRows lists every limit that is bet on, and the other metrics. An objective with two limits
// has two rows.
func (sc scene) proofRows() []proofRow {
	var list []proofRow
	for _, row := range sc.tableRows() {
		before := len(list)
		for k, of := range sc.Weighing.Of {
			if of == row.objective && k < len(sc.Weighing.State.Objectives) {
				list = append(list, proofRow{row, k})
			}
		}
		if len(list) == before {
			list = append(list, proofRow{row, -1})
		}
	}
	return list
}

// objectivesRows is how high the table of objectives is, with its heading.
func (sc scene) objectivesRows() int {
	if sc.Weighing != nil {
		return 1 + len(sc.proofRows())
	}
	return 1 + len(sc.tableRows())
}

// proofPanel is what is proven of each objective: where the candidate's true value is, against its
// limit.
func proofPanel(sc scene, width, height int) string {
	g := sc.proofGridFor(width)
	table := sc.proofRows()
	list := []string{sc.proofHead(g)}
	for i, row := range table {
		if left := len(table) - i; len(list) == height-1 && left > 1 {
			list = append(list, sc.moreProofs(table[i:]))
			break
		}
		list = append(list, sc.proofRow(g, row))
	}
	return rows(list, height)
}

func (sc scene) proofHead(g proofGrid) string {
	mark := ansi.StringWidth(sc.marks.none)
	head := " " + sc.cell(title, "OBJECTIVES", mark+1+g.label) + sc.number(dim, "LIMIT", g.limit)
	if g.baseline > 0 {
		head += " " + sc.number(baseline, strings.ToUpper(versionName(sc.State, 0)), g.baseline-1)
	}
	head += " " + sc.number(candidate, strings.ToUpper(versionName(sc.State, candidateIndex)), figureColumn-1)
	if g.bar > 0 {
		head += "  " + sc.rangeHead(g.bar)
	}
	if g.bounds > 0 {
		head += "  " + sc.cell(dim, "TRULY WITHIN", g.bounds)
	}
	if g.trend > 0 {
		head += "  " + sc.cell(dim, "TREND", g.trend)
	}
	return head + "  " + sc.cell(dim, "VERDICT", g.word)
}

// moreProofs stands for rows that there is no room for, and does not hide that one of them is violated.
func (sc scene) moreProofs(rest []proofRow) string {
	violated := 0
	for _, row := range rest {
		if sc.proofOpinion(row).tone == missed {
			violated++
		}
	}
	text := fmt.Sprintf("%d more", len(rest))
	if violated > 0 {
		return " " + sc.paint(missed, fmt.Sprintf("%s %s, %d violated", sc.marks.missed, text, violated))
	}
	return " " + sc.paint(dim, sc.marks.none+" "+text)
}

func (sc scene) proofRow(g proofGrid, row proofRow) string {
	metric, o := sc.Metric(row.metric), sc.proofOpinion(row)
	line := " " + sc.paint(o.tone, o.mark) + " " + sc.cell(plain, metric.Label, g.label) + sc.number(plain, sc.proofLimit(row), g.limit)
	if g.baseline > 0 {
		text, tone := sc.figure(row, 0)
		line += " " + sc.number(tone, text, g.baseline-1)
	}
	text, _ := sc.figure(row, candidateIndex)
	line += " " + sc.number(o.tone, text, figureColumn-1)
	if g.bar > 0 {
		line += "  " + sc.rangeCell(row, o.tone, g.bar)
	}
	if g.bounds > 0 {
		line += "  " + sc.cell(plain, sc.boundsWords(row), g.bounds)
	}
	if g.trend > 0 {
		trend := strings.Repeat(" ", g.trend)
		if row.objective >= 0 {
			trend = sc.sparkline(row.objective, g.trend)
		}
		line += "  " + trend
	}
	return line + "  " + sc.cell(o.tone, o.word, g.word)
}

// assessment is what is known of a limit, and the zero one where nothing is.
func (sc scene) assessment(k int) evidence.Assessment {
	if k < 0 || k >= len(sc.Weighing.Call.Objectives) {
		return evidence.Assessment{}
	}
	return sc.Weighing.Call.Objectives[k]
}

// proofLimit writes the limit of a row; one that depends on the baseline, as it stands now.
func (sc scene) proofLimit(row proofRow) string {
	if row.objective < 0 {
		return ""
	}
	o, units := sc.Spec().Criteria.Objectives[row.objective], sc.Metric(row.metric).Units
	if row.k < 0 {
		return limitWords(o, units)
	}
	if sc.Weighing.State.Objectives[row.k].Lower {
		o.UpperLimit = nil
	} else {
		o.LowerLimit = nil
	}
	if limit := sc.assessment(row.k).Limit; limit != nil && o.Relative {
		o.Relative = false
		if o.UpperLimit != nil {
			o.UpperLimit = limit
		} else {
			o.LowerLimit = limit
		}
	}
	return limitWords(o, units)
}

// proofOpinion is the verdict of a row. Without counts of the latest interval there is none.
func (sc scene) proofOpinion(row proofRow) opinion {
	if row.objective < 0 {
		return opinion{mark: sc.marks.none}
	}
	if row.k < 0 {
		look, decided := sc.judged()
		name := versionName(sc.State, candidateIndex)
		return opinionOf(sc.glyphs, decided, look.Decision.Of(row.objective, name).Verdict, sampleOf(look.Samples, row.metric, name))
	}
	a := sc.assessment(row.k)
	switch {
	case a.Verdict == evidence.Violated:
		return opinion{sc.marks.missed, "violated", missed}
	case sc.Weighing.Call.Line.Missing != "", a.Candidate == nil && sc.Weighing.Call.Phase != evidence.Warming:
		return opinion{sc.marks.unknown, "no data", unknown}
	case a.Verdict == evidence.Satisfied:
		return opinion{sc.marks.met, "proven", met}
	}
	return opinion{sc.marks.open, "undecided", open}
}

// figure is a version's value: since the candidate is judged or, before that, of the latest look. A
// baseline that misses the limit itself is marked, because then the candidate may not be to blame.
func (sc scene) figure(row proofRow, version int) (string, tone) {
	metric := sc.Metric(row.metric)
	look, _ := sc.Latest()
	sample := sampleOf(look.Samples, row.metric, versionName(sc.State, version))
	value := sc.assessment(row.k).Candidate
	if version == 0 {
		value = sc.assessment(row.k).Baseline
	}
	text, tone := sc.valueOf(sample, metric), plain
	switch {
	case value != nil:
		text = metric.Units.Format(*value)
	case sample.Value == nil && ansi.StringWidth(text) >= figureColumn:
		text = "no data"
	}
	if version == 0 && row.objective >= 0 && look.Decision.Of(row.objective, versionName(sc.State, 0)).Verdict == experiment.Violated {
		text, tone = sc.marks.missed+" "+text, missed
	}
	return text, tone
}

// boundsWords is the range in numbers, "0.11–0.72 %".
func (sc scene) boundsWords(row proofRow) string {
	return rangeWords(sc.assessment(row.k).Range, sc.Metric(row.metric).Units)
}

// rangeWords writes a range with its unit once, "" when nothing is known.
func rangeWords(r *evidence.Range, units experiment.Units) string {
	if r == nil {
		return ""
	}
	low := units.Format(r.Low)
	if r.High == nil {
		return "over " + low
	}
	high := units.Format(*r.High)
	if _, unit, ok := strings.Cut(high, " "); ok {
		low = strings.TrimSuffix(low, " "+unit)
	}
	return low + "–" + high
}
