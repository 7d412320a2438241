package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// The sizes at which the screen changes its layout, in columns and rows.
const (
	minWidth, minHeight = 60, 16 // below: one sentence and the state
	twoColumns          = 100    // from this width on there is a right column
	provenTwoColumns    = 112    // the same where ranges are shown
	tallScreen          = 30     // from this height on there is a line of guidance
	headRows            = 3      // banner, sentence, rule
	footRows            = 2      // rule, keys
	rightShare          = 37     // percent of the width for the right column
	rightMin, rightMax  = 40, 84 // and its bounds
)

// margin is the room between the edge of the terminal, or a column, and what is in it.
const margin = 1

// rightWidth is the width of the right column, 0 when there is none. The line between the columns
// takes one more.
func rightWidth(width int) int {
	if width < twoColumns {
		return 0
	}
	return min(max(width*rightShare/100, rightMin), rightMax)
}

// sideWidth is the width of the right column in a scene: the ranges of what is proven need the width
// more than the events do.
func (sc scene) sideWidth(width int) int {
	if sc.weighs() && width < provenTwoColumns {
		return 0
	}
	return rightWidth(width)
}

// spread puts texts at both ends of a line. Where there is no room for both, the right one goes.
func spread(left, right string, width int) string {
	l, r := ansi.StringWidth(left), ansi.StringWidth(right)
	if r == 0 || l+r+1 > width {
		return ansi.Truncate(left, width, "")
	}
	return left + strings.Repeat(" ", width-l-r) + right
}

// fit makes a block exactly width by height: what is outside is cut, what is missing is blank.
func fit(block string, width, height int) []string {
	rows := make([]string, 0, max(height, 0))
	for line := range strings.SplitSeq(block, "\n") {
		if len(rows) >= height {
			break
		}
		if w := ansi.StringWidth(line); w > width {
			line = ansi.Truncate(line, width, "")
			line += strings.Repeat(" ", max(0, width-ansi.StringWidth(line)))
		} else {
			line += strings.Repeat(" ", width-w)
		}
		rows = append(rows, line)
	}
	for len(rows) < height {
		rows = append(rows, strings.Repeat(" ", width))
	}
	return rows
}

// over lays a box on the middle of rows that are width wide.
func over(rows, box []string, width int) []string {
	top := max(0, (len(rows)-len(box))/2)
	for i, line := range box {
		if top+i >= len(rows) {
			break
		}
		w := ansi.StringWidth(line)
		left := max(0, (width-w)/2)
		under := rows[top+i]
		rest := max(0, width-left-w)
		before, behind := ansi.Truncate(under, left, ""), ansi.TruncateLeft(under, left+w, "")
		if ansi.StringWidth(behind) > rest { // the cut goes through a sign of two columns
			behind = ansi.TruncateLeft(under, left+w+1, "")
		}
		blanks := func(n int) string { return strings.Repeat(" ", max(0, n)) }
		rows[top+i] = before + blanks(left-ansi.StringWidth(before)) + line + blanks(rest-ansi.StringWidth(behind)) + behind
	}
	return rows
}

// wrap breaks a text at its blanks into lines of at most width; a word that is longer is broken. A
// number stays with its unit, and a name with hyphens stays whole.
func wrap(text string, width int) []string {
	if width <= 0 {
		return nil
	}
	whole := strings.NewReplacer("-", "\u2011", " %", "\u00a0%", " ms", "\u00a0ms",
		" > ", "\u00a0>\u00a0", " < ", "\u00a0<\u00a0")
	parts := strings.NewReplacer("\u2011", "-", "\u00a0", " ")
	return strings.Split(parts.Replace(ansi.Wrap(whole.Replace(text), width, "")), "\n")
}
