package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"perch/experiment"
)

// A dialog asks before something that is hard to undo. Enter does nothing in it, and leaving is
// always possible.
type dialog struct {
	kind    dialogKind
	answers int  // Seq of the question that it was opened for
	deaf    bool // the state has just changed beneath it: keys are ignored for a moment
}

type dialogKind int

const (
	noDialog dialogKind = iota
	approveDialog
	rollBackDialog
	quitDialog
)

// dialogKey handles a key while a dialog is open.
func (m Model) dialogKey(msg tea.KeyMsg) (Model, tea.Cmd) {
	if m.dialog.deaf {
		return m, nil
	}
	kind, answers := m.dialog.kind, m.dialog.answers
	switch {
	case key.Matches(msg, m.keys.Yes) && kind == approveDialog:
		return m.close().send(experiment.Command{Wish: experiment.Approve, Answers: answers})
	case key.Matches(msg, m.keys.Yes) && kind == rollBackDialog,
		key.Matches(msg, m.keys.RollBack) && kind == quitDialog:
		return m.close().send(experiment.Command{Wish: experiment.RollBack})
	case key.Matches(msg, m.keys.Stop) && kind == quitDialog:
		m = m.close()
		m.quitAtEnd = true
		return m.send(experiment.Command{Wish: experiment.Stop})
	case key.Matches(msg, m.keys.Back):
		return m.close(), nil
	}
	return m, nil
}

func (m Model) close() Model {
	m.dialog = dialog{}
	return m
}

// refresh keeps a dialog honest after the state has changed beneath it: it closes when its question
// is gone, and is deaf for a moment so that no key is taken for an answer to something new.
func (m Model) refresh() (Model, tea.Cmd) {
	if m.dialog.kind == noDialog {
		return m, nil
	}
	gone := m.state.Ended != nil ||
		m.dialog.kind == approveDialog && (m.state.Asked == nil || m.state.Asked.Seq != m.dialog.answers) ||
		m.dialog.kind == rollBackDialog && m.permits(experiment.RollBack) != nil
	if gone {
		m = m.close()
		m.flash, m.flashTone = "the state has changed: look again", noNews
		return m, nil
	}
	m.dialog.deaf = true
	return m, tea.Tick(grace, func(at time.Time) tea.Msg { return settledMsg(at) })
}

// dialogPanel draws the open dialog.
func (m Model) dialogPanel(width, height int) panel {
	title, body, keys := m.dialogText(min(width-8, 72))
	inner := ansi.StringWidth(title) + 4
	for _, l := range append(body, keys) {
		inner = max(inner, ansi.StringWidth(l)+4)
	}
	inner = min(inner, width-4)
	if most := height - 6; len(body) > most {
		body = append(body[:max(0, most-1)], m.styles.Dim.Render("l shows all of it"))
	}
	st := m.styles
	edge := func(l string) string {
		return st.Accent.Render(st.Vertical) + fit("  "+l, inner, st.Ellipsis) + st.Accent.Render(st.Vertical)
	}
	bar := func(text, left, right string) string {
		return st.Accent.Render(left + text + strings.Repeat(st.Horizontal, max(0, inner-ansi.StringWidth(text))) + right)
	}
	out := panel{bar(" "+title+" ", st.DownRight, st.DownLeft), edge("")}
	for _, l := range body {
		out = append(out, edge(l))
	}
	return append(out, edge(""), edge(keys), bar("", st.UpRight, st.UpLeft))
}

func (m Model) dialogText(width int) (title string, body panel, keys string) {
	baseline := m.state.Spec().Baseline().Name
	switch m.dialog.kind {
	case approveDialog:
		a := m.state.Asked.Fact
		return "Promote " + a.Version + "?", m.approveText(a, width), "y promote      [ esc  not now ]"
	case rollBackDialog:
		body = panel{
			fmt.Sprintf("All traffic goes to %s at once; then Helm brings", baseline),
			"the release back to its values.",
		}
		return "Roll back?", body, "y roll back      [ esc  not now ]"
	case quitDialog:
		body = panel{
			fmt.Sprintf("The run ends. Traffic is %s.", splitWords(m.state, m.state.Seen.Split)),
			"",
			fmt.Sprintf("k  keep it so and stop: %s", splitWords(m.state, m.state.Seen.Split)),
			fmt.Sprintf("r  roll back to %s and stop", baseline),
		}
		return "Quit?", body, "[ esc  stay ]"
	case noDialog:
	}
	return "", nil, ""
}

func (m Model) approveText(a experiment.Asked, width int) panel {
	st := m.styles
	body := panel{}
	for _, l := range planLines(a, st) {
		body = append(body, ansi.Truncate(l, width, st.Ellipsis))
	}
	list := func(head string, lines []string) {
		for i, l := range lines {
			label := ""
			if i == 0 {
				label = head
			}
			body = append(body, st.Dim.Render(fit(label, nameWidth, ""))+ansi.Truncate(l, width-nameWidth, st.Ellipsis))
		}
	}
	body = append(body, "")
	list("for", a.For)
	if len(a.Against) == 0 {
		list("against", []string{"nothing"})
	}
	list("against", a.Against)
	return append(body, "", st.Dim.Render("A Helm upgrade is not interrupted once it runs."))
}

// over lays one panel over the middle of another.
func over(base, top panel, width int) panel {
	out := append(panel{}, base...)
	if len(top) == 0 {
		return out
	}
	w := ansi.StringWidth(top[0])
	x, y := max(0, (width-w)/2), max(0, (len(base)-len(top))/2)
	for i, l := range top {
		if y+i < len(out) {
			old := out[y+i]
			out[y+i] = ansi.Truncate(old, x, "") + l + ansi.TruncateLeft(old, x+w, "")
		}
	}
	return out
}
