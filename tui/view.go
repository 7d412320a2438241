package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// scene is what the panels show now.
func (m model) scene() scene {
	return scene{State: m.state, styles: m.styles, now: m.now, entries: m.entries,
		promoting: m.promoting, resumed: m.resumed, observing: m.opts.Send == nil}
}

// View draws the screen. It is exactly as large as the terminal.
func (m model) View() string {
	if m.width < 1 || m.height < 1 {
		return ""
	}
	sc := m.scene()
	if m.tiny() {
		return joinRows(m.tinyView(sc))
	}
	list := append(m.headRows(sc), m.body(sc)...)
	list = append(list, m.footRows(sc)...)
	if m.dialog.kind != noDialog {
		list = over(list, dialogBox(sc, m.dialog, m.width, m.height), m.width)
	}
	return joinRows(list)
}

func joinRows(list []string) string { return strings.Join(list, "\n") }

// headRows are who and when, the one sentence, and a rule that says the way out of trouble.
func (m model) headRows(sc scene) []string {
	hint := flash{}
	if h := sc.sentence().hint; h != "" {
		hint = flash{tone: plain, text: "hint: " + h}
	}
	return []string{
		fit(bannerPanel(sc, m.width), m.width, 1)[0],
		fit(sentencePanel(sc, m.width), m.width, 1)[0],
		sc.rulePanel(hint, m.tee(sc.lines.teeDown), m.width),
	}
}

// footRows are the answer to the last key, the guidance where there is room, and the keys.
func (m model) footRows(sc scene) []string {
	list := []string{sc.rulePanel(m.answer(), m.tee(sc.lines.teeUp), m.width)}
	if m.height >= tallScreen {
		list = append(list, fit(" "+sc.cell(dim, sc.guidance(), m.width-2*margin), m.width, 1)[0])
	}
	return append(list, fit(keysPanel(sc, m.keys, m.width), m.width, 1)[0])
}

// tee is where the line between the columns meets a rule; a pane has no columns.
func (m model) tee(sign string) string {
	if m.pane.kind != noPane {
		return m.styles.lines.across
	}
	return sign
}

// bodyHeight is what the head and the foot leave.
func (m model) bodyHeight() int {
	h := m.height - headRows - footRows
	if m.height >= tallScreen {
		h--
	}
	return h
}

// body is the panels, or the pane in their place.
func (m model) body(sc scene) []string {
	height := m.bodyHeight()
	if m.pane.kind != noPane {
		name := map[paneKind]string{helpPane: "HELP", logPane: "LOG"}[m.pane.kind]
		head := sc.heading(name, "esc back, ↑ ↓ scroll ", m.width)
		return fit(head+"\n"+m.pane.view.View(), m.width, height)
	}
	side := sc.sideWidth(m.width)
	if side == 0 {
		return fit(sc.stack(sc.sections(height, eventsWanted), m.width), m.width, height)
	}
	main := m.width - side - 1
	left := fit(sc.stack(sc.sections(height, 0), main), main, height)
	right := fit(sc.sideColumn(side, height), side, height)
	line := sc.dye(rule, sc.lines.down)
	for i := range left {
		left[i] += line + right[i]
	}
	return left
}

// sideColumn is the plan of a promotion while there is one, the ledger of the evidence, and the events.
func (sc scene) sideColumn(width, height int) string {
	var list []string
	left := height
	for _, panel := range []string{
		promotionPanel(sc, width, height-eventsWanted),
		ledgerPanel(sc, width, sc.ledgerHeight(height)),
	} {
		if rows := strings.Count(panel, "\n") + 2; panel != "" && left-rows >= eventsMin {
			list, left = append(list, panel), left-rows
		}
	}
	return strings.Join(append(list, eventsPanel(sc, width, left)), "\n\n")
}

// tinyView is for terminals without room for panels: the sentence, and how it stands.
func (m model) tinyView(sc scene) []string {
	n := sc.sentence()
	var list []string
	add := func(t tone, text string) {
		if text != "" {
			list = append(list, sc.paragraph(t, text, m.width)...)
		}
	}
	switch m.dialog.kind {
	case rollBackDialog:
		add(accent, "Roll back? y roll back, esc not now")
	case recoverDialog:
		add(accent, "Unlock the release and try again? y unlock, esc not now")
	case quitDialog:
		add(accent, "Leave? k keep and stop, r roll back and stop, esc stay")
	case promoteDialog, noDialog:
		add(m.answer().tone, m.answer().text)
	}
	add(n.tone, n.where)
	if m.state.Setup.Spec.Name != "" {
		add(plain, splitWords(m.state, lastSeen(m.state).Split)+"; "+iterationWords(m.state))
	}
	add(plain, n.why)
	add(plain, n.until)
	add(dim, "Perch needs 60 x 16 to show more.")
	for i := range list {
		list[i] = ansi.Truncate(list[i], m.width, "")
	}
	return fit(joinRows(list), m.width, m.height)
}
