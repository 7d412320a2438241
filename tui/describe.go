package tui

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"perch/experiment"
)

// reportWidth is how wide a report is.
const reportWidth = 80

// reportColumn is the width of the words before the items of a report.
const reportColumn = 13

// Describe writes a report of a run, or of a spec that has not run yet: what it is, how it ended,
// which version wins and why, how far the traffic went, and what every iteration decided.
func Describe(w io.Writer, s experiment.State, a Appearance) error {
	sc := scene{State: s, styles: newStyles(a), now: s.At}
	parts := [][]string{sc.overview(), sc.describeEnd(), sc.progress(), sc.describeTable(), sc.describeEvidence(), sc.describeWeights(), sc.describeDecisions()}
	var out strings.Builder
	for _, part := range parts {
		if len(part) == 0 {
			continue
		}
		if out.Len() > 0 {
			out.WriteString("\n")
		}
		for _, line := range part {
			out.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// overview is what the experiment is.
func (sc scene) overview() []string {
	spec := sc.Spec()
	list := []string{" " + sc.paint(title, "EXPERIMENT "+spec.Name)}
	where := spec.Target.String()
	if sc.Setup.Context != "" {
		where += " @ " + sc.Setup.Context
	}
	list = append(list, sc.reportItem("target", where)...)
	for i, v := range spec.Versions {
		text := v.Name
		if v.Revision() != "" {
			text += ", revision " + v.Revision()
		}
		list = append(list, sc.reportItem([]string{"baseline", "candidate"}[min(i, 1)], text)...)
	}
	st, d := spec.Strategy, spec.Duration
	list = append(list, sc.reportItem("strategy", fmt.Sprintf("%s, %s; at most %s, +%d a time",
		st.TestingPattern, st.DeploymentPattern, percent(st.MaxCandidateWeight), st.MaxCandidateWeightIncrement))...)
	list = append(list, sc.reportItem("duration", fmt.Sprintf("%s of %d s, %s in all", plural(sc.Iterations(), "iteration"),
		d.IntervalSeconds, span(time.Duration(sc.Iterations())*d.Interval())))...)
	if sc.Setup.Judge != "" {
		list = append(list, sc.reportItem("judge", sc.Setup.Judge)...)
	}
	list = append(list, sc.reportItem("policy", policyWords(sc.Setup.Policy))...)
	list = append(list, sc.reportItem("driver", driverWords(sc.Setup.Driver))...)
	for _, o := range sc.Owners {
		list = append(list, sc.reportItem("owner", ownerWords(o))...)
		list = append(list, sc.reportItem("hint", o.Hint)...)
	}
	return list
}

// policyWords says what the team wants done otherwise than by default, "" when nothing.
func policyWords(p experiment.Policy) string {
	var words []string
	if p.OnDrift != "" {
		words = append(words, "on drift "+string(p.OnDrift))
	}
	if p.OutageBudget > 0 {
		words = append(words, plural(p.OutageBudget, "look")+" without data tolerated")
	}
	if p.OnInconclusive != "" {
		words = append(words, "when nothing is proven "+string(p.OnInconclusive))
	}
	return strings.Join(words, ", ")
}

// driverWords says who has the target, and since when; "" when that is not known.
func driverWords(d experiment.Driver) string {
	if d.Holder == "" || d.Since.IsZero() {
		return d.Holder
	}
	return d.Holder + " since " + d.Since.UTC().Format("2006-01-02 15:04:05 UTC")
}

// progress is how far the run came, and who wins.
func (sc scene) progress() []string {
	if sc.Stage == experiment.Idle {
		return []string{" " + sc.paint(title, "PROGRESS"), "   " + sc.paint(dim, "has not run yet")}
	}
	list := []string{" " + sc.paint(title, "PROGRESS")}
	stage := sc.Stage.String() + ", " + iterationWords(sc.State)
	if sc.Finish.Undo {
		stage += ", and rolls back as soon as the finish actions have ended"
	}
	if !sc.Since.IsZero() {
		stage += ", " + span(sc.At.Sub(sc.Since)) + " since " + sc.Since.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	list = append(list, sc.reportItem("stage", stage)...)
	if d, ok := sc.decision(); ok {
		winner := d.Winner
		if winner == "" {
			winner = "none so far"
		}
		list = append(list, sc.reportItem("winner", winner+" ("+d.Reason+")")...)
	}
	if sc.Asked != nil {
		list = append(list, sc.reportItem("asked", questionGist(sc.Asked.Fact))...)
		for _, p := range sc.Asked.Fact.Plan.Programs {
			list = append(list, sc.reportItem("program", p)...)
		}
	}
	if sc.Trouble != nil {
		list = append(list, sc.reportItem("trouble", "cannot "+sc.Trouble.Doing+": "+sc.Trouble.What)...)
		list = append(list, sc.reportItem("hint", sc.Trouble.Hint)...)
	}
	return list
}

// describeTable is the objectives with the latest values.
func (sc scene) describeTable() []string {
	return strings.Split(objectivesPanel(sc, reportWidth, sc.objectivesRows()), "\n")
}

// describeWeights is the way of the candidate's weight, as far as it went, and the traffic now.
func (sc scene) describeWeights() []string {
	seen := lastSeen(sc.State)
	if !seen.Split.Known() {
		return nil
	}
	list := []string{" " + sc.paint(title, "TRAFFIC")}
	list = append(list, sc.reportItem("now", strings.TrimPrefix(TrafficNow(sc.State), "traffic is now "))...)
	var way []string
	for _, s := range sc.slots() {
		if s.kind == past && (len(way) == 0 || way[len(way)-1] != fmt.Sprint(s.weight)) {
			way = append(way, fmt.Sprint(s.weight))
		}
	}
	if len(way) > 0 {
		list = append(list, sc.reportItem("candidate", strings.Join(way, " → ")+" %")...)
	}
	return list
}

// describeDecisions is what every look saw and was decided to mean; reasons are wrapped, not cut.
func (sc scene) describeDecisions() []string {
	if len(sc.History) == 0 {
		return nil
	}
	list := []string{" " + sc.paint(title, "ITERATIONS")}
	for _, look := range sc.History {
		reason := look.Decision.Reason
		if reason == "" {
			reason = "not decided yet"
		}
		head := "  " + sc.number(plain, fmt.Sprint(look.Iteration), numberColumn-2) + "  " + clock(look.At) + "  " +
			sc.number(candidate, percent(look.Split.Candidate()), weightColumn-2) + "  " +
			sc.paint(sc.lookTone(look), sc.markOf(sc.lookTone(look))) + " "
		for _, line := range wrap(sc.clean(reason), reportWidth-ansi.StringWidth(head)) {
			list = append(list, head+sc.dye(decisionTone(look.Decision), line))
			head = strings.Repeat(" ", ansi.StringWidth(head))
		}
	}
	return list
}

// describeEnd is how the run came to its end, and why.
func (sc scene) describeEnd() []string {
	if sc.Ended == nil {
		return nil
	}
	tone := outcomeTone(sc.Ended.Outcome)
	list := []string{" " + sc.paint(title, "OUTCOME")}
	text := sc.paint(tone, sc.markOf(tone)+" "+strings.ToUpper(string(sc.Ended.Outcome)))
	list = append(list, "   "+text)
	return append(list, sc.reportItem("because", sc.Ended.Reason)...)
}

// reportItem is a word and a text beside it; without a text it is nothing.
func (sc scene) reportItem(name, text string) []string {
	if text == "" {
		return nil
	}
	var list []string
	for _, line := range wrap(sc.clean(text), reportWidth-reportColumn-len("   ")) {
		list = append(list, "   "+sc.cell(dim, name, reportColumn)+sc.dye(plain, line))
		name = ""
	}
	return list
}
