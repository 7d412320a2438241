package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"

	"perch/experiment"
)

// footerLine shows the keys that matter now: those that the state does not permit are dim, and the
// one that the moment wants stands out.
func (m Model) footerLine(width int) string {
	st := m.styles
	var parts []string
	for _, b := range []key.Binding{m.keys.Approve, m.keys.Hold, m.keys.RollBack, m.keys.Log, m.keys.Help, m.keys.Quit} {
		text := b.Help().Key + " " + m.label(b)
		switch wish := wishOf(m.state, m.keys, b); {
		case wish != "" && m.permits(wish) != nil:
			text = st.Dim.Render(text)
		case wish == experiment.Approve:
			text = st.Accent.Render(text)
		}
		parts = append(parts, text)
	}
	right := ""
	switch {
	case m.replay:
		right = st.Dim.Render("replay ")
	case m.commands == nil:
		right = st.Dim.Render("observing ")
	}
	return st.ends(" "+strings.Join(parts, "   "), right, width)
}

// label is a key's word, which may depend on the state.
func (m Model) label(b key.Binding) string {
	switch {
	case b.Help().Key == m.keys.Hold.Help().Key && m.state.Held != nil:
		return "resume"
	case b.Help().Key == m.keys.Approve.Help().Key && m.state.Asked != nil && m.state.Asked.Fact.Question == experiment.ToRetry:
		return "try again"
	}
	return b.Help().Desc
}

// flashLine is the rule above the footer; the answer to the last key, or the hint of a trouble,
// takes its place.
func (m Model) flashLine(width, at int) string {
	st := m.styles
	switch {
	case m.flash != "":
		return " " + st.toned(m.flashTone).Render(st.tone(m.flashTone)+" "+m.flash)
	case m.state.Trouble != nil && m.state.Trouble.Hint != "":
		return " " + st.Dim.Render("hint: ") + m.state.Trouble.Hint
	}
	return m.rule(width, at, st.TeeUp)
}
