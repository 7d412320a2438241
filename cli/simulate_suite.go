package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/pflag"

	"perch/experiment/simulation"
)

// suiteFlags choose what the suite plays.
type suiteFlags struct {
	on        bool
	services  int
	scenarios []string
	rules     []string
}

func (f *suiteFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.on, "suite", false, "compare rules on scenarios and random services")
	flags.IntVar(&f.services, "services", 1000, "random services of the suite, half of them with a good candidate")
	flags.StringSliceVar(&f.scenarios, "scenario", []string{"all"}, "scenarios of the suite, by the start of their names; all; none")
	flags.StringSliceVar(&f.rules, "rule", nil, "rules of the suite (default all), Perch's first: "+strings.Join(ruleNames(), ", "))
}

func ruleNames() []string {
	var names []string
	for _, r := range simulation.Rules() {
		names = append(names, r.Name)
	}
	return names
}

func (f *suiteFlags) check() error {
	var wrong []error
	if f.services < 0 {
		wrong = append(wrong, fmt.Errorf("--services=%d: want 0 or more", f.services))
	}
	for _, name := range f.scenarios {
		if name != "all" && name != "none" && len(scenariosLike(name)) == 0 {
			wrong = append(wrong, fmt.Errorf("--scenario=%s: there is none; --scenario all -o json lists them", name))
		}
	}
	for _, name := range f.rules {
		if !slices.Contains(ruleNames(), name) {
			wrong = append(wrong, fmt.Errorf("--rule=%s: want %s", name, strings.Join(ruleNames(), ", ")))
		}
	}
	return errors.Join(wrong...)
}

// scenariosLike are those whose names begin with a text up to a hyphen.
func scenariosLike(name string) []simulation.Service {
	return slices.DeleteFunc(simulation.Scenarios(), func(s simulation.Service) bool {
		return s.Name != name && !strings.HasPrefix(s.Name, name+"-")
	})
}

// playSuite compares rules.
func (f *simulateFlags) playSuite(ctx context.Context, s Streams) error {
	suite := simulation.Suite{Random: f.suite.services, Runs: f.runs, Seed: f.seed}
	if f.runs == 0 {
		suite.Runs = suiteRuns
	}
	for _, name := range f.suite.scenarios {
		switch name {
		case "all":
			suite.Scenarios = append(suite.Scenarios, simulation.Scenarios()...)
		case "none":
		default:
			suite.Scenarios = append(suite.Scenarios, scenariosLike(name)...)
		}
	}
	suite.Rules = slices.DeleteFunc(simulation.Rules(), func(r simulation.Rule) bool {
		return len(f.suite.rules) > 0 && !slices.Contains(f.suite.rules, r.Name)
	})
	bar := newProgress(s.Err)
	report, err := suite.Play(ctx, bar.tell)
	bar.clear()
	if err != nil {
		return err
	}
	if f.output == "json" {
		return writeJSON(s, report)
	}
	return writeSuite(s.Out, report)
}

// writeSuite writes a report as tables: the cells, and where peers are better.
func writeSuite(w io.Writer, r simulation.Report) error {
	fmt.Fprintf(w, "seed %d, %d runs of each scenario, %d random services; shares with their 95 %% intervals\n", r.Seed, r.Runs, r.Random)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\nSCENARIO\tRULE\tWRONG\tUNDECIDED\tRIGHT\tMEDIAN\tP90\tHARM\n")
	last := ""
	for _, c := range r.Cells {
		name := c.Scenario
		if name == last {
			name = ""
		}
		last = c.Scenario
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%.0f s\t%.0f s\t%.1f\n", name, c.Rule,
			interval(c.Wrong), interval(c.Undecided), interval(c.Right), c.Seconds, c.P90, c.Harm)
	}
	if len(r.Better) > 0 {
		fmt.Fprintf(t, "\nWHERE A PEER IS BETTER\n")
	}
	for _, b := range r.Better {
		fmt.Fprintf(t, "%s\t%s\t%s\n", b.Scenario, b.Rule, strings.Join(b.In, ", "))
	}
	return t.Flush()
}

// interval writes a share in percent, with its confidence interval.
func interval(s simulation.Share) string {
	return fmt.Sprintf("%.1f %% (%.1f-%.1f)", 100*s.Of, 100*s.Low, 100*s.High)
}
