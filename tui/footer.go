package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"perch/experiment"
)

// A flash is the answer to what a person did last; the next key clears it.
type flash struct {
	tone tone
	text string
	at   time.Time
}

// flashTime is how long an answer stays when no key is pressed.
const flashTime = 15 * time.Second

// answer is the flash while it is fresh.
func (m model) answer() flash {
	if m.now.Sub(m.flash.at) > flashTime {
		return flash{}
	}
	return m.flash
}

// flashed shows an answer from now on.
func (m model) flashed(t tone, text string) model {
	m.flash = flash{t, text, m.now}
	return m
}

// keysPanel is the last row: the keys that matter now, those that do nothing now dimmed (or, without
// colours, in parentheses), and the one that the moment wants in the accent.
func keysPanel(sc scene, keys KeyMap, width int) string {
	var words []string
	for _, o := range keys.offers(sc) {
		key := o.binding.Help().Key
		switch {
		case o.refused != nil && sc.mono:
			words = append(words, sc.paint(dim, "("+key+" "+o.word+")"))
		case o.refused != nil:
			words = append(words, sc.paint(dim, key+" "+o.word))
		case o.wanted:
			words = append(words, sc.paint(accent, strings.TrimSpace(sc.marks.current)+" "+key+" "+o.word))
		default:
			words = append(words, sc.paint(title, key)+" "+sc.paint(plain, o.word))
		}
	}
	line := " " + strings.Join(words, gap)
	if ansi.StringWidth(line) > width {
		line = " " + strings.Join(words, " ")
	}
	note := ""
	switch {
	case sc.observing && sc.Ended == nil:
		note = "observing"
	case sc.Setup.Record != "":
		note = "recorded to " + sc.Setup.Record
	}
	if room := width - ansi.StringWidth(line) - len(gap) - margin; ansi.StringWidth(sc.clean(note)) > room {
		note = ""
	}
	return spread(line, sc.paint(dim, note)+" ", width)
}

// rulePanel is a line across the screen, with a tee where the columns meet it; a text in it takes
// the place of the line.
func (sc scene) rulePanel(f flash, tee string, width int) string {
	column := width - sc.sideWidth(width) - 1
	if sc.sideWidth(width) == 0 {
		tee = sc.lines.across
	}
	line := sc.dye(rule, strings.Repeat(sc.lines.across, max(0, column))+tee+strings.Repeat(sc.lines.across, max(0, width-column-1)))
	if f.text == "" {
		return line
	}
	mark := strings.TrimSpace(sc.markOf(f.tone))
	text := strings.TrimSpace(mark + " " + f.text)
	room := width - 2*margin - 1
	words := " " + sc.cell(f.tone, text, min(room, ansi.StringWidth(sc.clean(text)))) + " "
	return words + ansi.TruncateLeft(line, ansi.StringWidth(words), "")
}

// guidance says in a sentence what the person can do now, where there is a row for it.
func (sc scene) guidance() string {
	base, weight := versionName(sc.State, 0), percent(sc.Seen.Split.Candidate())
	back := "r sends all traffic back to " + base + "."
	switch {
	case sc.Stage == experiment.Completed:
		return "The run has ended; " + TrafficNow(sc.State) + "."
	case sc.observing:
		return "Observing: the keys that act are off."
	case sc.Stage == experiment.Finishing:
		return sc.finishingGuidance(back)
	case sc.Stage == experiment.RollingBack:
		return "Perch tries until the router sends everything to " + base + "."
	case sc.Asked != nil:
		return sc.askedGuidance(weight, back)
	case sc.Held != nil:
		return fmt.Sprintf("The candidate keeps %s until h resumes; %s", weight, back)
	case sc.Stage == experiment.Running:
		return fmt.Sprintf("h freezes the candidate at %s, %s", weight, back)
	}
	return ""
}

// finishingGuidance: a roll back that is wanted waits for the end of the upgrade.
func (sc scene) finishingGuidance(back string) string {
	const whole = "A Helm upgrade is not interrupted; "
	switch {
	case sc.Finish.Undo:
		return whole + "as soon as it has ended Perch " + strings.TrimPrefix(back, "r ")
	case sc.permits(experiment.RollBack) == nil:
		return whole + "r rolls back as soon as it has ended."
	}
	return whole + "its end decides what comes next."
}
