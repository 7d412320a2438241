package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"perch/experiment"
)

// grace is how long a dialog is deaf after something changed beneath it: a key on its way was meant
// for what was to be seen before.
const grace = 400 * time.Millisecond

// The width of a dialog where there is room: of one with a text, and of one with a few choices.
const (
	dialogMax   = 68
	dialogSmall = 44
)

// What the frame of a dialog takes: rows above and below, columns at each side.
const (
	boxRows   = 2
	boxMargin = 2
)

type dialogKind int

const (
	noDialog dialogKind = iota
	promoteDialog
	rollBackDialog
	recoverDialog
	quitDialog
)

// A dialog asks before what is hard to undo. Enter does nothing in it.
type dialog struct {
	kind    dialogKind
	answers int    // Seq of the question that the person has read
	note    string // what has changed since it was opened
	scroll  int    // rows of the body above what is to be seen
	deaf    bool
	graces  int // counts the graces, so that an older one does not end a newer
}

// dialogBox draws a dialog in at most width by height.
func dialogBox(sc scene, d dialog, width, height int) []string {
	inner := d.inner(width)
	var head string
	var keys []string
	switch d.kind {
	case promoteDialog:
		head = sc.promoteTitle()
		keys = sc.yesKeys(sc.promoteWord())
	case rollBackDialog:
		head, keys = "Roll back?", sc.yesKeys("roll back")
	case recoverDialog:
		head, keys = "Unlock the release?", sc.yesKeys("unlock and try again")
	case quitDialog:
		head, keys = "Leave?", sc.quitKeys()
	case noDialog:
		return nil
	}
	return sc.box(head, sc.squeeze(sc.dialogBody(d, inner), d.scroll, height-boxRows-len(keys)), keys, inner)
}

// inner is the width between the sides of a dialog.
func (d dialog) inner(width int) int {
	most := dialogMax
	if d.kind == quitDialog {
		most = dialogSmall
	}
	return min(most, width-2*margin) - 2
}

// dialogBody is what a dialog says above its keys.
func (sc scene) dialogBody(d dialog, inner int) []string {
	width := inner - 2*boxMargin
	var body []string
	if d.note != "" {
		body = append(sc.paragraph(unknown, sc.marks.unknown+" "+d.note, width), "")
	}
	switch d.kind {
	case promoteDialog:
		body = append(body, sc.promoteBody(width)...)
	case rollBackDialog:
		body = append(body, sc.rollBackBody(width)...)
	case recoverDialog:
		body = append(body, sc.recoverBody(width)...)
	case quitDialog, noDialog:
	}
	return body
}

// squeeze makes a body fit: where there is no room its blank rows go, and then it can be scrolled.
func (sc scene) squeeze(body []string, scroll, height int) []string {
	if len(body) > 0 && len(body)+2 <= height {
		return append(append([]string{""}, body...), "")
	}
	body = dense(body)
	if len(body) <= height {
		return body
	}
	keep := max(0, height-1)
	scroll = max(0, min(scroll, len(body)-keep))
	note := fmt.Sprintf("rows %d to %d of %d, ↑ ↓ scroll", scroll+1, scroll+keep, len(body))
	return append(slices.Clip(body[scroll:scroll+keep]), sc.paint(accent, note))
}

// dense leaves out blank rows.
func dense(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(line string) bool { return line == "" })
}

// box frames a title, a body and the row of keys.
func (sc scene) box(head string, body, keys []string, inner int) []string {
	l := sc.lines
	head = " " + head + " "
	top := sc.dye(rule, l.topLeft) + sc.cell(title, head, min(inner, ansi.StringWidth(sc.clean(head))))
	top += sc.dye(rule, strings.Repeat(l.across, max(0, inner+1-ansi.StringWidth(top)))+l.topRight)
	list := []string{top}
	side := sc.dye(rule, l.down)
	for _, line := range body {
		list = append(list, side+fit(strings.Repeat(" ", boxMargin)+line, inner, 1)[0]+side)
	}
	for _, line := range keys {
		list = append(list, side+fit(strings.Repeat(" ", boxMargin)+line, inner, 1)[0]+side)
	}
	return append(list, sc.dye(rule, l.bottomLeft+strings.Repeat(l.across, inner)+l.bottomRight))
}

// choice is a key of a dialog; one that is refused says why when it is pressed.
func (sc scene) choice(key, word string, refused error) string {
	if refused != nil {
		return sc.paint(dim, key+"  "+word+" (not now)")
	}
	return sc.paint(accent, key) + "  " + sc.paint(plain, word)
}

func (sc scene) promoteTitle() string {
	if sc.Asked == nil {
		return "Promote?"
	}
	switch sc.Asked.Fact.Question {
	case experiment.ToRetry:
		return "Try to promote " + sc.Asked.Fact.Version + " again?"
	case experiment.ToAdopt:
		return "Go on from " + percent(sc.Seen.Split.Candidate()) + "?"
	case experiment.ToPromote, experiment.ToDecide:
	}
	return "Promote " + sc.Asked.Fact.Version + "?"
}

