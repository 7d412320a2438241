package tui

import "perch/experiment"

// Glyphs are the characters that carry meaning, in one of two sets.
type Glyphs struct {
	Tick, Cross, Query          string // one column each, or two in ASCII
	Current                     string // points at what matters
	Full, Empty                 string // of a bar
	Levels                      []rune // of a sparkline, low to high
	NoData                      string // in a sparkline
	AtMost, AtLeast             string
	Horizontal, Vertical        string
	DownRight, DownLeft         string // corners of the staircase and of boxes
	UpRight, UpLeft             string
	TeeDown, TeeUp, Axis, Arrow string
	Ellipsis                    string
}

func unicodeGlyphs() Glyphs {
	return Glyphs{
		Tick: "✔", Cross: "✖", Query: "?", Current: "▸", Full: "█", Empty: "░",
		Levels: []rune("▁▂▃▄▅▆▇█"), NoData: "·", AtMost: "≤", AtLeast: "≥",
		Horizontal: "─", Vertical: "│", DownRight: "╭", DownLeft: "╮", UpRight: "╰", UpLeft: "╯",
		TeeDown: "┬", TeeUp: "┴", Axis: "┤", Arrow: "→", Ellipsis: "…",
	}
}

func asciiGlyphs() Glyphs {
	return Glyphs{
		Tick: "ok", Cross: "XX", Query: "??", Current: ">", Full: "#", Empty: ".",
		Levels: []rune("__--==##"), NoData: ".", AtMost: "<=", AtLeast: ">=",
		Horizontal: "-", Vertical: "|", DownRight: "+", DownLeft: "+", UpRight: "+", UpLeft: "+",
		TeeDown: "+", TeeUp: "+", Axis: "+", Arrow: "->", Ellipsis: "~",
	}
}

// verdict is the glyph of a verdict.
func (g Glyphs) verdict(v experiment.Verdict) string {
	switch v {
	case experiment.Satisfied:
		return g.Tick
	case experiment.Violated:
		return g.Cross
	case experiment.Unknown:
	}
	return g.Query
}

// tone is the glyph of a tone, a blank for plain news.
func (g Glyphs) tone(t tone) string {
	switch t {
	case goodNews:
		return g.Tick
	case badNews:
		return g.Cross
	case noNews:
		return g.Query
	case yourTurn:
		return g.Current
	case plain:
	}
	return " "
}
