package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"perch/experiment"
	"perch/experiment/evidence"
	"perch/experiment/simulation"
	"perch/metricsq"
)

// simulateFlags are the flags of perch simulate.
type simulateFlags struct {
	rps           float64
	errors, slow  string
	packs         []string
	latency       float64
	candidates    []string
	profile       string
	whenUndecided string
	runs          int
	seed          uint64
	output        string
	suite         suiteFlags
}

const (
	trialRuns = 400
	suiteRuns = 200
)

const simulateExample = `  # how the tutorial's experiment would go at 8 requests a second
  perch simulate experiment.yaml --rps 8

  # with a baseline that fails for 0.5 %, and a candidate at three times the limit
  perch simulate experiment.yaml --rps 50 --error-rate 0.5% --candidates healthy,bad=3x

  # how Perch's judge compares with others on 1,000 random services
  perch simulate --suite --services 1000`

func newSimulate(s Streams) *cobra.Command {
	var f simulateFlags
	c := &cobra.Command{
		Use:   "simulate FILE --rps N | --suite",
		Short: "Tell how often an experiment would err, and how long it takes",
		Long: `Play the experiment in FILE many times against simulated traffic, with candidates of known quality,
and count how it ends. No cluster is touched. With --suite, play scenarios and random services
instead, and compare Perch's judge with other rules on the same traffic.`,
		Example: simulateExample,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.check(args); err != nil {
				return usageError{err}
			}
			if f.suite.on {
				return f.playSuite(c.Context(), s)
			}
			return f.playTrial(c.Context(), s, args[0])
		},
	}
	flags := c.Flags()
	flags.Float64Var(&f.rps, "rps", 0, "requests a second, over both versions")
	flags.StringVar(&f.errors, "error-rate", "", "of the baseline, such as 0.2% (default a fifth of its limit)")
	flags.Float64Var(&f.latency, "latency", simulation.Unset, "mean latency of the baseline in ms (default two thirds of its limit)")
	flags.StringVar(&f.slow, "slow", "", "share of the baseline's requests beyond the tail limit (default two fifths of what is allowed)")
	flags.StringSliceVar(&f.candidates, "candidates", []string{"healthy", "borderline=0.9x", "bad=2x"},
		"NAME=Kx: a candidate with K times the limit of the error rate; without =Kx it is like the baseline")
	flags.StringArrayVar(&f.packs, "metrics", nil, "file with metrics of your own; repeatable")
	flags.StringVar(&f.profile, "profile", "balanced", "of the judge: balanced, strict or fast")
	flags.StringVar(&f.whenUndecided, "on-inconclusive", string(evidence.PointEstimate),
		"what decides when nothing is proven at the end: pointEstimate, as Iter8 does, or keepBaseline")
	flags.IntVar(&f.runs, "runs", 0, fmt.Sprintf("runs of each candidate (default %d) or scenario (default %d)", trialRuns, suiteRuns))
	flags.Uint64Var(&f.seed, "seed", 1, "the same seed gives the same figures")
	flags.StringVarP(&f.output, "output", "o", "", "json instead of a table")
	f.suite.register(flags)
	complete(c, "profile", "balanced", "strict", "fast")
	complete(c, "on-inconclusive", string(evidence.PointEstimate), string(evidence.KeepBaseline))
	complete(c, "output", "json")
	return c
}

// check refuses command lines that nothing can be simulated from.
func (f *simulateFlags) check(args []string) error {
	var wrong []error
	switch {
	case f.suite.on && len(args) > 0:
		wrong = append(wrong, errors.New("--suite takes no FILE: it has experiments of its own"))
	case !f.suite.on && len(args) == 0:
		wrong = append(wrong, errors.New("perch simulate takes FILE, or --suite (see perch simulate --help)"))
	case !f.suite.on && f.rps <= 0:
		wrong = append(wrong, errors.New("how many requests a second are there? give --rps N"))
	}
	if f.output != "" && f.output != "json" {
		wrong = append(wrong, fmt.Errorf("--output=%s: want json", f.output))
	}
	if f.runs < 0 {
		wrong = append(wrong, fmt.Errorf("--runs=%d: want 1 or more", f.runs))
	}
	if p := evidence.Policy(f.whenUndecided); p != evidence.PointEstimate && p != evidence.KeepBaseline {
		wrong = append(wrong, fmt.Errorf("--on-inconclusive=%s: want %s, %s", f.whenUndecided, evidence.PointEstimate, evidence.KeepBaseline))
	}
	_, err := evidence.Profile(f.profile)
	return errors.Join(append(wrong, err, f.suite.check())...)
}

