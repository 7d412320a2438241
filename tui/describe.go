package tui

import (
	"fmt"
	"io"
	"strings"
	"time"

	"perch/experiment"
)

// Describe writes a report of an experiment: of the spec alone, or of a run as far as it is
// recorded. It is plain text, at most 80 columns where the names allow it.
func Describe(w io.Writer, s experiment.State) error {
	var b strings.Builder
	describeSpec(&b, s)
	if s.Seq > 0 {
		describeRun(&b, s)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func describeSpec(b *strings.Builder, s experiment.State) {
	spec := s.Spec()
	row := func(label, format string, args ...any) {
		fmt.Fprintf(b, "%-14s%s\n", label, fmt.Sprintf(format, args...))
	}
	row("Experiment", "%s", spec.Name)
	row("Target", "%s", spec.Target)
	row("Pattern", "%s, %s, judge %s", spec.Strategy.TestingPattern, spec.Strategy.DeploymentPattern, s.Setup.Judge)
	row("Weights", "candidate at most %d %%, at most %d %% more an iteration",
		spec.Strategy.MaxCandidateWeight, spec.Strategy.MaxCandidateWeightIncrement)
	row("Duration", "%d iterations of %s", spec.Duration.Iterations(), spec.Duration.Interval())
	for i, v := range spec.Versions {
		label := "Baseline"
		if i > 0 {
			label = "Candidate"
		}
		row(label, "%s, revision %s", v.Name, v.Revision())
	}
	for _, t := range spec.Finish {
		if u, err := t.Helm(spec.Candidate()); err == nil {
			row("Promotion", "helm upgrade %s %s, values %s", u.Release, u.Chart, strings.Join(u.Values, ", "))
		}
	}
	fmt.Fprintf(b, "\n%-32s%14s%16s%16s\n", "Objective", "Limit", spec.Baseline().Name, spec.Candidate().Name)
	for i, o := range spec.Criteria.Objectives {
		m := s.Metric(o.Metric)
		fmt.Fprintf(b, "%-32s%14s", m.Label, limit(o, m.Units, asciiGlyphs()))
		for _, v := range spec.Versions {
			fmt.Fprintf(b, "%16s", assessed(s, i, v.Name))
		}
		fmt.Fprintln(b)
	}
}

// assessed: the latest value of an objective and what is thought of it, "" before the first look.
func assessed(s experiment.State, objective int, version string) string {
	if len(s.History) == 0 {
		return "-"
	}
	look := latestMeasured(s)
	o := s.Spec().Criteria.Objectives[objective]
	verdict := asciiGlyphs().verdict(look.Decision.Of(objective, version).Verdict)
	sample := experiment.SampleOf(look.Samples, o.Metric, version)
	if sample.Value == nil {
		return "no data " + verdict
	}
	return s.Metric(o.Metric).Units.Format(*sample.Value) + " " + verdict
}

func describeRun(b *strings.Builder, s experiment.State) {
	fmt.Fprintf(b, "\n%-5s%-10s%-10s%s\n", "#", "Time", "Weight", "Decision")
	for _, look := range s.History {
		fmt.Fprintf(b, "%-5d%-10s%-10s%s\n", look.Iteration, look.At.UTC().Format(time.TimeOnly),
			fmt.Sprintf("%d %%", look.Split.Candidate()), look.Decision.Reason)
	}
	fmt.Fprintf(b, "\n%-14s%s\n", "Stage", s.Stage)
	fmt.Fprintf(b, "%-14s%d of %d\n", "Iterations", s.Iteration, s.Spec().Duration.Iterations())
	if look, ok := s.Latest(); ok {
		winner := look.Decision.Winner
		if winner == "" {
			winner = "not found"
		}
		fmt.Fprintf(b, "%-14s%s\n", "Winner", winner)
	}
	if s.Trouble != nil {
		fmt.Fprintf(b, "%-14s%s: %s\n", "Trouble", s.Trouble.Doing, s.Trouble.What)
		if s.Trouble.Hint != "" {
			fmt.Fprintf(b, "%-14s%s\n", "Hint", s.Trouble.Hint)
		}
	}
	fmt.Fprintf(b, "%-14s%s\n", "Outcome", LastLine(s))
}
