package simulation

import (
	"slices"

	"perch/experiment"
	"perch/experiment/evidence"
)

// Objectives are those of a spec that can be simulated, and the metrics of those that cannot.
func Objectives(spec experiment.Spec, known []experiment.Metric) (list []evidence.Objective, unknown []string) {
	for _, o := range spec.Criteria.Objectives {
		about, ok := meaning(o.Metric, known)
		if !ok || o.Relative { // there is no limit to be so many times beyond
			unknown = append(unknown, o.Metric)
			continue
		}
		if o.UpperLimit != nil {
			about.Limit = *o.UpperLimit
			list = append(list, about)
		}
		if o.LowerLimit != nil {
			about.Limit, about.Lower = *o.LowerLimit, true
			list = append(list, about)
		}
	}
	return list, unknown
}

// meaning says what a metric is about, if counts can tell it.
func meaning(metric string, known []experiment.Metric) (evidence.Objective, bool) {
	for _, m := range known {
		if m.Ref == metric && m.Kind != "" {
			return evidence.Objective{Kind: evidence.Kind(m.Kind), Quantile: m.Quantile}, true
		}
	}
	return evidence.Objective{}, false
}

// widened multiplies the limit of one objective.
func widened(list []evidence.Objective, one evidence.Objective, factor float64) []evidence.Objective {
	wider := slices.Clone(list)
	wider[slices.Index(list, one)].Limit *= factor
	return wider
}
