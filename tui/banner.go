package tui

import (
	"fmt"
	"strings"
	"time"

	"perch/experiment"
)

// bannerLine says which experiment this is and how far it is.
func (m Model) bannerLine(width int) string {
	s, st := m.state, m.styles
	if s.Stage == experiment.Idle {
		return st.Dim.Render(" waiting for the first event")
	}
	where := s.Spec().Target.String()
	if s.Setup.Context != "" {
		where += " @ " + s.Setup.Context
	}
	left := " " + st.Accent.Render(s.Spec().Name) + "   " + where
	return st.ends(left, st.Dim.Render(m.progress(width))+" ", width)
}

// progress: iteration, and the time that matters now.
func (m Model) progress(width int) string {
	s := m.state
	parts := []string{fmt.Sprintf("iteration %d/%d", s.Iteration, s.Spec().Duration.Iterations())}
	switch {
	case s.Since.IsZero():
	case s.Ended != nil:
		parts = append(parts, "took "+clock(s.At.Sub(s.Since)))
	default:
		if width >= wideWidth {
			parts = append(parts, "elapsed "+clock(m.clock().Sub(s.Since)))
		}
		if looking(s) {
			parts = append(parts, "next in "+clock(s.Next.Sub(m.clock())))
		}
	}
	return strings.Join(parts, "   ")
}

// looking tells whether a next look is due at all.
func looking(s experiment.State) bool {
	return s.Stage == experiment.Running ||
		s.Stage == experiment.Awaiting && s.Asked != nil && s.Asked.Fact.Question != experiment.ToRetry
}

// clock writes a duration as 1:05, never negative.
func clock(d time.Duration) string {
	n := int(max(0, d).Round(time.Second).Seconds())
	if n >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", n/3600, n/60%60, n%60)
	}
	return fmt.Sprintf("%d:%02d", n/60, n%60)
}

// sentenceLine is the one sentence that matters.
func (m Model) sentenceLine(width int) string {
	word, text, how := sentence(m.state)
	st := m.styles
	line := " " + st.toned(how).Render(st.Current+" "+word)
	if text != "" {
		line += "   " + text
	}
	right := ""
	if open := m.state.Asked; open != nil {
		right = st.Dim.Render("waiting "+clock(m.clock().Sub(open.At))) + " "
	}
	return st.ends(line, right, width)
}

// sentence gives the state in a word or two, what is behind it, and how it reads.
func sentence(s experiment.State) (word, text string, how tone) {
	switch {
	case s.Ended != nil:
		return strings.ToUpper(string(s.Ended.Outcome)), s.Ended.Reason, endedTone(s.Ended.Outcome)
	case s.Stage == experiment.RollingBack && s.Trouble != nil:
		return "ROLLING BACK", s.Trouble.What, badNews
	case s.Stage == experiment.RollingBack:
		return "ROLLING BACK", "all traffic goes to " + s.Spec().Baseline().Name, badNews
	case s.Stage == experiment.Finishing:
		return "PROMOTING", finishingText(s), yourTurn
	case s.Asked != nil:
		return askedSentence(s)
	case s.Trouble != nil:
		return "TROUBLE", s.Trouble.What, badNews
	case s.Waiting != nil:
		return "WAITING", s.Waiting.For, plain
	}
	return decisionSentence(s)
}

func finishingText(s experiment.State) string {
	if s.Heading == experiment.OutcomePromoted {
		return s.Spec().Candidate().Name + ", by Helm; this is not interrupted"
	}
	return s.Spec().Baseline().Name + " again, by Helm; this is not interrupted"
}

func askedSentence(s experiment.State) (word, text string, how tone) {
	switch s.Asked.Fact.Question {
	case experiment.ToPromote:
		look, _ := s.Latest()
		_, why, _ := strings.Cut(look.Decision.Reason, ": ")
		return "AWAITING APPROVAL", why, yourTurn
	case experiment.ToRetry:
		text = "approve tries again, roll back returns to " + s.Spec().Baseline().Name
		if s.Trouble != nil {
			text = s.Trouble.What
		}
		return "PROMOTION FAILED", text, badNews
	case experiment.ToDecide:
	}
	look, _ := s.Latest()
	_, why, _ := strings.Cut(look.Decision.Reason, ": ")
	return "UNDECIDED", why, noNews
}

// decisionSentence splits the reason of the latest decision, "advance to 45 %: 3 of 3 objectives
// met", into its word and the rest.
func decisionSentence(s experiment.State) (word, text string, how tone) {
	look, ok := s.Latest()
	switch {
	case s.Stage == experiment.Idle || s.Stage == experiment.Initializing:
		return "STARTING", "looking for the service and its revisions", plain
	case s.Held != nil && look.Decision.Kind != experiment.HoldWeights:
		return fmt.Sprintf("HELD AT %d %%", s.Seen.Split.Candidate()), "by " + orSomebody(s.Held.By), noNews
	case !ok || look.Decision.Reason == "":
		return "MEASURING", "the first look comes after one interval", plain
	}
	word, text, _ = strings.Cut(look.Decision.Reason, ": ")
	return strings.ToUpper(word), text, toneOf(look.Decision)
}

// tiny is what fits on a screen that is too small for panels.
func (m Model) tiny(width int) panel {
	word, text, _ := sentence(m.state)
	lines := panel{fmt.Sprintf("%s %s", word, text), splitWords(m.state, m.state.Seen.Split)}
	if width >= leastWidth/2 {
		lines = append(lines, m.styles.Dim.Render(fmt.Sprintf("the screen needs %dx%d", leastWidth, leastHeight)))
	}
	return lines
}
