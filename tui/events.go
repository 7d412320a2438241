package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// How events share the rows.
const (
	wrapFrom = 12 // rows from which on long texts are wrapped instead of cut
	wrapRows = 3  // of one event, at most
)

// eventsPanel lists what happened, the newest first.
func eventsPanel(sc scene, width, height int) string {
	if height < 1 {
		return ""
	}
	list := []string{sc.heading("EVENTS", "", width)}
	if height == 1 {
		list = nil // one row is worth more as an event than as a heading
	}
	most := 1
	if height >= wrapFrom || width < minWidth {
		most = wrapRows
	}
	for i := len(sc.entries) - 1; i >= 0 && len(list) < height; i-- {
		if sc.entries[i].quiet {
			continue
		}
		list = append(list, sc.eventRows(sc.entries[i], width, most)...)
	}
	return rows(list, height)
}

// eventRows is one event in at most so many rows; a text that is too long for one gives way to its gist.
func (sc scene) eventRows(e entry, width, most int) []string {
	head := sc.entryHead(e)
	indent := ansi.StringWidth(head)
	room := width - indent - margin
	text := sc.clean(e.text)
	if e.gist != "" && ansi.StringWidth(text) > room {
		text = sc.clean(e.gist)
	}
	if most == 1 || ansi.StringWidth(text) <= room {
		return []string{head + sc.cell(entryTone(e), text, room)}
	}
	var list []string
	wrapped := wrap(text, room)
	if len(wrapped) > most {
		wrapped = append(wrapped[:most-1], strings.Join(wrapped[most-1:], " "))
	}
	for i, line := range wrapped {
		if i > 0 {
			head = strings.Repeat(" ", indent)
		}
		list = append(list, head+sc.cell(entryTone(e), line, room))
	}
	return list
}

// entryHead is what stands before the text of an event.
func (sc scene) entryHead(e entry) string {
	return " " + sc.paint(e.tone, sc.markOf(e.tone)) + " " + sc.paint(dim, clock(e.at)) + "  " +
		sc.cell(dim, e.name, nameColumn) + " "
}

// entryTone keeps colour for what is out of the ordinary.
func entryTone(e entry) tone {
	if e.tone == met {
		return plain
	}
	return e.tone
}
