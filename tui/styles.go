package tui

import (
	"io"

	"github.com/charmbracelet/lipgloss"

	"perch/experiment"
	"perch/themes"
)

// Styles are a theme's colours, made for one terminal, together with its glyphs.
type Styles struct {
	Glyphs
	Text, Dim, Rule, Accent, Title lipgloss.Style
	Baseline, Candidate            lipgloss.Style
	Met, Missed, Unknown           lipgloss.Style
}

// DefaultTheme is the built-in theme for the background that the terminal told of.
func DefaultTheme() (themes.Theme, error) {
	if lipgloss.HasDarkBackground() {
		return themes.Load("dark")
	}
	return themes.Load("light")
}

// newStyles makes the styles for the terminal behind out: one that cannot show colours gets none.
func newStyles(t themes.Theme, out io.Writer, ascii bool) Styles {
	r := lipgloss.NewRenderer(out)
	paint := func(colour string) lipgloss.Style {
		if colour == "" {
			return r.NewStyle()
		}
		return r.NewStyle().Foreground(lipgloss.Color(colour))
	}
	s := Styles{
		Glyphs: unicodeGlyphs(),
		Text:   paint(t.Text), Dim: paint(t.Dim), Rule: paint(t.Rule), Accent: paint(t.Accent).Bold(true),
		Title:    paint(t.Dim).Bold(true),
		Baseline: paint(t.Baseline), Candidate: paint(t.Candidate),
		Met: paint(t.Met), Missed: paint(t.Missed).Bold(true), Unknown: paint(t.Unknown),
	}
	if ascii {
		s.Glyphs = asciiGlyphs()
	}
	return s
}

// of is the style of a verdict.
func (s Styles) of(v experiment.Verdict) lipgloss.Style {
	switch v {
	case experiment.Satisfied:
		return s.Met
	case experiment.Violated:
		return s.Missed
	case experiment.Unknown:
	}
	return s.Unknown
}

// toned is the style of a tone.
func (s Styles) toned(t tone) lipgloss.Style {
	switch t {
	case goodNews:
		return s.Met
	case badNews:
		return s.Missed
	case noNews:
		return s.Unknown
	case yourTurn:
		return s.Accent
	case plain:
	}
	return s.Text
}

// version is the style of the version at a position.
func (s Styles) version(i int) lipgloss.Style {
	if i == 0 {
		return s.Baseline
	}
	return s.Candidate
}
