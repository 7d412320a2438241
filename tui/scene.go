package tui

import (
	"slices"
	"strings"
	"time"

	"perch/experiment"
)

// A scene is all that the panels show: the state and how it looks. A panel is a function of a
// scene, a width and a height; it may return fewer rows than the height, never wider ones.
type scene struct {
	experiment.State
	styles
	now       time.Time
	entries   []entry              // oldest first
	promoting experiment.Promoting // the latest finish actions; zero: none yet
	resumed   *resumption          // nil: it was not, or has looked again since
	observing bool                 // there is nobody to send commands to
}

// heading is the first row of a panel: its name, and a note at the right end.
func (sc scene) heading(name, note string, width int) string {
	left := " " + sc.paint(title, name)
	return spread(left, sc.paint(dim, note), width)
}

// judged is the latest look, and whether it was decided upon yet.
func (sc scene) judged() (look experiment.Look, decided bool) {
	look, _ = sc.Latest()
	return look, look.Decision.Kind != ""
}

// decision is the latest one, and whether there is one.
func (sc scene) decision() (experiment.Decision, bool) {
	for _, look := range slices.Backward(sc.History) {
		if look.Decision.Kind != "" {
			return look.Decision, true
		}
	}
	return experiment.Decision{}, false
}

// promotesBaseline tells whether the finish actions restore the version that served before.
func (sc scene) promotesBaseline() bool {
	return sc.Finish.Version != "" && sc.Finish.Version == versionName(sc.State, 0)
}

// rows joins the rows of a panel, at most height of them.
func rows(list []string, height int) string {
	return strings.Join(list[:max(0, min(height, len(list)))], "\n")
}