// promoteBody is the plan, and the evidence for and against it.
func (sc scene) promoteBody(width int) []string {
	if sc.Asked == nil {
		return nil
	}
	asked := sc.Asked.Fact
	if asked.Question == experiment.ToAdopt {
		return sc.paragraph(plain, adoptWords(sc.State)+". Perch takes the traffic as it is, and goes on from there.", width)
	}
	body := sc.paragraph(plain, sc.promoteWords(asked), width)
	body = append(body, "")
	for _, part := range [][]string{sc.evidenceRows(asked, "", width+margin), sc.planRows(asked.Plan, "", width+margin)} {
		if len(part) > 0 {
			body = append(append(body, part...), "")
		}
	}
	body = append(body, sc.ownerRows(width)...)
	return append(body, sc.paragraph(dim, "A Helm upgrade is not interrupted once it runs.", width)...)
}

func (sc scene) promoteWords(asked experiment.Asked) string {
	who := asked.Version
	if v, ok := sc.Spec().Version(asked.Version); ok && v.Revision() != "" {
		who += " (" + v.Revision() + ")"
	}
	if len(asked.Plan.Upgrades) == 0 && len(asked.Plan.Programs) > 0 {
		return fmt.Sprintf("Perch runs %s on this machine; then %s serves 100 %%.", plural(len(asked.Plan.Programs), "program"), who)
	}
	if len(asked.Plan.Upgrades) == 0 {
		return fmt.Sprintf("The finish actions are carried out; then %s serves 100 %%.", who)
	}
	first := asked.Plan.Upgrades[0]
	text := fmt.Sprintf("Helm upgrades release %s, %s, in %s", first.Release, revisionWords(first), first.Namespace)
	if more := len(asked.Plan.Upgrades) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	if n := len(asked.Plan.Programs); n > 0 {
		text += ", and Perch runs " + plural(n, "program")
	}
	if sc.Setup.Context != "" {
		text += " (context " + sc.Setup.Context + ")"
	}
	return text + fmt.Sprintf("; then %s serves 100 %%.", who)
}

func (sc scene) rollBackBody(width int) []string {
	base := versionName(sc.State, 0)
	when, end := "All traffic goes to %s now", ", and the run ends."
	if sc.Stage == experiment.Finishing {
		when = "The upgrade that runs is not interrupted. As soon as it has ended, well or not, all traffic goes to %s"
	}
	if len(sc.Spec().Finish) > 0 {
		end = "; the finish actions restore the baseline, and the run ends."
	}
	if len(sc.Spec().Versions) > 0 && sc.Spec().Baseline().Revision() != "" {
		base += " (" + sc.Spec().Baseline().Revision() + ")"
	}
	text := fmt.Sprintf(when+", %s loses its %s", base, versionName(sc.State, candidateIndex), percent(sc.Seen.Split.Candidate()))
	body := sc.paragraph(plain, text+end, width)
	if rows := sc.ownerRows(width); len(rows) > 0 {
		body = append(append(body, ""), rows[:len(rows)-1]...)
	}
	return body
}

// recoverBody says what unlocking does, and to what.
func (sc scene) recoverBody(width int) []string {
	what := "The locked release"
	if sc.Asked != nil && len(sc.Asked.Fact.Plan.Upgrades) > 0 {
		u := sc.Asked.Fact.Plan.Upgrades[0]
		what = fmt.Sprintf("Release %s in %s, which is locked,", u.Release, u.Namespace)
	}
	body := sc.paragraph(plain, what+" is rolled back to its last deployed revision; then the promotion is tried again.", width)
	body = append(body, "")
	body = append(body, sc.paragraph(unknown, "If another Helm operation is still at work on it, wait for that instead.", width)...)
	if rows := sc.ownerRows(width); len(rows) > 0 {
		body = append(append(body, ""), rows[:len(rows)-1]...)
	}
	return body
}

// ownerRows warn, before a write, of the tools that may undo it, and end with a blank row.
func (sc scene) ownerRows(width int) []string {
	var list []string
	for _, o := range sc.Owners {
		list = append(list, sc.paragraph(unknown, sc.marks.unknown+" "+ownerWords(o), width)...)
		if o.Hint != "" {
			list = append(list, sc.paragraph(dim, "hint: "+o.Hint, width)...)
		}
	}
	if len(list) > 0 {
		list = append(list, "")
	}
	return list
}

// yesKeys are the keys of a dialog that asks for a y.
func (sc scene) yesKeys(word string) []string {
	return []string{sc.choice("y", word, nil) + gap + gap + sc.paint(dim, "[ esc  not now ]")}
}

// promoteWord is what y does in the dialog of a.
func (sc scene) promoteWord() string {
	if sc.Asked != nil && sc.Asked.Fact.Question == experiment.ToAdopt {
		return "go on"
	}
	return "promote"
}

func (sc scene) quitKeys() []string {
	return []string{
		"",
		sc.choice("k", "keep "+percent(sc.Seen.Split.Candidate())+" and stop", nil),
		sc.choice("r", "roll back and stop", sc.permits(experiment.RollBack)),
		"",
		sc.paint(dim, "[ esc  stay ]"),
		"",
	}
}

// paragraph wraps a text.
func (sc scene) paragraph(t tone, text string, width int) []string {
	list := wrap(sc.clean(text), width)
	for i := range list {
		list[i] = sc.dye(t, list[i])
	}
	return list
}
