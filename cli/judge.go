package cli

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"perch/experiment"
	"perch/experiment/evidence"
	"perch/metricsq"
	"perch/runner"
)

// judgeFlags say who judges, and how.
type judgeFlags struct {
	name           string
	profile        string
	onInconclusive string
	extensions     int
	lookEvery      time.Duration
}

func (f *judgeFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.name, "judge", "", "evidence or iter8 (default evidence; the annotation perch/judge of the experiment says the same)")
	flags.StringVar(&f.profile, "profile", "", "of the judge evidence: strict, balanced or fast (default balanced, or the annotation perch/profile)")
	flags.StringVar(&f.onInconclusive, "on-inconclusive", "",
		"what becomes of evidence that proves nothing: ask, keepBaseline, pointEstimate, or extend[:TIMES] (default ask where somebody can be asked, else pointEstimate; or the annotation perch/on-inconclusive)")
	flags.DurationVar(&f.lookEvery, "look-every", 0, "how often the judge evidence counts (default: as often as the metrics are scraped)")
	complete(c, "judge", experiment.JudgeEvidence, experiment.JudgeIter8)
	complete(c, "profile", "strict", "balanced", "fast")
	complete(c, "on-inconclusive", string(experiment.AskPerson), string(experiment.KeepsBaseline), string(experiment.PointEstimate), string(experiment.Extends))
}

// settle fills in what the flags leave open: from the experiment's annotations, or by default.
func (f *judgeFlags) settle(spec experiment.Spec, attended bool) {
	f.name = cmp.Or(f.name, judgeOf(spec))
	f.profile = cmp.Or(f.profile, spec.Annotations["perch/profile"], "balanced")
	byDefault := experiment.PointEstimate
	if attended {
		byDefault = experiment.AskPerson
	}
	f.onInconclusive = cmp.Or(f.onInconclusive, spec.Annotations["perch/on-inconclusive"], string(byDefault))
}

// judgeOf is the judge that a spec asks for.
func judgeOf(spec experiment.Spec) string {
	return cmp.Or(spec.Annotations["perch/judge"], experiment.JudgeEvidence)
}

// check finds what is wrong, after settle.
func (f *judgeFlags) check() []error {
	wrong := []error{oneOf("judge", f.name, experiment.JudgeEvidence, experiment.JudgeIter8), oneOf("profile", f.profile, "strict", "balanced", "fast")}
	policy, times, extends := strings.Cut(f.onInconclusive, ":")
	if extends && policy == string(experiment.Extends) {
		n, err := strconv.Atoi(times)
		if err != nil || n < 1 {
			wrong = append(wrong, fmt.Errorf("--on-inconclusive=%s: want extend:2, for two more times the experiment's length", f.onInconclusive))
		}
		f.onInconclusive, f.extensions = policy, n
	}
	wrong = append(wrong, oneOf("on-inconclusive", f.onInconclusive,
		string(experiment.AskPerson), string(experiment.KeepsBaseline), string(experiment.PointEstimate), string(experiment.Extends)))
	if f.lookEvery < 0 {
		wrong = append(wrong, fmt.Errorf("--look-every=%s: want a time such as 5s", f.lookEvery))
	}
	return wrong
}

// settings are those of the judge evidence; nil for the other one.
func (f *judgeFlags) settings() (*evidence.Settings, error) {
	if f.name != experiment.JudgeEvidence {
		return nil, nil
	}
	s, err := evidence.Profile(f.profile)
	return &s, err
}

// counting is a metrics client that counts for the runner.
type counting struct{ *metricsq.Client }

// Count counts what the versions did in a span.
func (c counting) Count(ctx context.Context, spec experiment.Spec, s runner.Span) []experiment.Tally {
	return c.Client.Count(ctx, spec, metricsq.CountOptions{Started: s.Started, After: s.After, Now: s.Now})
}

// History counts what the baseline did before an experiment that begins now.
func (c counting) History(ctx context.Context, spec experiment.Spec, now time.Time) []experiment.Tally {
	return c.Client.History(ctx, spec, metricsq.CountOptions{Started: now, Now: now})
}

// Cadence is how far apart scrapes are; 0 when that cannot be told.
func (c counting) Cadence(ctx context.Context, spec experiment.Spec) time.Duration {
	every, err := c.Client.Cadence(ctx, spec)
	if err != nil {
		return 0
	}
	return every
}
