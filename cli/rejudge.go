package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"perch/experiment"
	"perch/experiment/evidence"
	"perch/tui"
)

// rejudgeFlags say by whom, and by which limits, a recorded run is to be judged anew.
type rejudgeFlags struct {
	judge, profile, onInconclusive string
	objectives                     []string
}

func (f *rejudgeFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.judge, "judge", "", "judge the record anew: evidence or iter8")
	flags.StringVar(&f.profile, "profile", "", "judge it anew with this profile of the judge evidence: strict, balanced or fast")
	flags.StringVar(&f.onInconclusive, "on-inconclusive", "", "judge it anew with this policy: ask, keepBaseline, pointEstimate or extend")
	flags.StringArrayVar(&f.objectives, "objective", nil, "METRIC=LIMIT: judge it anew with another limit, as in error-rate=0.02; repeatable")
	complete(c, "judge", experiment.JudgeEvidence, experiment.JudgeIter8)
	complete(c, "profile", "strict", "balanced", "fast")
}

// wanted tells whether the record is to be judged anew.
func (f *rejudgeFlags) wanted() bool {
	return f.judge != "" || f.profile != "" || f.onInconclusive != "" || len(f.objectives) > 0
}

// setup is the recorded one with the changes that are asked for.
func (f *rejudgeFlags) setup(recorded experiment.Started) (experiment.Started, error) {
	setup := recorded
	setup.Judge = cmp.Or(f.judge, recorded.Judge)
	if f.onInconclusive != "" {
		flags := judgeFlags{name: setup.Judge, profile: "balanced", onInconclusive: f.onInconclusive}
		for _, err := range flags.check() {
			if err != nil {
				return setup, err
			}
		}
		setup.Policy.OnInconclusive, setup.Policy.Extensions = experiment.OnInconclusive(flags.onInconclusive), flags.extensions
	}
	if setup.Judge == experiment.JudgeEvidence && (setup.Evidence == nil || f.profile != "") {
		settings, err := evidence.Profile(cmp.Or(f.profile, "balanced"))
		if err != nil {
			return setup, err
		}
		setup.Evidence = &settings
	}
	var err error
	setup.Spec.Criteria.Objectives, err = f.limits(setup.Spec.Criteria.Objectives)
	return setup, err
}

// limits are the objectives with the limits that are asked for.
func (f *rejudgeFlags) limits(objectives []experiment.Objective) ([]experiment.Objective, error) {
	list := slices.Clone(objectives)
	for _, text := range f.objectives {
		name, number, ok := strings.Cut(text, "=")
		limit, err := strconv.ParseFloat(number, 64)
		i := slices.IndexFunc(list, func(o experiment.Objective) bool {
			return o.Metric == name || strings.HasSuffix(o.Metric, "/"+name)
		})
		switch {
		case !ok || err != nil:
			return nil, fmt.Errorf("--objective=%s: want METRIC=LIMIT, as in error-rate=0.02", text)
		case i < 0:
			return nil, fmt.Errorf("--objective=%s: the record has no objective on %s, only on %s", text, name, metricsOf(list))
		case list[i].UpperLimit == nil && list[i].LowerLimit != nil:
			list[i].LowerLimit = &limit
		default:
			list[i].UpperLimit = &limit
		}
	}
	return list, nil
}

func metricsOf(objectives []experiment.Objective) string {
	var names []string
	for _, o := range objectives {
		names = append(names, o.Metric)
	}
	return strings.Join(names, ", ")
}

// rejudge prints what comes of it.
func (f *rejudgeFlags) rejudge(s Streams, sink *sinkFlags, events []experiment.Event) error {
	recorded, _ := events[0].Fact.(experiment.Started) // the record was checked
	setup, err := f.setup(recorded)
	if err != nil {
		return usageError{err}
	}
	list, err := experiment.Rejudge(events, setup)
	if err != nil {
		return usageError{err}
	}
	if sink.output == "json" {
		return tui.RejudgedJSON(s.Out, list)
	}
	look, err := sink.printed(s)
	if err != nil {
		return err
	}
	return tui.Rejudged(s.Out, list, look)
}
