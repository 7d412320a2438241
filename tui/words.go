package tui

import (
	"fmt"
	"strings"
	"time"

	"perch/experiment"
)

// A tone is how an event reads: its glyph and its colour.
type tone int

const (
	plain tone = iota
	goodNews
	badNews
	noNews
	yourTurn
)

// words says in one line what an event means, given the state after it. The line is plain ASCII
// and names versions, not positions.
func words(s experiment.State, e experiment.Event) (string, tone) {
	switch f := e.Fact.(type) {
	case experiment.Started:
		return startedWords(f), plain
	case experiment.Waiting:
		return "for " + f.For, plain
	case experiment.Initialized:
		return "traffic is " + splitWords(s, f.Traffic.Split), plain
	case experiment.Measured:
		return measuredWords(s, f), plain
	case experiment.Decided:
		return f.Decision.Reason, toneOf(f.Decision)
	case experiment.Shifted:
		return shiftWords(s, f.From, f.Traffic.Split, f.TookMS), plain
	case experiment.Drifted:
		return fmt.Sprintf("traffic is %s, Perch asked for %s; changed by %s",
			f.Traffic.Split, f.Asked, orSomebody(f.Traffic.ChangedBy)), badNews
	case experiment.Asked:
		return askedWords(f), yourTurn
	}
	return outcomeWords(s, e)
}

// outcomeWords are for the facts that come after the verdict.
func outcomeWords(s experiment.State, e experiment.Event) (string, tone) {
	switch f := e.Fact.(type) {
	case experiment.Obeyed:
		return fmt.Sprintf("%s, asked for by %s", f.Command.Wish, orSomebody(f.Command.By)), plain
	case experiment.Refused:
		return fmt.Sprintf("%s: %s", f.Command.Wish, f.Why), noNews
	case experiment.Promoting:
		return promotingWords(f), plain
	case experiment.Promoted:
		text := fmt.Sprintf("%s: traffic is %s", f.Version, splitWords(s, f.Traffic.Split))
		if f.Details != "" {
			text = fmt.Sprintf("%s: %s; traffic is %s", f.Version, f.Details, splitWords(s, f.Traffic.Split))
		}
		return text, goodNews
	case experiment.RolledBack:
		return shiftWords(s, f.From, f.Traffic.Split, f.TookMS) + ": " + f.Reason, badNews
	case experiment.Troubled:
		return f.Doing + ": " + f.What, badNews
	case experiment.Ended:
		return endedWords(s, f), endedTone(f.Outcome)
	}
	return e.Name(), plain
}

func startedWords(f experiment.Started) string {
	d := f.Spec.Duration
	text := fmt.Sprintf("%s on %s, judge %s, %d objectives, %d iterations of %s",
		f.Spec.Name, f.Spec.Target, f.Judge, len(f.Spec.Criteria.Objectives), d.Iterations(), d.Interval())
	if f.Record != "" {
		text += ", recorded to " + f.Record
	}
	return text
}

// measuredWords gives the candidate's values, each with its verdict against the limits.
func measuredWords(s experiment.State, f experiment.Measured) string {
	var parts []string
	candidate := s.Spec().Candidate().Name
	for _, o := range s.Spec().Criteria.Objectives {
		m := s.Metric(o.Metric)
		sample := experiment.SampleOf(f.Samples, o.Metric, candidate)
		if sample.Value == nil {
			parts = append(parts, fmt.Sprintf("%s no data (%s)", m.Label, sample.Why()))
			continue
		}
		verdict, _ := o.Compare(sample, m.Units)
		word := "ok"
		if verdict == experiment.Violated {
			word = "MISSED"
		}
		parts = append(parts, fmt.Sprintf("%s %s %s", m.Label, m.Units.Format(*sample.Value), word))
	}
	return fmt.Sprintf("iteration %d: %s", f.Iteration, strings.Join(parts, ", "))
}

func shiftWords(s experiment.State, from, to experiment.Split, tookMS int64) string {
	return fmt.Sprintf("%s %d %% -> %d %%, seen after %s",
		s.Spec().Candidate().Name, from.Candidate(), to.Candidate(), seconds(tookMS))
}

func seconds(ms int64) string {
	return fmt.Sprintf("%.1f s", time.Duration(ms*int64(time.Millisecond)).Seconds())
}

// splitWords: "current 55 %, candidate 45 %".
func splitWords(s experiment.State, split experiment.Split) string {
	if !split.Known() {
		return "unknown"
	}
	var parts []string
	for i, v := range s.Spec().Versions {
		parts = append(parts, fmt.Sprintf("%s %d %%", v.Name, split.Of(i)))
	}
	return strings.Join(parts, ", ")
}

func askedWords(f experiment.Asked) string {
	switch f.Question {
	case experiment.ToPromote:
		return fmt.Sprintf("approval to promote %s; type approve, hold or rollback", f.Version)
	case experiment.ToRetry:
		return fmt.Sprintf("the promotion of %s failed; type approve to try again, or rollback", f.Version)
	case experiment.ToDecide:
	}
	return "the evidence does not suffice; type rollback or stop, or wait for more"
}

func promotingWords(f experiment.Promoting) string {
	parts := []string{f.Version}
	for _, u := range f.Plan.Upgrades {
		parts = append(parts, fmt.Sprintf("release %s, revision %d -> %d", u.Release, u.From, u.To))
	}
	return strings.Join(parts, ": ")
}

func endedWords(s experiment.State, f experiment.Ended) string {
	split := experiment.Split{}
	if f.Traffic != nil {
		split = f.Traffic.Split
	}
	reason := ""
	if f.Reason != "" {
		reason = ": " + f.Reason
	}
	return fmt.Sprintf("%s%s; traffic is %s", f.Outcome, reason, splitWords(s, split))
}

// toneOf a decision: staying is bad news as well while the candidate misses something.
func toneOf(d experiment.Decision) tone {
	switch d.Kind {
	case experiment.HoldWeights, experiment.EndsUndecidedly:
		return noNews
	case experiment.Withdraw, experiment.KeepBaseline, experiment.RollBackNow:
		return badNews
	case experiment.Advance, experiment.AskToPromote:
		return goodNews
	case experiment.Stay:
		if len(d.Violations()) > 0 {
			return badNews
		}
	case experiment.Explore:
	}
	return plain
}

func endedTone(o experiment.Outcome) tone {
	switch o {
	case experiment.OutcomePromoted:
		return goodNews
	case experiment.OutcomeUndecided, experiment.OutcomeStopped:
		return noNews
	case experiment.OutcomeBaselineKept, experiment.OutcomeRolledBack, experiment.OutcomePromotionFailed, experiment.OutcomeFailed:
	}
	return badNews
}

func orSomebody(who string) string {
	if who == "" {
		return "somebody"
	}
	return who
}

// LastLine says how a run ended, or that it has not, and what the traffic is now.
func LastLine(s experiment.State) string {
	if s.Ended == nil {
		return "not ended; traffic was last seen at " + splitWords(s, s.Seen.Split)
	}
	return endedWords(s, *s.Ended)
}
