package tui

import (
	"math"
	"slices"
	"strings"

	"perch/experiment/evidence"
)

// limitAt is where in a bar the limit stands, as a share of its width: the same in all rows, so that
// what is right of it is seen at a glance.
const limitAt = 0.6

// rangeHead is the heading of the bars; it says which tick is the limit.
func (sc scene) rangeHead(width int) string {
	column := limitColumnIn(width)
	return sc.cell(dim, "RANGE", column) + sc.cell(dim, sc.ranges.limit+"LIMIT", width-column)
}

// limitColumnIn is the column of the limit in a bar.
func limitColumnIn(width int) int { return int(math.Round(limitAt * float64(width-1))) }

// rangeCell is the bar of a row, or why there is none.
func (sc scene) rangeCell(row proofRow, t tone, width int) string {
	switch {
	case row.objective < 0:
		return strings.Repeat(" ", width)
	case row.k < 0:
		return sc.cell(dim, "by value only", width)
	}
	if t == open || t == unknown {
		t = candidate
	}
	return sc.rangeBar(sc.assessment(row.k), sc.tolerated(row.k), t, width)
}

// tolerated is up to where a value may be for the limit to be certified, 0 when that cannot be told
// in the unit of the values: the margin of a quantile is one of shares.
func (sc scene) tolerated(k int) float64 {
	o, a, m := sc.Weighing.State.Objectives[k], sc.assessment(k), 1+sc.Weighing.State.Settings.Margin
	switch {
	case a.Limit == nil, m == 1, o.Kind == evidence.Quantile:
		return 0
	case o.Lower:
		m = 1 / m
	}
	limit := *a.Limit
	if o.Kind == evidence.ErrorRate && !o.Relative {
		return limit * m / (1 - limit + limit*m)
	}
	return limit * m
}

// rangeBar draws from 0 at the left end: where the true value is, what was measured, the limit and
// what is tolerated beyond it. What is beyond the right end is an arrow there.
func (sc scene) rangeBar(a evidence.Assessment, tolerated float64, t tone, width int) string {
	cells, tones := slices.Repeat([]string{sc.ranges.track}, width), slices.Repeat([]tone{dim}, width)
	set := func(column int, sign string, t tone) { cells[column], tones[column] = sign, t }
	if a.Limit == nil || *a.Limit <= 0 {
		return sc.dye(dim, strings.Join(cells, ""))
	}
	at := func(v float64) int {
		return int(math.Round(max(0, v) / *a.Limit * limitAt * float64(width-1)))
	}
	last := width - 1
	if a.Range != nil {
		high := last + 1
		if a.Range.High != nil {
			high = at(*a.Range.High)
		}
		for column := min(at(a.Range.Low), last); column <= min(high, last); column++ {
			set(column, sc.ranges.within, t)
		}
		if high > last {
			set(last, sc.ranges.beyond, t)
		}
	}
	if tolerated > 0 && at(tolerated) != at(*a.Limit) {
		set(min(at(tolerated), last), sc.ranges.tolerated, plain)
	}
	set(limitColumnIn(width), sc.ranges.limit, plain)
	switch {
	case a.Candidate == nil:
	case at(*a.Candidate) > last:
		set(last, sc.ranges.beyond, t)
	default:
		set(at(*a.Candidate), sc.ranges.dot, t)
	}
	return sc.runs(cells, tones)
}

// runs paints signs, those of one tone at once.
func (sc scene) runs(cells []string, tones []tone) string {
	var out strings.Builder
	for from := 0; from < len(cells); {
		to := from + 1
		for to < len(cells) && tones[to] == tones[from] {
			to++
		}
		out.WriteString(sc.dye(tones[from], strings.Join(cells[from:to], "")))
		from = to
	}
	return out.String()
}
