package tui

import (
	"fmt"
	"strings"

	"perch/experiment"
)

// The staircase's measures.
const (
	staircaseHeight = 9 // with title and axis
	axisWidth       = 9
	leastCell       = 4
	mostCell        = 8
	stripCell       = 7
)

// weights are the candidate's weights by iteration, those that were judged and the one in force now.
func weights(s experiment.State) (list []int, verdicts []experiment.Verdict) {
	last := 0
	for _, look := range s.History {
		if look.Iteration == last { // a look while held or waiting
			continue
		}
		last = look.Iteration
		list = append(list, look.Split.Candidate())
		verdicts = append(verdicts, candidateVerdict(s, look))
	}
	return list, verdicts
}

// candidateVerdict is the worst verdict of the candidate in a look.
func candidateVerdict(s experiment.State, look experiment.Look) experiment.Verdict {
	worst := experiment.Satisfied
	for i := range s.Spec().Criteria.Objectives {
		switch look.Decision.Of(i, s.Spec().Candidate().Name).Verdict {
		case experiment.Violated:
			return experiment.Violated
		case experiment.Unknown:
			worst = experiment.Unknown
		case experiment.Satisfied:
		}
	}
	return worst
}

func weightTitle(s experiment.State, st Styles, width int) string {
	most := fmt.Sprintf("at most %d %%, then your approval ", s.Spec().Strategy.MaxCandidateWeight)
	return st.ends(st.Title.Render(" WEIGHT OF CANDIDATE"), st.Dim.Render(most), width)
}

// weightStrip shows the weights in two rows, for narrow screens.
func weightStrip(s experiment.State, st Styles, width int) panel {
	list, verdicts := weights(s)
	total := s.Spec().Duration.Iterations()
	cells := max(1, (width-3)/stripCell)
	first := max(0, min(len(list)-cells+2, total-cells))
	var above, below strings.Builder
	for i := first; i < min(total, first+cells); i++ {
		weight, mark := st.Dim.Render(right("-", stripCell-2)+"  "), "  "
		if i < len(list) {
			weight = st.Candidate.Render(right(fmt.Sprintf("%d %%", list[i]), stripCell-2) + "  ")
			mark = st.of(verdicts[i]).Render(fit(st.verdict(verdicts[i]), 2, ""))
		}
		above.WriteString(weight)
		below.WriteString(st.Dim.Render(right(fmt.Sprint(i+1), stripCell-4)+" ") + mark + " ")
	}
	return panel{weightTitle(s, st, width), above.String(), below.String()}
}

// staircasePanel draws the weights over the iterations, for wide screens.
func staircasePanel(s experiment.State, st Styles, width, height int) panel {
	rows := height - 2
	if rows < 3 {
		return weightStrip(s, st, width)
	}
	list, _ := weights(s)
	total := s.Spec().Duration.Iterations()
	cell := min(mostCell, max(leastCell, (width-axisWidth-1)/max(1, total)))
	cells := min(total, (width-axisWidth-1)/cell)
	first := max(0, len(list)-cells)
	top := max(1, s.Spec().Strategy.MaxCandidateWeight)
	grid := newGrid(rows, cells*cell)
	for i := first; i < len(list); i++ {
		grid.step(st.Glyphs, i-first, cell, row(list, i, rows, top), row(list, max(i-1, first), rows, top))
	}
	out := panel{weightTitle(s, st, width)}
	for r := range rows {
		level := (top*(rows-1-r) + (rows-1)/2) / (rows - 1)
		axis := right(fmt.Sprintf("%d %%", level), axisWidth-3) + " " + st.Axis
		out = append(out, st.Dim.Render(axis)+st.Candidate.Render(grid.line(r)))
	}
	return append(out, st.Dim.Render(numbers(st.Glyphs, first, cells, cell)))
}

// row is where a weight lies: 0 is the top.
func row(list []int, i, rows, top int) int {
	weight := min(list[i], top)
	return (rows - 1) - (weight*(rows-1)+top/2)/top
}

func numbers(g Glyphs, first, cells, cell int) string {
	var line strings.Builder
	line.WriteString(strings.Repeat(" ", axisWidth-2) + g.UpRight)
	for i := range cells {
		n := fmt.Sprint(first + i + 1)
		before := (cell - len(n)) / 2
		line.WriteString(strings.Repeat(g.Horizontal, before) + n + strings.Repeat(g.Horizontal, cell-before-len(n)))
	}
	return line.String()
}

// A grid is a drawing of single-column characters.
type grid [][]string

func newGrid(rows, columns int) grid {
	g := make(grid, rows)
	for r := range g {
		g[r] = strings.Split(strings.Repeat(" ", columns), "")
	}
	return g
}

func (g grid) line(r int) string { return strings.Join(g[r], "") }

// step draws one iteration at row at, coming from row before.
func (g grid) step(glyphs Glyphs, i, cell, at, before int) {
	for c := i * cell; c < (i+1)*cell; c++ {
		g[at][c] = glyphs.Horizontal
	}
	c := i * cell
	switch {
	case at < before: // up
		g[at][c], g[before][c] = glyphs.DownRight, glyphs.UpLeft
	case at > before: // down
		g[at][c], g[before][c] = glyphs.UpRight, glyphs.DownLeft
	}
	for r := min(at, before) + 1; r < max(at, before); r++ {
		g[r][c] = glyphs.Vertical
	}
}
