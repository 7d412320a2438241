package tui

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"perch/experiment"
)

// A sentence is the one that matters: where the run is, why, and for how long.
type sentence struct {
	tone  tone
	where string // "HOLDING at 25 %"
	why   string
	brief string // the same in fewer words; "": there are none
	since string // at the right end of the row
	until string // there as well, when nothing else is: how long it will take
	hint  string // the way out, when there is trouble
}

// reasonMin is how much of a reason must remain readable, in columns, for anything else to stand
// beside it.
const reasonMin = 50

// sentencePanel is the row under the banner.
func sentencePanel(sc scene, width int) string {
	n := sc.sentence()
	mark := sc.markOf(n.tone)
	if n.tone == plain {
		mark = sc.marks.current
	}
	left := " " + sc.paint(n.tone, mark) + " " + sc.paint(n.tone, n.where) + gap
	right := ""
	if words := cmp.Or(n.since, n.until); words != "" {
		right = gap + sc.paint(dim, words) + " "
	}
	room := width - ansi.StringWidth(left)
	long := ansi.StringWidth(sc.clean(n.why)) > room-ansi.StringWidth(right)
	if long && n.brief != "" {
		n.why = n.brief
		long = ansi.StringWidth(sc.clean(n.why)) > room-ansi.StringWidth(right)
	}
	if long && room-ansi.StringWidth(right) < reasonMin {
		right = "" // the reason is worth more than the time
	}
	return left + sc.cell(plain, n.why, room-ansi.StringWidth(right)) + right
}

// sentence finds the one that matters.
func (sc scene) sentence() sentence {
	n := sc.stageSentence()
	adopts := sc.Asked != nil && sc.Asked.Fact.Question == experiment.ToAdopt
	if sc.Drift() && !adopts && (sc.Stage == experiment.Running || sc.Stage == experiment.Awaiting) {
		n.tone, n.why, n.since = unknown, driftWords(sc.Seen, sc.Wanted), ""
		n.brief, n.until = "", ""
	}
	n = sc.resumedSentence(n)
	if sc.Trouble != nil && sc.Stage != experiment.Completed {
		n.tone, n.why, n.hint = missed, "cannot "+sc.Trouble.Doing+": "+sc.Trouble.What, sc.Trouble.Hint
		n.brief, n.until = "", ""
	}
	return n
}

func (sc scene) stageSentence() sentence {
	switch sc.Stage {
	case experiment.Idle:
		return sentence{where: "STARTING", why: "waiting for the first event"}
	case experiment.Initializing:
		return sc.waits(sentence{where: "STARTING", why: "looking at the target and its revisions"})
	case experiment.Running:
		return sc.waits(sc.runningSentence())
	case experiment.Awaiting:
		return sc.askedSentence()
	case experiment.RollingBack:
		return sc.waits(sc.rollingBackSentence())
	case experiment.Finishing:
		return sc.finishingSentence()
	case experiment.Completed:
		n := sentence{tone: outcomeTone(sc.Ended.Outcome), where: strings.ToUpper(string(sc.Ended.Outcome)), why: sc.Ended.Reason}
		if seen := lastSeen(sc.State); seen.Split.Known() {
			n.since = versionName(sc.State, candidateIndex) + " " + percent(seen.Split.Candidate())
		}
		return n
	}
	return sentence{}
}

// finishingSentence says what runs, and what comes of it when somebody wants to roll back meanwhile.
func (sc scene) finishingSentence() sentence {
	n := sentence{tone: accent, where: "PROMOTING " + sc.Finish.Version, why: "a Helm upgrade runs; it is not interrupted"}
	if sc.promotesBaseline() {
		n.where = "RESTORING " + sc.Finish.Version
	}
	n = sc.waits(n)
	if sc.Finish.Undo {
		n.tone, n.why = missed, "rolls back as soon as the upgrade has ended"
	}
	return n
}

// waits replaces the reason by what is waited for, while something is.
func (sc scene) waits(n sentence) sentence {
	if sc.Waiting == nil {
		return n
	}
	n.why = "waiting for " + sc.Waiting.For
	if !sc.Waiting.Until.IsZero() {
		n.since = "at most " + span(sc.Waiting.Until.Sub(sc.now))
	}
	return n
}

// runningSentence says what the latest decision made of the weights.
func (sc scene) runningSentence() sentence {
	d, ok := sc.decision()
	weight := percent(sc.Seen.Split.Candidate())
	switch {
	case sc.Held != nil:
		return sentence{tone: unknown, where: "HELD at " + weight, why: sc.heldWords(d)}
	case !ok:
		return sentence{where: "MEASURING", why: "the first look decides what the candidate gets"}
	}
	if sc.Weighing != nil && sc.judgeRules(d) {
		return sc.phaseSentence(weight)
	}
	n := sentence{tone: decisionTone(d), where: sc.decisionWords(d, weight), why: afterColon(d.Reason)}
	if n.why, n.since = tolerance(n.why); n.since != "" {
		n.brief, _, _ = strings.Cut(n.why, " (")
	}
	return n
}

// decisionWords says what a decision does, or has done, to the candidate's weight.
func (sc scene) decisionWords(d experiment.Decision, weight string) string {
	target := percent(d.Split.Candidate())
	done := d.Split.Equal(sc.Seen.Split)
	switch d.Kind {
	case experiment.Explore:
		return "EXPLORING at " + target
	case experiment.Advance:
		if done {
			return "ADVANCED to " + target
		}
		return "ADVANCING to " + target
	case experiment.Stay:
		return "STAYING at " + weight
	case experiment.HoldWeights:
		return "HOLDING at " + weight
	case experiment.Withdraw:
		if done {
			return "WITHDRAWN to " + target
		}
		return "WITHDRAWING to " + target
	case experiment.Repair:
		if done {
			return "REPAIRED to " + target
		}
		return "REPAIRING to " + target
	case experiment.AskToPromote:
		return strings.ToUpper(d.Winner) + " WINS"
	case experiment.KeepBaseline:
		return "KEEPING THE BASELINE"
	case experiment.RollBackNow:
		return "ROLLING BACK"
	case experiment.EndsUndecidedly:
		return "UNDECIDED"
	}
	return "RUNNING"
}

// heldWords says who holds, and what a decision since then has against the candidate.
func (sc scene) heldWords(d experiment.Decision) string {
	why := "the weights are frozen, measuring goes on"
	if _, misses, ok := strings.Cut(d.Reason, "; "); ok && d.Kind == experiment.HoldWeights {
		why = misses
	}
	if sc.Held.By == "" {
		return why
	}
	return "by " + sc.Held.By + "; " + why
}

func (sc scene) rollingBackSentence() sentence {
	n := sentence{tone: missed, where: "ROLLING BACK", why: fmt.Sprintf("all traffic goes to %s", versionName(sc.State, 0))}
	d, _ := sc.decision()
	switch d.Kind {
	case experiment.KeepBaseline:
		n.where, n.why = "KEEPING THE BASELINE", afterColon(d.Reason)
	case experiment.RollBackNow:
		n.why = afterColon(d.Reason)
	case experiment.Explore, experiment.Advance, experiment.Stay, experiment.HoldWeights, experiment.Withdraw,
		experiment.Repair, experiment.AskToPromote, experiment.EndsUndecidedly:
	}
	return n
}
