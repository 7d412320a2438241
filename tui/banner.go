package tui

import (
	"fmt"

	"github.com/charmbracelet/x/ansi"

	"perch/experiment"
)

// gap is the room between two things in one row.
const gap = "   "

// bannerPanel is the row that says who and when.
func bannerPanel(sc scene, width int) string {
	if sc.Stage == experiment.Idle {
		return " " + sc.paint(title, "perch")
	}
	spec := sc.Spec()
	right := sc.paint(plain, iterationWords(sc.State))
	if words := sc.nextWords(); words != "" {
		right += gap + sc.paint(plain, words)
	}
	right += " "
	where := spec.Target.Namespace
	if sc.Setup.Context != "" {
		where += " @ " + sc.Setup.Context
	}
	if !sc.Since.IsZero() && width >= twoColumns {
		started := sc.paint(dim, "started "+sc.Since.UTC().Format("15:04")+" UTC")
		if sc.Ended == nil {
			started += gap + sc.paint(dim, "elapsed "+span(sc.now.Sub(sc.Since)))
		}
		right = started + gap + right
	}
	name := sc.clean(spec.Target.Name)
	room := width - margin - ansi.StringWidth(right) - len(gap)
	left := " " + sc.cell(title, name, max(0, min(room, ansi.StringWidth(name))))
	for _, more := range []string{sc.paint(plain, where), sc.paint(dim, spec.Name)} {
		if ansi.StringWidth(left+gap+more+gap+right) <= width {
			left += gap + more
		}
	}
	return spread(left, right, width)
}

// iterationWords counts the iterations that were completed.
func iterationWords(s experiment.State) string {
	return fmt.Sprintf("iteration %d/%d", s.Iteration, s.Iterations())
}

// nextWords says when something happens next without anybody's doing.
func (sc scene) nextWords() string {
	switch {
	case sc.Ended != nil && sc.Since.IsZero():
		return ""
	case sc.Ended != nil:
		return "took " + span(sc.At.Sub(sc.Since))
	case sc.Next.IsZero(), sc.Stage != experiment.Running && sc.Stage != experiment.Awaiting:
		return ""
	case sc.Asked != nil && sc.Asked.Fact.Question == experiment.ToRetry:
		return ""
	case !sc.now.Before(sc.Next):
		return "looking now"
	}
	return "next in " + span(sc.Next.Sub(sc.now))
}
