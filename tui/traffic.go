package tui

import (
	"fmt"
	"strings"

	"perch/experiment"
)

// Columns of the traffic panel.
const (
	nameWidth     = 10
	revisionWidth = 18
	percentWidth  = 7
	leastBar      = 8
)

// trafficPanel shows what each version was asked to get and what the router gives it.
func trafficPanel(s experiment.State, st Styles, width int) panel {
	heads := fmt.Sprintf("%*s%*s ", percentWidth, "asked", percentWidth, "seen")
	out := panel{st.ends(st.Title.Render(" TRAFFIC"), st.Dim.Render(heads), width)}
	for i, v := range s.Spec().Versions {
		out = append(out, trafficRow(s, st, i, v, width))
	}
	return out
}

func trafficRow(s experiment.State, st Styles, i int, v experiment.Version, width int) string {
	mark := " "
	if i > 0 {
		mark = st.Current
	}
	label := fmt.Sprintf(" %s %s %s ", mark, fit(v.Name, nameWidth, st.Ellipsis), fit(v.Revision(), revisionWidth, st.Ellipsis))
	asked, seen := percent(s.Wanted, i), percent(s.Seen.Split, i)
	numbers := fmt.Sprintf("%*s", percentWidth, asked)
	shown := fmt.Sprintf("%*s ", percentWidth, seen)
	if asked != seen {
		shown = st.Unknown.Render(shown)
	}
	room := width - len([]rune(label)) - 2*percentWidth - 2
	if room < leastBar {
		return st.ends(st.version(i).Render(label), numbers+shown, width)
	}
	full := (s.Seen.Split.Of(i)*room + 50) / 100
	bar := st.version(i).Render(strings.Repeat(st.Full, full)) + st.Rule.Render(strings.Repeat(st.Empty, room-full))
	return st.ends(st.version(i).Render(label)+bar, numbers+shown, width)
}

func percent(split experiment.Split, i int) string {
	if !split.Known() {
		return "- %"
	}
	return fmt.Sprintf("%d %%", split.Of(i))
}
