package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"perch/experiment"
	"perch/experiment/evidence"
)

// candidateIndex is the position of the version that wants to replace the baseline.
const candidateIndex = 1

// percent writes a weight.
func percent(n int) string { return fmt.Sprintf("%d %%", n) }

// span writes a duration as a clock does, "0:12" or "1:02:03"; what is over is "0:00".
func span(d time.Duration) string {
	s := max(0, int(d.Round(time.Second).Seconds()))
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// took writes how long something took.
func took(ms int64) string {
	if ms < 1000 {
		return fmt.Sprintf("%d ms", ms)
	}
	if ms < 120_000 {
		return fmt.Sprintf("%.0f s", float64(ms)/1000)
	}
	return span(time.Duration(ms) * time.Millisecond)
}

// clock writes a time of day, in UTC.
func clock(t time.Time) string { return t.UTC().Format(time.TimeOnly) }

// requests writes a number of requests.
func requests(n int64) string {
	if n == 1 {
		return "1 request"
	}
	return evidence.Thousands(n) + " requests"
}

// plural writes a count with its noun.
func plural(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "y"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(noun, "y"))
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// versionName is the name of the version at a position of the spec; a state before its first event
// has no spec, so it may be "".
func versionName(s experiment.State, i int) string {
	if i < len(s.Spec().Versions) {
		return s.Spec().Versions[i].Name
	}
	return ""
}

// splitWords says a split with the names of the versions, "current 25 %, candidate 75 %".
func splitWords(s experiment.State, split experiment.Split) string {
	if !split.Known() {
		return "unknown"
	}
	var words []string
	for i := range split.Len() {
		words = append(words, strings.TrimSpace(versionName(s, i)+" "+percent(split.Of(i))))
	}
	return strings.Join(words, ", ")
}

// TrafficNow says where the traffic of the target goes, as far as the state knows: the last thing
// to tell a person, however a run has ended.
func TrafficNow(s experiment.State) string {
	seen := lastSeen(s)
	if !seen.Split.Known() {
		return "where the traffic goes is not known: Perch has never seen it"
	}
	text := fmt.Sprintf("traffic is now %s", splitWords(s, seen.Split))
	if s.Ended != nil && s.Ended.LastSeen {
		return fmt.Sprintf("traffic was %s when Perch last saw it; how it is now is not known", splitWords(s, seen.Split))
	}
	if !seen.Settled {
		text += ", and the router has not settled yet"
	}
	return text
}

// lastSeen is the traffic as it was last reported, by the end of the run or before.
func lastSeen(s experiment.State) experiment.Traffic {
	if s.Ended != nil && s.Ended.Traffic != nil {
		return *s.Ended.Traffic
	}
	return s.Seen
}

// limitWords writes what an objective allows, "≤ 50 ms", or "≤ 1.2×" the baseline's value.
func limitWords(o experiment.Objective, units experiment.Units) string {
	format := units.Format
	if o.Relative {
		format = func(v float64) string { return fmt.Sprintf("%.3g×", v) }
	}
	var words []string
	if o.LowerLimit != nil {
		words = append(words, "≥ "+format(*o.LowerLimit))
	}
	if o.UpperLimit != nil {
		words = append(words, "≤ "+format(*o.UpperLimit))
	}
	return strings.Join(words, " ")
}

// sampleOf finds the sample of a metric and a version; one that is not there was not measured.
func sampleOf(samples []experiment.Sample, metric, version string) experiment.Sample {
	i := slices.IndexFunc(samples, func(s experiment.Sample) bool {
		return s.Metric == metric && s.Version == version
	})
	if i < 0 {
		return experiment.Sample{Metric: metric, Version: version}
	}
	return samples[i]
}

// valueWords writes a sample for a table: its value, or why it has none.
func valueWords(s experiment.Sample, units experiment.Units) string {
	switch {
	case s.Value != nil:
		return units.Format(*s.Value)
	case s.Missing == experiment.Unmeasured:
		return "no data"
	}
	return string(s.Missing)
}

// An opinion is a verdict as people read it: a mark, a word and a colour that say the same.
type opinion struct {
	mark, word string
	tone       tone
}

// opinionOf words a verdict. A verdict that is unknown although there is a value is a judge's
// "undecided"; a look that nobody has judged yet has no opinion.
func opinionOf(g glyphs, judged bool, v experiment.Verdict, sample experiment.Sample) opinion {
	switch {
	case !judged:
		return opinion{g.marks.none, "", plain}
	case v == experiment.Satisfied:
		return opinion{g.marks.met, "met", met}
	case v == experiment.Violated:
		return opinion{g.marks.missed, "missed", missed}
	case v == experiment.Undecided:
		return opinion{g.marks.open, "undecided", open}
	case sample.Value == nil:
		return opinion{g.marks.unknown, "no data", unknown}
	}
	return opinion{g.marks.unknown, "undecided", unknown}
}

// outcomeTone is whether an end is good, bad or neither.
func outcomeTone(o experiment.Outcome) tone {
	switch o {
	case experiment.OutcomePromoted:
		return met
	case experiment.OutcomePromotionFailed, experiment.OutcomeFailed:
		return missed
	case experiment.OutcomeBaselineKept, experiment.OutcomeRolledBack:
		return missed
	case experiment.OutcomeUndecided, experiment.OutcomeStopped, experiment.OutcomeTakenOver:
	}
	return unknown
}

// markOf is the mark that goes with a tone.
func (g glyphs) markOf(t tone) string {
	switch t {
	case met:
		return g.marks.met
	case missed:
		return g.marks.missed
	case unknown:
		return g.marks.unknown
	case open:
		return g.marks.open
	case accent:
		return g.marks.current
	case plain, dim, rule, title, baseline, candidate, tones:
	}
	return g.marks.none
}

// afterColon is what a reason says behind its first words: "hold at 5 %: current has no data"
// becomes "current has no data".
func afterColon(reason string) string {
	if _, rest, ok := strings.Cut(reason, ": "); ok {
		return rest
	}
	return reason
}

// beforeColon is the first words of a reason.
func beforeColon(reason string) string {
	head, _, _ := strings.Cut(reason, ": ")
	return head
}
