package tui

import "strings"

// How the rows of a column are shared out.
const (
	eventsMin      = 3 // with their heading; fewer are only given when nothing else fits
	eventsWanted   = 8
	iterationsMin  = 4
	ladderMax      = 9 // rows of the chart
	sectionsInMain = 4
)

// A section is a panel with its share of the rows.
type section struct {
	panel  func(sc scene, width, height int) string
	height int
	loose  bool // a blank row goes before it
}

// sections shares out the rows of a column. The shares depend on the spec and the size alone, so
// that nothing jumps while the run goes on: first the traffic and the objectives, then the evidence
// and the weights in numbers, then room to breathe, the evidence in full, a chart, the iterations, and
// the rest for the events.
func (sc scene) sections(height, events int) []section {
	traffic := min(height, 1+len(sc.Spec().Versions))
	objectives := min(height-traffic, sc.objectivesRows())
	left := height - traffic - objectives
	evidence, weight, iterations := 0, 0, 0
	if sc.Weighing != nil && left >= evidenceMin {
		evidence = evidenceMin
		left -= evidence
	}
	if left >= stripRows {
		weight = stripRows
		left -= weight
	}
	blanks := sectionsInMain - 1
	if events == 0 {
		blanks--
	}
	if evidence > 0 {
		blanks++
	}
	loose := left >= blanks+min(events, eventsMin)
	if loose {
		left -= blanks
	}
	if more := sc.evidenceHeight() - evidence; evidence > 0 && left >= more+events {
		evidence += more
		left -= more
	}
	if more := sc.chartRows() - weight; weight > 0 && left >= more+events {
		weight += more
		left -= more
	}
	if spare := left - events - 1; loose && spare >= iterationsMin {
		iterations = min(spare, 1+max(len(sc.History), sc.Iterations()))
		left -= iterations + 1
	}
	if events == 0 {
		left = 0
	}
	return []section{
		{trafficPanel, traffic, false},
		{objectivesPanel, objectives, loose},
		{evidencePanel, evidence, loose},
		{weightPanel, weight, loose},
		{iterationsPanel, iterations, loose},
		{eventsPanel, left, loose},
	}
}

// chartRows is how high the chart of weights is: a row for nothing, for the first traffic, for each
// weight on the shortest way from there to the limit, and for everything.
func (sc scene) chartRows() int {
	s := sc.Spec().Strategy
	steps := s.MaxCandidateWeight / max(1, s.MaxCandidateWeightIncrement)
	return min(ladderMax, steps+4) + 2
}

// stack draws sections under each other.
func (sc scene) stack(list []section, width int) string {
	var out []string
	for _, s := range list {
		if s.height == 0 {
			continue
		}
		if s.loose {
			out = append(out, "")
		}
		out = append(out, fit(s.panel(sc, width, s.height), width, s.height)...)
	}
	return strings.Join(out, "\n")
}
