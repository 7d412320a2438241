package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"perch/experiment"
)

// planColumn is the width of the words before the items of a plan.
const planColumn = 11

// promotionPanel shows, while a question is open or an upgrade runs, what a promotion does and what
// speaks for and against it. It has no rows when there is nothing to show.
func promotionPanel(sc scene, width, height int) string {
	plan, open := sc.plan()
	var list []string
	if len(plan.Upgrades)+len(plan.Programs) > 0 {
		name := "PROMOTION BY HELM"
		if len(plan.Upgrades) == 0 {
			name = "PROMOTION BY A PROGRAM"
		}
		list = append(list, sc.heading(name, "", width))
		list = append(list, sc.planRows(sc.shortened(plan, width-len("   ")-planColumn-margin), "   ", width)...)
	}
	open = open && sc.Asked.Fact.Question != experiment.ToAdopt
	if open && len(sc.Asked.Fact.For)+len(sc.Asked.Fact.Against) > 0 {
		if len(list) > 0 {
			list = append(list, "")
		}
		name := "EVIDENCE"
		if sc.Weighing != nil {
			name = "FOR AND AGAINST" // the evidence is a panel of its own
		}
		list = append(list, sc.heading(name, "", width))
		list = append(list, sc.evidenceRows(sc.Asked.Fact, "   ", width)...)
	}
	return rows(list, height)
}

// plan is that of the open question, or of the upgrade that runs.
func (sc scene) plan() (plan experiment.Plan, open bool) {
	switch {
	case sc.Asked != nil:
		return sc.Asked.Fact.Plan, true
	case sc.Stage == experiment.Finishing:
		return sc.promoting.Plan, false
	}
	return experiment.Plan{}, false
}

// planRows writes a plan, an item a row; texts that are too long are wrapped under themselves.
func (sc scene) planRows(p experiment.Plan, indent string, width int) []string {
	var list []string
	add := func(name, text string) {
		if text != "" {
			list = append(list, sc.item(indent, name, text, width)...)
		}
	}
	for _, u := range p.Upgrades {
		add("release", u.Release+", "+revisionWords(u))
		add("namespace", u.Namespace)
		add("chart", strings.TrimSpace(u.Chart+" "+u.ChartVersion))
		for i, v := range u.Values {
			add([]string{"values", ""}[min(i, 1)], v)
		}
		for i, c := range u.Changes {
			add([]string{"changes", ""}[min(i, 1)], changeWords(c))
		}
		add("waits", u.Wait)
	}
	for i, p := range p.Programs {
		add([]string{"programs", ""}[min(i, 1)], p)
	}
	return list
}

func changeWords(c experiment.Change) string {
	from, to := c.From, c.To
	if from == "" {
		from = "(not set)"
	}
	if to == "" {
		to = "(not set)"
	}
	return fmt.Sprintf("%s: %s → %s", c.Path, from, to)
}

// evidenceRows lists what speaks for and against.
func (sc scene) evidenceRows(a experiment.Asked, indent string, width int) []string {
	var list []string
	add := func(t tone, name string, texts []string) {
		for i, text := range texts {
			head := indent + sc.cell(dim, []string{name, ""}[min(i, 1)], planColumn-2) + sc.paint(t, sc.markOf(t)) + " "
			room := width - ansi.StringWidth(head) - margin
			for _, line := range wrap(sc.clean(text), room) {
				list = append(list, head+sc.cell(plain, line, room))
				head = strings.Repeat(" ", ansi.StringWidth(head))
			}
		}
	}
	add(met, "for", a.For)
	add(unknown, "against", a.Against)
	return list
}

// shortened leaves out the middle of addresses that are too long for a row; the dialog has them whole.
func (sc scene) shortened(p experiment.Plan, room int) experiment.Plan {
	p.Upgrades = slices.Clone(p.Upgrades)
	for i, u := range p.Upgrades {
		p.Upgrades[i].Values = slices.Clone(u.Values)
		for j, v := range u.Values {
			if over := ansi.StringWidth(v) - room; over > 0 {
				p.Upgrades[i].Values[j] = sc.ellipsis + ansi.TruncateLeft(v, over+ansi.StringWidth(sc.ellipsis), "")
			}
		}
	}
	return p
}

// item is a word and a text beside it.
func (sc scene) item(indent, name, text string, width int) []string {
	var list []string
	room := width - len(indent) - planColumn - margin
	for i, line := range wrap(sc.clean(text), room) {
		if i > 0 {
			name = ""
		}
		list = append(list, indent+sc.cell(dim, name, planColumn)+sc.cell(plain, line, room))
	}
	return list
}
