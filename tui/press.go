package tui

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"perch/experiment"
)

// pressed does what a key means here and now. Every key that has a meaning has a visible effect.
func (m model) pressed(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	m.flash = flash{}
	if key.Matches(msg, m.keys.Interrupt) {
		return m.interrupted()
	}
	if !m.leaving.asked {
		m.leaving.interrupts = 0
	}
	if m.dialog.kind != noDialog {
		return m.answered(msg)
	}
	if m.pane.kind != noPane {
		if next, done := m.scrolled(msg); done {
			return next, nil
		}
	}
	switch {
	case key.Matches(msg, m.keys.Quit):
		return m.quit()
	case key.Matches(msg, m.keys.Log):
		return m.opened(logPane), nil
	case key.Matches(msg, m.keys.Help):
		return m.opened(helpPane), nil
	case key.Matches(msg, m.keys.Approve):
		return m.asks(promoteDialog, experiment.Approve), nil
	case key.Matches(msg, m.keys.RollBack):
		return m.asks(rollBackDialog, experiment.RollBack), nil
	case key.Matches(msg, m.keys.Recover):
		return m.asks(recoverDialog, experiment.Recover), nil
	case key.Matches(msg, m.keys.Hold):
		return m.toggled()
	}
	return m, nil
}

// interrupted is Ctrl+C: the first warns, the second stops the run, the third does not wait for it.
func (m model) interrupted() (tea.Model, tea.Cmd) {
	m.leaving.interrupts++
	switch {
	case m.free() || m.leaving.interrupts > 2:
		return m, tea.Quit
	case m.leaving.interrupts == 1:
		m = m.flashed(unknown, "Ctrl+C again stops the run and keeps "+percent(m.state.Seen.Split.Candidate()))
		return m, nil
	}
	return m.leave(experiment.Stop)
}

// free tells whether leaving the screen leaves nothing behind that it drives.
func (m model) free() bool { return m.opts.Send == nil || m.state.Ended != nil || m.leaving.silent }

func (m model) quit() (tea.Model, tea.Cmd) {
	if m.free() {
		return m, tea.Quit
	}
	m.dialog = dialog{kind: quitDialog, graces: m.dialog.graces}
	return m, nil
}

// asks opens a dialog for a wish, or says why the wish cannot be had now.
func (m model) asks(kind dialogKind, w experiment.Wish) model {
	err := m.state.Permits(experiment.Command{Wish: w})
	switch {
	case m.opts.Send == nil:
		m = m.flashed(unknown, string(w)+": only observing, commands go nowhere")
	case err != nil:
		m = m.flashed(unknown, string(w)+": "+err.Error())
	case m.tiny() && kind == promoteDialog:
		m = m.flashed(unknown, "approve: enlarge the terminal to see what it does")
	default:
		m.dialog = dialog{kind: kind, graces: m.dialog.graces}
		if m.state.Asked != nil {
			m.dialog.answers = m.state.Asked.Seq
		}
	}
	return m
}

// toggled holds, or ends a hold. Both can be undone, so nobody is asked.
func (m model) toggled() (tea.Model, tea.Cmd) {
	w := experiment.Hold
	if m.state.Held != nil {
		w = experiment.Resume
	}
	err := m.state.Permits(experiment.Command{Wish: w})
	switch {
	case m.opts.Send == nil:
		m = m.flashed(unknown, string(w)+": only observing, commands go nowhere")
	case err != nil:
		m = m.flashed(unknown, string(w)+": "+err.Error())
	default:
		return m.send(experiment.Command{Wish: w})
	}
	return m, nil
}

// answered is a key in a dialog.
func (m model) answered(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	d := m.dialog
	closed := m
	closed.dialog = dialog{graces: d.graces}
	switch {
	case d.deaf:
		return m, nil
	case key.Matches(msg, m.keys.Back):
		return closed, nil
	case d.kind == promoteDialog && key.Matches(msg, m.keys.Scroll.Up, m.keys.Scroll.Down):
		return m.dialogScrolled(key.Matches(msg, m.keys.Scroll.Down)), nil
	case d.kind == promoteDialog && key.Matches(msg, m.keys.Confirm):
		return closed.send(experiment.Command{Wish: experiment.Approve, Answers: d.answers})
	case d.kind == rollBackDialog && key.Matches(msg, m.keys.Confirm):
		return closed.send(experiment.Command{Wish: experiment.RollBack})
	case d.kind == recoverDialog && key.Matches(msg, m.keys.Confirm):
		return closed.send(experiment.Command{Wish: experiment.Recover, Answers: d.answers})
	case d.kind == quitDialog && key.Matches(msg, m.keys.Keep):
		return closed.leave(experiment.Stop)
	case d.kind == quitDialog && key.Matches(msg, m.keys.RollBack):
		if err := m.state.Permits(experiment.Command{Wish: experiment.RollBack}); err != nil {
			m.dialog.note = err.Error()
			return m, nil
		}
		return closed.leave(experiment.RollBack)
	}
	return m, nil
}

// dialogScrolled moves the body of a dialog that is too long, by a row.
func (m model) dialogScrolled(down bool) model {
	step := -1
	if down {
		step = 1
	}
	rows := len(dense(m.scene().dialogBody(m.dialog, m.dialog.inner(m.width))))
	m.dialog.scroll = max(0, min(m.dialog.scroll+step, rows-m.height+boxRows+2))
	return m
}

// leave ends the run in a way, and the screen with it.
func (m model) leave(w experiment.Wish) (tea.Model, tea.Cmd) {
	m.leaving.asked = true
	return m.send(experiment.Command{Wish: w})
}

// send hands a command over; the answer comes as an event.
func (m model) send(c experiment.Command) (tea.Model, tea.Cmd) {
	c.By = m.opts.By
	m = m.flashed(plain, string(c.Wish)+": asked for "+m.styles.ellipsis)
	hand := m.opts.Send
	return m, func() tea.Msg { return sentMsg{c, hand(c)} }
}

// opened shows a pane, or closes it when it is the one that is shown.
func (m model) opened(kind paneKind) model {
	if m.pane.kind == kind {
		m.pane.kind = noPane
		return m
	}
	m.pane.kind = kind
	m.pane.view.GotoTop()
	m = m.filled()
	if kind == logPane {
		m.pane.view.GotoBottom()
	}
	return m
}

// scrolled is a key in a pane; done is false for the keys that mean there what they mean everywhere.
func (m model) scrolled(msg tea.KeyMsg) (next model, done bool) {
	s := m.keys.Scroll
	switch {
	case key.Matches(msg, m.keys.Back, m.keys.Quit):
		m.pane.kind = noPane
	case key.Matches(msg, m.keys.Top):
		m.pane.view.GotoTop()
	case key.Matches(msg, m.keys.Bottom):
		m.pane.view.GotoBottom()
	case key.Matches(msg, s.Up, s.Down, s.PageUp, s.PageDown):
		m.pane.view, _ = m.pane.view.Update(msg)
	default:
		return m, false
	}
	return m, true
}
