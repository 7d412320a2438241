package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"perch/experiment"
	"perch/experiment/evidence"
	"perch/experiment/simulation"
)

// A trialReport is what perch simulate FILE found out.
type trialReport struct {
	spec    experiment.Spec
	Trial   simulation.Trial  `json:"trial"`
	LeftOut []string          `json:"leftOut,omitempty"` // metrics that cannot be simulated
	Odds    []simulation.Odds `json:"odds"`
	Advice  simulation.Advice `json:"advice"`
}

func (r trialReport) write(w io.Writer) error {
	fmt.Fprintf(w, "%s: %s at %s, %d runs of each candidate, seed %d\n",
		r.spec.Name, r.duration(r.iterations()), r.traffic(), r.Trial.Runs, r.Trial.Seed)
	if len(r.LeftOut) > 0 {
		fmt.Fprintf(w, "left out, since it cannot be simulated: %s\n", strings.Join(r.LeftOut, ", "))
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\nCANDIDATE\t%s\tJUDGE\tPROMOTED\tROLLED BACK\tUNDECIDED\tMEDIAN\tP90\tBAD REQUESTS\n", strings.ToUpper(r.subject()))
	for _, o := range r.Odds {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%.0f s\t%.0f s\t%.1f\n", o.Candidate, r.format(o.Value), o.Rule,
			interval(o.Promoted), interval(o.RolledBack), interval(o.Undecided), o.Seconds, o.P90, o.Harm)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nbad requests: those that the baseline would have answered better, in one run\n%s\n", r.advice())
	return err
}

func (r trialReport) iterations() int { return int(r.Trial.Plan.Budget / r.Trial.Plan.Interval) }

// duration writes iterations as people say them, "10 iterations of 10 s".
func (r trialReport) duration(iterations int) string {
	return fmt.Sprintf("%d iterations of %g s", iterations, r.Trial.Plan.Interval.Seconds())
}

func (r trialReport) traffic() string { return fmt.Sprintf("%g requests a second", r.Trial.Rate) }

// subject is what the candidates differ in.
func (r trialReport) subject() string {
	o, err := r.Trial.Aim()
	switch {
	case err != nil:
	case o.Kind == evidence.ErrorRate:
		return "error rate"
	case o.Kind == evidence.Quantile:
		return "slow requests"
	}
	return "mean latency"
}

func (r trialReport) format(value float64) string {
	if o, err := r.Trial.Aim(); err == nil && o.Kind == evidence.Mean {
		return experiment.Milliseconds.Format(value)
	}
	return experiment.Fraction.Format(value)
}

// advice says in a sentence or two whether the experiment is long enough.
func (r trialReport) advice() string {
	a := r.Advice
	what := fmt.Sprintf("%s at %s", r.duration(r.iterations()), r.traffic())
	pair := fmt.Sprintf("%s %s from %s", r.subject(), r.format(a.From), r.format(a.To))
	if a.Enough {
		return fmt.Sprintf("advice: %s are enough to tell %s, by about %s requests to the candidate", what, pair, evidence.About(a.Requests))
	}
	var ways []string
	if a.Iterations > 0 {
		ways = append(ways, fmt.Sprintf("%d iterations (about %s requests to the candidate)", a.Iterations, evidence.About(a.Requests)))
	}
	if a.Limit > 0 {
		ways = append(ways, "a limit of "+r.format(a.Limit))
	}
	if len(ways) == 0 {
		ways = append(ways, "more traffic, or candidates that differ by more")
	}
	return fmt.Sprintf("advice: %s cannot tell %s: use %s", what, pair, strings.Join(ways, " or "))
}
