package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"perch/experiment"
)

// The columns of the objectives table.
const (
	labelMin    = 14
	labelMax    = 30
	limitColumn = 10
	valueColumn = 12 // a blank and "unreachable"; one more where there is room
	wordColumn  = 9  // "undecided"
	trendMin    = 8
	trendRoomy  = 10 // looks: what the trend has before other columns widen
	trendMax    = 60
)

// A grid is how wide the columns of the objectives table are; 0: not shown.
type grid struct{ label, limit, value, trend, word int }

// gridFor shares out a width. What there is no room for goes in this order: the trend, the word.
func (sc scene) gridFor(width int) grid {
	g := grid{label: labelMin, limit: limitColumn, value: valueColumn, word: wordColumn}
	for _, ref := range sc.tableRows() {
		g.label = max(g.label, ansi.StringWidth(sc.clean(sc.Metric(ref.metric).Label)))
	}
	g.label = min(g.label, labelMax)
	fixed := margin + ansi.StringWidth(sc.marks.none) + 1 + g.limit + 2*g.value + 2 + margin
	room := width - fixed - g.label
	if room < g.word && g.label > labelMin {
		g.label = max(labelMin, g.label-(g.word-room))
		room = width - fixed - g.label
	}
	if room < g.word {
		g.word, room = 0, room+2
	}
	trend := room - g.word - 2
	if trend >= trendRoomy+2 {
		g.value, trend = g.value+1, trend-2
	}
	if trend >= trendMin {
		g.trend = min(trend, trendMax, max(trendRoomy, sc.Iterations()))
	}
	return g
}

// A tableRow is a metric of the table; objective is -1 when it is shown and never judged.
type tableRow struct {
	metric    string
	objective int
}

// tableRows lists the objectives, and then what is only shown.
func (sc scene) tableRows() []tableRow {
	c := sc.Spec().Criteria
	var list []tableRow
	for i, o := range c.Objectives {
		list = append(list, tableRow{o.Metric, i})
	}
	if c.RequestCount != "" {
		list = append(list, tableRow{c.RequestCount, -1})
	}
	for _, ref := range c.Indicators {
		if ref != c.RequestCount {
			list = append(list, tableRow{ref, -1})
		}
	}
	return list
}

// objectivesPanel is what the versions are held to, and what they do.
func objectivesPanel(sc scene, width, height int) string {
	if sc.Weighing != nil {
		return proofPanel(sc, width, height)
	}
	g := sc.gridFor(width)
	table := sc.tableRows()
	mark := ansi.StringWidth(sc.marks.none)
	head := " " + sc.cell(title, "OBJECTIVES", mark+1+g.label) + sc.number(dim, "LIMIT", g.limit)
	head += " " + sc.number(baseline, strings.ToUpper(versionName(sc.State, 0)), g.value-1) +
		" " + sc.number(candidate, strings.ToUpper(versionName(sc.State, candidateIndex)), g.value-1)
	if g.trend > 0 {
		head += "  " + sc.cell(dim, "TREND", g.trend)
	}
	if g.word > 0 {
		head += "  " + sc.cell(dim, "VERDICT", g.word)
	}
	list := []string{head}
	for i, row := range table {
		if left := len(table) - i; len(list) == height-1 && left > 1 {
			list = append(list, sc.moreRows(table[i:]))
			break
		}
		list = append(list, sc.objectiveRow(g, row))
	}
	return rows(list, height)
}

// moreRows stands for rows that there is no room for, and does not hide that one of them is missed.
func (sc scene) moreRows(rest []tableRow) string {
	look, _ := sc.judged()
	missing := 0
	for _, row := range rest {
		if row.objective >= 0 && look.Decision.Of(row.objective, versionName(sc.State, candidateIndex)).Verdict == experiment.Violated {
			missing++
		}
	}
	text := fmt.Sprintf("%d more", len(rest))
	if missing > 0 {
		return " " + sc.paint(missed, sc.marks.missed+" "+text+fmt.Sprintf(", %d missed", missing))
	}
	return " " + sc.paint(dim, sc.marks.none+" "+text)
}

func (sc scene) objectiveRow(g grid, row tableRow) string {
	look, decided := sc.judged()
	metric := sc.Metric(row.metric)
	sample := sampleOf(look.Samples, row.metric, versionName(sc.State, candidateIndex))
	o := opinion{mark: sc.marks.none}
	limit := ""
	if row.objective >= 0 {
		o = opinionOf(sc.glyphs, decided, look.Decision.Of(row.objective, versionName(sc.State, candidateIndex)).Verdict, sample)
		limit = limitWords(sc.Spec().Criteria.Objectives[row.objective], metric.Units)
	}
	line := " " + sc.paint(o.tone, o.mark) + " " + sc.cell(plain, metric.Label, g.label) + sc.number(plain, limit, g.limit)
	line += sc.baselineValue(g, row, look) + " " + sc.number(o.tone, sc.valueOf(sample, metric), g.value-1)
	if g.trend > 0 {
		trend := strings.Repeat(" ", g.trend)
		if row.objective >= 0 {
			trend = sc.sparkline(row.objective, g.trend)
		}
		line += "  " + trend
	}
	if g.word > 0 {
		line += "  " + sc.cell(o.tone, o.word, g.word)
	}
	return line
}

// baselineValue is the baseline's cell; a baseline that misses the objective itself is marked,
// because then the candidate may not be to blame.
func (sc scene) baselineValue(g grid, row tableRow, look experiment.Look) string {
	metric := sc.Metric(row.metric)
	sample := sampleOf(look.Samples, row.metric, versionName(sc.State, 0))
	text, tone := sc.valueOf(sample, metric), plain
	if row.objective >= 0 && look.Decision.Of(row.objective, versionName(sc.State, 0)).Verdict == experiment.Violated {
		text, tone = sc.marks.missed+" "+text, missed
	}
	return " " + sc.number(tone, text, g.value-1)
}

// valueOf writes a value, or nothing before the first look.
func (sc scene) valueOf(sample experiment.Sample, m experiment.Metric) string {
	if len(sc.History) == 0 {
		return "–"
	}
	return valueWords(sample, m.Units)
}
