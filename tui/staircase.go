package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// The measures of the staircase.
const (
	stripRows   = 3 // of the small form: heading, weights, iterations
	stripMargin = 3
	slotWide    = 7  // "100 % "
	slotNarrow  = 5  // "100 "
	chartRoom   = 9  // " 100 % ┤"
	chartMin    = 6  // rows from which on there is a chart: heading, three levels, axis, numbers
	slotMax     = 10 // columns of an iteration
)

// weightPanel is the way of the candidate's weight: a chart where there is room for one, two rows of
// numbers elsewhere.
func weightPanel(sc scene, width, height int) string {
	slots := sc.slots()
	head := sc.heading("WEIGHT OF "+strings.ToUpper(versionName(sc.State, candidateIndex)), sc.capWords(width), width)
	if height < chartMin || len(slots) == 0 {
		return rows(append([]string{head}, sc.strip(slots, width)...), height)
	}
	return rows(append([]string{head}, sc.chart(slots, width, height-1)...), height)
}

// capWords says how far the candidate may go, and what comes then.
func (sc scene) capWords(width int) string {
	s := sc.Spec().Strategy
	most := "at most " + percent(s.MaxCandidateWeight)
	if width >= minWidth && sc.Ended == nil {
		return fmt.Sprintf("%s, +%d a time ", most, s.MaxCandidateWeightIncrement)
	}
	return most + " "
}

// strip writes every weight over the number of its iteration.
func (sc scene) strip(slots []slot, width int) []string {
	per := slotWide
	if len(slots)*slotWide > width-stripMargin {
		per = slotNarrow - 1 + ansi.StringWidth(sc.marks.none) // ASCII marks are one wider
	}
	slots = window(slots, (width-stripMargin)/per)
	weights, numbers := strings.Repeat(" ", stripMargin), strings.Repeat(" ", stripMargin)
	for _, s := range slots {
		weight, mark, tone := percent(s.weight), sc.markOf(s.tone), s.tone
		if per < slotWide {
			weight = fmt.Sprint(s.weight)
		}
		switch s.kind {
		case future:
			weight, tone = sc.ahead, dim
		case present:
			if !sc.Seen.Split.Known() {
				weight = "?"
			}
			mark, tone = sc.marks.current, candidate
		case past:
		}
		weights += sc.cell(weightTone(s), weight, per-1) + " "
		numbers += sc.cell(tone, strings.TrimRight(s.label+" "+mark, " "), per-1) + " "
	}
	return []string{strings.TrimRight(weights, " "), strings.TrimRight(numbers, " ")}
}

// weightTone keeps what was measured apart from what is to come.
func weightTone(s slot) tone {
	if s.kind == future {
		return dim
	}
	return candidate
}

// chart draws the stairs over an axis of iterations. Each row is one weight that occurred, so that
// its number is exact; with more weights than rows they are rounded to rows of equal distance. Dots
// go on as fast as the limits allow.
func (sc scene) chart(slots []slot, width, height int) []string {
	room := width - chartRoom - margin
	slots = window(slots, room)
	per := min(max(1, room/len(slots)), slotMax)
	levels := sc.levelsOf(slots, height)
	canvas := newCanvas(len(levels), per*len(slots))
	before, known := -1, 0
	for i, s := range slots {
		level := nearest(levels, s.weight)
		if s.kind == future {
			canvas.dots(sc.ahead, level, i*per, per)
			continue
		}
		known = (i + 1) * per
		canvas.stair(sc.lines, before, level, i*per, per)
		before = level
	}
	var list []string
	for i, level := range slices.Backward(levels) {
		label := sc.number(plain, percent(level), chartRoom-3)
		list = append(list, label+" "+sc.dye(rule, sc.lines.axis)+
			sc.dye(candidate, strings.Join(canvas[i][:known], ""))+sc.dye(dim, strings.Join(canvas[i][known:], "")))
	}
	return append(list, strings.Repeat(" ", chartRoom-2)+sc.dye(rule, sc.lines.corner)+sc.axis(slots, per))
}

// levelsOf are the weights that get a row, the smallest first; the limit is one of them, so that
// the way still to go can be seen.
func (sc scene) levelsOf(slots []slot, height int) []int {
	highest := sc.Spec().Strategy.MaxCandidateWeight
	list := []int{highest}
	for _, s := range slots {
		list = append(list, s.weight)
	}
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) <= height-1 {
		return list
	}
	highest, list = list[len(list)-1], list[:0]
	for i := range height - 1 {
		list = append(list, highest*i/max(1, height-2))
	}
	return slices.Compact(list)
}

// nearest is the position of the level next to a weight.
func nearest(levels []int, weight int) int {
	best := 0
	for i, l := range levels {
		if abs(l-weight) < abs(levels[best]-weight) {
			best = i
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }

// axis numbers the iterations, as many as there is room for.
func (sc scene) axis(slots []slot, per int) string {
	line := make([]string, per*len(slots))
	for i := range line {
		line[i] = sc.lines.across
	}
	free := 0
	for i, s := range slots {
		at := i*per + per/2
		if s.label == "" || at < free || at+len(s.label) > len(line) {
			continue
		}
		for j := range len(s.label) {
			line[at+j] = s.label[j : j+1]
		}
		free = at + len(s.label) + 1
	}
	return sc.dye(rule, strings.Join(line, ""))
}

// A canvas is rows of single signs; row 0 is the lowest level.
type canvas [][]string

func newCanvas(height, width int) canvas {
	c := make(canvas, height)
	for i := range c {
		c[i] = slices.Repeat([]string{" "}, width)
	}
	return c
}

// dots mark a level that may come, in every second column.
func (c canvas) dots(dot string, level, column, length int) {
	for x := column; x < column+length; x++ {
		if x%2 == 0 {
			c[level][x] = dot
		}
	}
}

// stair goes on from one level to the next, and along it for some columns; from -1 it begins.
func (c canvas) stair(l lines, from, to, column, length int) {
	for x := column; x < column+length; x++ {
		c[to][x] = l.across
	}
	if from < 0 || from == to {
		return
	}
	for y := min(from, to) + 1; y < max(from, to); y++ {
		c[y][column] = l.down
	}
	if to > from {
		c[from][column], c[to][column] = l.upFrom, l.upTo
		return
	}
	c[from][column], c[to][column] = l.downFrom, l.downTo
}
