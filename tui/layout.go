package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"perch/experiment"
)

// The screen's breakpoints, in columns and rows.
const (
	leastWidth, leastHeight = 60, 16
	wideWidth, wideHeight   = 100, 24 // from here on there are two columns
	rightWidth              = 44      // of the right column, at least
	rightShare              = 0.36    // of the width, for the right column
)

// A panel is a block of lines. Lines may be shorter or longer than the place they are put in; block
// makes them fit.
type panel []string

// fit makes a line exactly as wide as its place.
func fit(line string, width int, ellipsis string) string {
	if width <= 0 {
		return ""
	}
	if w := ansi.StringWidth(line); w <= width {
		return line + strings.Repeat(" ", width-w)
	}
	return ansi.Truncate(line, width, ellipsis)
}

// block makes a panel exactly as wide and as high as its place.
func (s Styles) block(p panel, width, height int) panel {
	out := make(panel, 0, height)
	for i := range height {
		line := ""
		if i < len(p) {
			line = p[i]
		}
		out = append(out, fit(line, width, s.Ellipsis))
	}
	return out
}

// ends writes one text at the left end of a line and another at the right end; when both do not fit,
// the left one gives way.
func (s Styles) ends(left, right string, width int) string {
	room := width - ansi.StringWidth(right)
	if room < 1 {
		return fit(left, width, s.Ellipsis)
	}
	return fit(left, room-1, s.Ellipsis) + " " + right
}

// stack puts panels below each other, with a blank line between, as far as they fit; the last one
// that fits gets what is left.
func (s Styles) stack(width, height int, panels ...func(width, height int) panel) panel {
	var out panel
	for i, draw := range panels {
		left := height - len(out)
		if i > 0 && left > 1 {
			out = append(out, "")
			left--
		}
		p := draw(width, left)
		if len(p) > left {
			p = p[:left]
		}
		out = append(out, p...)
	}
	return s.block(out, width, height)
}

// beside puts two panels of the same height next to each other, with a line between.
func (s Styles) beside(left, right panel) panel {
	out := make(panel, len(left))
	for i := range left {
		out[i] = left[i] + s.Rule.Render(s.Vertical) + right[i]
	}
	return out
}

// screen lays out everything for one size.
func (m Model) screen(width, height int) panel {
	if width < leastWidth || height < leastHeight {
		return m.styles.block(m.tiny(width), width, height)
	}
	head := panel{m.bannerLine(width), m.sentenceLine(width)}
	foot := panel{m.footerLine(width)}
	body := height - len(head) - len(foot) - 2
	if width >= wideWidth && height >= wideHeight {
		right := max(rightWidth, int(rightShare*float64(width)))
		left := width - right - 1
		out := append(head, m.rule(width, left, m.styles.TeeDown))
		out = append(out, m.styles.beside(m.leftColumn(left, body), m.rightColumn(right, body))...)
		out = append(out, m.flashLine(width, left))
		return m.styles.block(append(out, foot...), width, height)
	}
	out := append(head, m.rule(width, -1, ""))
	out = append(out, m.oneColumn(width, body)...)
	out = append(out, m.flashLine(width, -1))
	return m.styles.block(append(out, foot...), width, height)
}

func (m Model) oneColumn(width, height int) panel {
	s := m.styles
	panels := []func(int, int) panel{
		func(w, _ int) panel { return trafficPanel(m.state, s, w) },
		func(w, _ int) panel { return objectivesPanel(m.state, s, w) },
	}
	if height >= len(trafficPanel(m.state, s, width))+len(objectivesPanel(m.state, s, width))+5 {
		panels = append(panels, func(w, _ int) panel { return weightStrip(m.state, s, w) })
	}
	panels = append(panels, m.eventsPanel)
	return s.stack(width, height, panels...)
}

func (m Model) leftColumn(width, height int) panel {
	s := m.styles
	return s.stack(width, height,
		func(w, _ int) panel { return trafficPanel(m.state, s, w) },
		func(w, _ int) panel { return objectivesPanel(m.state, s, w) },
		func(w, h int) panel { return staircasePanel(m.state, s, w, min(h, staircaseHeight)) },
		func(w, h int) panel { return iterationsPanel(m.state, s, w, h) },
	)
}

func (m Model) rightColumn(width, height int) panel {
	if m.state.Asked == nil || m.state.Asked.Fact.Question == experiment.ToDecide {
		return m.styles.block(m.eventsPanel(width, height), width, height)
	}
	return m.styles.stack(width, height,
		func(w, _ int) panel { return planPanel(m.state.Asked.Fact, m.styles, w) },
		m.eventsPanel,
	)
}

// rule is a line across, with a tee where the columns part.
func (m Model) rule(width, at int, tee string) string {
	line := strings.Repeat(m.styles.Horizontal, width)
	if at >= 0 {
		line = strings.Repeat(m.styles.Horizontal, at) + tee + strings.Repeat(m.styles.Horizontal, width-at-1)
	}
	return m.styles.Rule.Render(line)
}
