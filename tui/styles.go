package tui

import (
	"strings"
	"unicode"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"perch/themes"
)

// An Appearance says how things look, apart from what they say. The zero Appearance is plain
// Unicode without colours.
type Appearance struct {
	Theme    themes.Theme
	ASCII    bool               // nothing but ASCII, for terminals that have nothing else
	NoColor  bool               // neither colours nor bold type, as NO_COLOR asks
	Renderer *lipgloss.Renderer // knows what the terminal can do; nil: the one of standard output
}

// A tone is what a text means; the theme says what that looks like.
type tone int

const (
	plain tone = iota
	dim
	rule
	title
	accent
	baseline
	candidate
	met
	missed
	unknown
	open  // data that does not suffice yet
	tones // how many there are
)

// styles turn meanings into what a terminal understands. All text of the screen goes through it, so
// that no text from outside can steer the terminal or break the columns.
type styles struct {
	glyphs
	brushes [tones]brush
	mono    bool // no colours: what is dim must be said in another way
	ascii   *strings.Replacer
}

// A brush is what goes before and after a text to colour it; working it out once instead of for
// every cell makes a frame ten times cheaper.
type brush struct{ before, after string }

func newStyles(a Appearance) styles {
	s := styles{glyphs: unicodeGlyphs(), mono: true}
	if a.ASCII {
		s.glyphs = asciiGlyphs()
		s.ascii = strings.NewReplacer(s.foreign...)
	}
	if a.NoColor {
		return s
	}
	r := a.Renderer
	if r == nil {
		r = lipgloss.DefaultRenderer()
	}
	t := a.Theme
	for tone, colour := range [tones]string{
		plain: t.Text, dim: t.Dim, rule: t.Rule, title: t.Title, accent: t.Accent,
		baseline: t.Baseline, candidate: t.Candidate, met: t.Met, missed: t.Missed, unknown: t.Unknown, open: t.Text,
	} {
		s.brushes[tone] = newBrush(r, colour, tone == int(title) || tone == int(accent))
	}
	s.mono = s.brushes[dim].before == ""
	return s
}

func newBrush(r *lipgloss.Renderer, colour string, bold bool) brush {
	style := r.NewStyle().Bold(bold)
	if colour != "" {
		style = style.Foreground(lipgloss.Color(colour))
	}
	const paint = "x"
	before, after, _ := strings.Cut(style.Render(paint), paint)
	return brush{before, after}
}

// paint colours a text.
func (s styles) paint(t tone, text string) string {
	return s.dye(t, s.clean(text))
}

// dye colours what is clean already.
func (s styles) dye(t tone, text string) string {
	b := s.brushes[t]
	if text == "" || b.before == "" {
		return text
	}
	return b.before + text + b.after
}

// cell is a text in a column: cut to the width where it is longer, filled up where it is shorter.
func (s styles) cell(t tone, text string, width int) string {
	text, room := s.cut(text, width)
	return s.dye(t, text) + strings.Repeat(" ", room)
}

// number is a cell whose text stands at its right end.
func (s styles) number(t tone, text string, width int) string {
	text, room := s.cut(text, width)
	return strings.Repeat(" ", room) + s.dye(t, text)
}

// cut cleans a text and shortens it to a width; room is what it leaves of the width.
func (s styles) cut(text string, width int) (short string, room int) {
	if width <= 0 {
		return "", 0
	}
	text = s.clean(text)
	w := ansi.StringWidth(text)
	if w > width {
		tail := s.ellipsis
		if ansi.StringWidth(tail) > width {
			tail = ""
		}
		text = ansi.Truncate(text, width, tail)
		w = ansi.StringWidth(text)
	}
	return text, width - w
}

// clean takes out of a text what could steer a terminal, and in ASCII what is none.
func (s styles) clean(text string) string {
	if s.ascii != nil && !isASCII(text) {
		text = s.ascii.Replace(text)
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= ' ' && r < unicode.MaxASCII:
			return r
		case unicode.IsControl(r):
			return ' '
		case s.ascii != nil:
			return '?'
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			return -1 // would turn the direction of a line, or break it
		}
		return r
	}, text)
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] > unicode.MaxASCII {
			return false
		}
	}
	return true
}

// versionTone is the colour of the version at a position of the spec.
func versionTone(i int) tone {
	if i == 0 {
		return baseline
	}
	return candidate
}