// playTrial simulates the experiment of a file.
func (f *simulateFlags) playTrial(ctx context.Context, s Streams, file string) error {
	spec, err := readSpec(file)
	if err != nil {
		return err
	}
	report := trialReport{spec: spec}
	if report.Trial, report.LeftOut, err = f.trial(spec); err != nil {
		return usageError{err}
	}
	bar := newProgress(s.Err)
	report.Odds, err = report.Trial.Play(ctx, bar.tell)
	bar.clear()
	if err != nil {
		return err
	}
	bar.say("looking for advice ...")
	report.Advice, err = report.Trial.Advise(ctx)
	bar.clear()
	if err != nil {
		return err
	}
	if f.output == "json" {
		return writeJSON(s, report)
	}
	return report.write(s.Out)
}

// trial is what the flags and the spec ask for.
func (f *simulateFlags) trial(spec experiment.Spec) (simulation.Trial, []string, error) {
	settings, err := evidence.Profile(f.profile)
	if err != nil {
		return simulation.Trial{}, nil, err
	}
	settings.WhenUndecided = evidence.Policy(f.whenUndecided)
	known, _ := metricsq.Describe(spec, f.packs...) // what is not known cannot be simulated, and is named
	objectives, unknown := simulation.Objectives(spec, known)
	t := simulation.Trial{
		Plan: simulation.PlanOf(spec), Objectives: objectives, Settings: settings, Rate: f.rps,
		Baseline: simulation.Profile{Mean: f.latency}, Runs: f.runs, Seed: f.seed,
	}
	if t.Runs == 0 {
		t.Runs = trialRuns
	}
	var errE, errS, errC error
	t.Baseline.Errors, errE = share("error-rate", f.errors)
	t.Baseline.Slow, errS = share("slow", f.slow)
	t.Baseline = t.Baseline.Complete(objectives)
	t.Candidates, errC = candidates(f.candidates)
	if len(objectives) == 0 {
		err = fmt.Errorf("%s cannot be simulated: no other objective is left", strings.Join(unknown, ", "))
	}
	return t, unknown, errors.Join(err, errE, errS, errC)
}

// share reads a fraction, or a percentage with its sign; nothing is Unset.
func share(flag, text string) (float64, error) {
	if text == "" {
		return simulation.Unset, nil
	}
	number, percent := strings.CutSuffix(text, "%")
	value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		value /= 100
	}
	if err != nil || !(value >= 0 && value <= 1) {
		return 0, fmt.Errorf("--%s=%s: want a share such as 0.2%% or 0.002", flag, text)
	}
	return value, nil
}

// candidates reads NAME or NAME=Kx.
func candidates(texts []string) ([]simulation.Candidate, error) {
	var list []simulation.Candidate
	for _, text := range texts {
		name, times, has := strings.Cut(text, "=")
		c := simulation.Candidate{Name: name}
		if name == "" {
			return nil, fmt.Errorf("--candidates=%s: a candidate needs a name", text)
		}
		if has {
			number, ok := strings.CutSuffix(times, "x")
			value, err := strconv.ParseFloat(number, 64)
			if !ok || err != nil || !(value > 0 && value < 1e6) {
				return nil, fmt.Errorf("--candidates=%s: want NAME, or NAME=Kx such as bad=2x", text)
			}
			c.Times = value
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, errors.New("--candidates: want at least one")
	}
	return list, nil
}

// writeJSON writes a report as one indented object.
func writeJSON(s Streams, report any) error {
	e := json.NewEncoder(s.Out)
	e.SetIndent("", "  ")
	return e.Encode(report)
}
