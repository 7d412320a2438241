package experiment

import (
	"fmt"
	"slices"
)

// lacks tells whether a look lacks data that it should have: the split, all that an objective needs,
// except of a version that had no traffic and shows no requests, and new counts where the judge wants
// them.
func (s State) lacks(look Look) bool { return look.Blind || s.uncounted() || len(s.gaps(look)) > 0 }

// blind tells whether the cluster did not say the split at the latest look. Nothing moves on the one
// from before: a write of Perch's own that was given up may have changed it since.
func (s State) blind() bool {
	look, _ := s.Latest()
	return look.Blind || !s.Seen.Split.Known()
}

// InOutage tells whether the latest look lacks data because of the metrics backend or the cluster,
// which says nothing of the versions.
func (s State) InOutage() bool {
	look, _ := s.Latest()
	return look.Blind || slices.ContainsFunc(s.gaps(look), func(g Sample) bool { return g.Missing.Outage() })
}

// gaps are the samples that an objective needs and that have no value, but for those of a version
// without traffic that says so.
func (s State) gaps(look Look) []Sample {
	var gaps []Sample
	for _, o := range s.Spec().Criteria.Objectives {
		for i, v := range s.Spec().Versions {
			g := SampleOf(look.Samples, o.Metric, v.Name)
			idle := look.Split.Known() && look.Split.Of(i) == 0 && g.Missing.NoTraffic()
			if g.Value == nil && !idle {
				gaps = append(gaps, g)
			}
		}
	}
	return gaps
}

// inTheDark decides where the cluster does not say the split.
func (s State) inTheDark(d Decision) Decision {
	const why = "the cluster does not say where the traffic goes"
	d.Kind, d.Reason = HoldWeights, "hold: "+why
	if budget := s.Setup.Policy.outageBudget(); s.Outage >= budget {
		d.Kind, d.Winner = EndsUndecidedly, ""
		d.Reason = fmt.Sprintf("undecided: %s (%d of %d tolerated)", why, s.Outage, budget)
	}
	return d
}

// outageReason says what is missing and for how long. Counts may say enough for a verdict where the
// values that they belong to are missing.
func (s State) outageReason(d Decision) string {
	look, _ := s.Latest()
	if gaps := s.gaps(look); len(d.Unknown()) == 0 {
		d.Assessments = nil
		for _, g := range gaps {
			i := slices.IndexFunc(s.Spec().Criteria.Objectives, func(o Objective) bool { return o.Metric == g.Metric })
			d.Assessments = append(d.Assessments, Assessment{Objective: i, Version: g.Version, Reason: g.Why()})
		}
	}
	return fmt.Sprintf("%s (%d of %d tolerated)", s.unknowns(d), s.Outage, s.Setup.Policy.outageBudget())
}
