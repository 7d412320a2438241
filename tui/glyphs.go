package tui

// glyphs are all signs of the screen that are not words. There are two sets: one of narrow Unicode,
// and one of pure ASCII for terminals and logs that have nothing else.
type glyphs struct {
	marks    marks
	bars     bars
	ranges   ranges
	lines    lines
	ellipsis string
	foreign  []string  // pairs for strings.NewReplacer: signs in texts, and their stand-ins
	levels   [8]string // of a sparkline, from near nothing to the limit
	noData   string    // in a sparkline
	ahead    string    // what may come
}

// marks stand in front of a line and say the same as a word behind it. All of a set are equally wide.
type marks struct{ none, current, met, missed, unknown, open string }

// bars fill a share of a row.
type bars struct{ full, empty string }

// ranges draw where a true value is, against its limit.
type ranges struct{ track, within, dot, limit, tolerated, beyond string }

// lines draw rules, boxes and stairs.
type lines struct {
	across, down, teeDown, teeUp               string
	topLeft, topRight, bottomLeft, bottomRight string
	axis, corner                               string
	upFrom, upTo, downFrom, downTo             string // where a stair leaves a level, and arrives
}

func unicodeGlyphs() glyphs {
	return glyphs{
		marks:  marks{none: " ", current: "▸", met: "✔", missed: "✖", unknown: "?", open: "~"},
		bars:   bars{full: "█", empty: "░"},
		ranges: ranges{track: "·", within: "━", dot: "●", limit: "│", tolerated: "┊", beyond: "→"},
		lines: lines{
			across: "─", down: "│", teeDown: "┬", teeUp: "┴",
			topLeft: "┌", topRight: "┐", bottomLeft: "└", bottomRight: "┘",
			axis: "┤", corner: "└",
			upFrom: "╯", upTo: "╭", downFrom: "╮", downTo: "╰",
		},
		ellipsis: "…",
		levels:   [8]string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
		noData:   "·", ahead: "·",
	}
}

func asciiGlyphs() glyphs {
	return glyphs{
		marks:  marks{none: "  ", current: "> ", met: "ok", missed: "XX", unknown: "??", open: "~~"},
		bars:   bars{full: "#", empty: "."},
		ranges: ranges{track: ".", within: "=", dot: "o", limit: "|", tolerated: ":", beyond: ">"},
		lines: lines{
			across: "-", down: "|", teeDown: "+", teeUp: "+",
			topLeft: "+", topRight: "+", bottomLeft: "+", bottomRight: "+",
			axis: "|", corner: "+",
			upFrom: "'", upTo: ".", downFrom: ".", downTo: "'",
		},
		ellipsis: "..",
		foreign: []string{"→", "->", "≤", "<=", "≥", ">=", "…", "...", "–", "-", "—", "-", "≠", "!=",
			"’", "'", "‘", "'", "“", `"`, "”", `"`, "·", ".", "±", "+/-", "×", "x", "µ", "u", "\u00a0", " "},
		levels: [8]string{"_", ".", "-", "~", "=", "+", "*", "#"},
		noData: "?", ahead: ".",
	}
}
