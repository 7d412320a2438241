package tui

import (
	"fmt"
	"strings"

	"perch/experiment"
)

// questionWords says what a person is asked, and what each answer does.
func questionWords(s experiment.State, f experiment.Asked) string {
	back := "rollback sends all traffic to " + versionName(s, 0)
	var text string
	switch f.Question {
	case experiment.ToPromote:
		text = fmt.Sprintf("approval to promote %s: approve, hold or rollback", f.Version)
	case experiment.ToRetry:
		text = "the promotion failed: approve tries again, " + back
	case experiment.ToDecide:
		text = "the evidence does not suffice: " + back + ", stop leaves it as it is"
	case experiment.ToAdopt:
		text = adoptWords(s) + ": approve goes on from there, " + back
	}
	if f.Locked {
		text += "; a Helm release is locked: recover unlocks it, then tries again"
	}
	if len(f.Against) > 0 && f.Question != experiment.ToAdopt { // who changed what is said already
		text += "; against: " + strings.Join(f.Against, ", ")
	}
	return text
}

// questionGist is the question alone.
func questionGist(f experiment.Asked) string {
	switch {
	case f.Question == experiment.ToPromote:
		return "approval to promote " + f.Version
	case f.Question == experiment.ToRetry && f.Locked:
		return "release locked: unlock, again, or roll back?"
	case f.Question == experiment.ToRetry:
		return "promotion failed: again, or roll back?"
	case f.Question == experiment.ToAdopt:
		return "go on from the traffic as it is?"
	}
	return "the evidence does not suffice"
}

// adoptWords says who changed what: "kubectl-patch changed the traffic to 60/40, Perch asked for 75/25".
func adoptWords(s experiment.State) string {
	return fmt.Sprintf("%s changed the traffic to %s, Perch asked for %s", writer(s.Seen), s.Seen.Split, s.Wanted)
}

// askedSentence is the one that matters while a question is open.
func (sc scene) askedSentence() sentence {
	n := sentence{tone: accent, where: "AWAITING APPROVAL", since: "waiting " + span(sc.now.Sub(sc.Asked.At))}
	d, _ := sc.decision()
	switch sc.Asked.Fact.Question {
	case experiment.ToPromote:
		n.why = sc.Asked.Fact.Version + " wins"
		switch d.Kind {
		case experiment.AskToPromote:
			n.why = d.Reason
		case experiment.EndsUndecidedly:
			n.tone, n.where, n.why = unknown, "UNDECIDED, your word", afterColon(d.Reason)
		case experiment.Explore, experiment.Advance, experiment.Stay, experiment.HoldWeights, experiment.Withdraw,
			experiment.Repair, experiment.KeepBaseline, experiment.RollBackNow:
		}
	case experiment.ToRetry:
		n.tone, n.where, n.why = missed, "PROMOTION FAILED", strings.Join(sc.Asked.Fact.Against, "; ")
		if sc.Asked.Fact.Locked {
			n.where = "RELEASE LOCKED"
		}
	case experiment.ToDecide:
		n.tone, n.where, n.why = unknown, "UNDECIDED", afterColon(d.Reason)
	case experiment.ToAdopt:
		n.where = "GO ON from " + percent(sc.Seen.Split.Candidate()) + "?"
		n.why = adoptWords(sc.State) + ": a goes on from there, r rolls back"
		n.brief = fmt.Sprintf("changed by %s; Perch asked for %s", writer(sc.Seen), sc.Wanted)
	}
	return n
}

// askedGuidance says what each key answers.
func (sc scene) askedGuidance(weight, back string) string {
	switch sc.Asked.Fact.Question {
	case experiment.ToPromote:
		return fmt.Sprintf("Your turn: a opens the promotion plan, h keeps %s, %s", weight, back)
	case experiment.ToRetry:
		if sc.Asked.Fact.Locked {
			return fmt.Sprintf("Your turn: u unlocks the release and tries again, a only tries again, %s", back)
		}
		return fmt.Sprintf("Your turn: a tries again, %s No traffic was moved.", back)
	case experiment.ToAdopt:
		return fmt.Sprintf("Your turn: a goes on from %s, h keeps it, %s", weight, back)
	case experiment.ToDecide:
	}
	return fmt.Sprintf("Your turn: %s q stops and keeps %s. More data may still decide.", back, weight)
}
