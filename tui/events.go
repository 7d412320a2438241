package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"perch/experiment"
)

// An entry is one event in the words of the moment it came.
type entry struct {
	at   time.Time
	name string
	text string
	hint string
	how  tone
}

// eventWidth is the column of an event's name.
const eventWidth = 12

// logLimit bounds the events that are kept for the screen; the record has all of them.
const logLimit = 2000

func newEntry(s experiment.State, e experiment.Event) entry {
	text, how := words(s, e)
	made := entry{at: e.At, name: e.Name(), text: text, how: how}
	if t, ok := e.Fact.(experiment.Troubled); ok {
		made.hint = t.Hint
	}
	return made
}

// line writes an entry; with Unicode glyphs its arrows become real ones.
func (m Model) line(n entry) string {
	st := m.styles
	text := strings.ReplaceAll(n.text, "->", st.Arrow)
	head := fmt.Sprintf(" %s %s ", fit(st.tone(n.how), len([]rune(st.Tick)), ""), n.at.In(m.zone).Format(time.TimeOnly))
	return st.toned(n.how).Render(head) + fit(n.name, eventWidth, "") + st.toned(n.how).Render(text)
}

// eventsPanel shows the latest events, newest first.
func (m Model) eventsPanel(_, height int) panel {
	if height < 2 {
		return nil
	}
	out := panel{m.styles.Title.Render(" EVENTS")}
	for _, n := range slices.Backward(m.log) {
		if len(out) == height {
			break
		}
		out = append(out, m.line(n))
	}
	return out
}

// logLines are all events, oldest first, with the hints of trouble.
func (m Model) logLines() []string {
	var lines []string
	for _, n := range m.log {
		lines = append(lines, m.line(n))
		if n.hint != "" {
			lines = append(lines, strings.Repeat(" ", eventWidth+12)+m.styles.Dim.Render("hint: "+n.hint))
		}
	}
	return lines
}
