package experiment

import (
	"cmp"
	"math"
	"slices"
)

// explorationPercent of the traffic is spread evenly over all versions, whoever wins
// (iter8-analytics v2.0.0, api/v2/experiment.py and advancedparams.py, where it is 10.0).
const explorationPercent = 10.0

// Iter8 judges as Iter8 v2alpha2 did: a version satisfies an objective when its point estimate
// since the start of the experiment is within the limits, both inclusive; a canary wins when its
// candidate satisfies every objective. Three of the original's bugs are left out: a missing value
// is Unknown instead of violated, weights belong to versions instead of list positions, and they
// are rounded by largest remainder instead of at random.
func Iter8(spec Spec, s State) Judgement {
	look, _ := s.Latest()
	j := Judgement{Assessments: assess(spec, s, look.Samples)}
	j.Winner = iter8Winner(spec, j)
	j.Target = iter8Target(spec, s.Seen.Split, j.Winner)
	return j
}

// assess compares every value with its limits.
func assess(spec Spec, s State, samples []Sample) []Assessment {
	list := make([]Assessment, 0, len(spec.Criteria.Objectives)*len(spec.Versions))
	for i, o := range spec.Criteria.Objectives {
		o = o.against(SampleOf(samples, o.Metric, spec.Baseline().Name))
		for _, v := range spec.Versions {
			sample := SampleOf(samples, o.Metric, v.Name)
			verdict, reason := o.Compare(sample, s.Metric(o.Metric).Units)
			list = append(list, Assessment{Objective: i, Version: v.Name, Verdict: verdict, Reason: reason})
		}
	}
	return list
}

// against makes limits that are multiples of the baseline's value out of that value. Without it they
// cannot be told.
func (o Objective) against(baseline Sample) Objective {
	if !o.Relative {
		return o
	}
	times := func(limit *float64) *float64 {
		if limit == nil {
			return nil
		}
		value := math.NaN()
		if baseline.Value != nil {
			value = *limit * *baseline.Value
		}
		return &value
	}
	o.UpperLimit, o.LowerLimit = times(o.UpperLimit), times(o.LowerLimit)
	return o
}

// untold tells whether a limit is not known, since the baseline has no value.
func (o Objective) untold() bool {
	return o.UpperLimit != nil && math.IsNaN(*o.UpperLimit) || o.LowerLimit != nil && math.IsNaN(*o.LowerLimit)
}

// Compare says where a sample lies: inside inclusive limits, outside, or nowhere.
func (o Objective) Compare(sample Sample, units Units) (v Verdict, reason string) {
	if sample.Value == nil {
		return Unknown, sample.Why()
	}
	value := *sample.Value
	switch {
	case math.IsNaN(value):
		return Unknown, string(NotANumber)
	case o.untold():
		return Unknown, "the baseline has no data to compare with"
	case o.UpperLimit != nil && value > *o.UpperLimit:
		return Violated, units.formatPair(value, ">", *o.UpperLimit)
	case o.LowerLimit != nil && value < *o.LowerLimit:
		return Violated, units.formatPair(value, "<", *o.LowerLimit)
	}
	return Satisfied, units.Format(value)
}

// iter8Winner: the first candidate that satisfies everything, else the baseline if it does, else
// nobody. Nobody wins either while the candidate could still turn out to be good.
func iter8Winner(spec Spec, j Judgement) string {
	candidate, baseline := spec.Candidate().Name, spec.Baseline().Name
	switch {
	case j.of(candidate) == Satisfied:
		return candidate
	case j.of(candidate) == Violated && j.of(baseline) == Satisfied:
		return baseline
	}
	return ""
}

// iter8Target spreads explorationPercent over all versions and gives the rest to the best one, to
// the baseline when there is none; then takes from each candidate what exceeds the spec's limits.
// With two versions the best one is sent towards 95 %.
func iter8Target(spec Spec, old Split, best string) Split {
	n := len(spec.Versions)
	b := max(0, slices.IndexFunc(spec.Versions, func(v Version) bool { return v.Name == best }))
	mix := make([]float64, n)
	for i := range mix {
		mix[i] = explorationPercent / float64(n)
	}
	mix[b] += 100 - explorationPercent
	for i := 1; i < n; i++ {
		limit := min(old.Of(i)+spec.Strategy.MaxCandidateWeightIncrement, spec.Strategy.MaxCandidateWeight)
		if excess := mix[i] - float64(limit); excess > 0 {
			mix[i] -= excess
			mix[0] += excess
		}
	}
	return roundSplit(mix)
}

// roundSplit makes whole percents that sum to 100: every share is rounded down, and what is left
// goes to the largest remainders, the earlier version first when they are equal. A candidate can
// gain a percent only from a fraction, so it never exceeds a whole limit that its share was under.
func roundSplit(share []float64) Split {
	percent := make([]int, len(share))
	order := make([]int, len(share))
	left := 100
	// Thirds and sevenths differ in their last bits, 93.33 and 3.33 do: millionths of a percent are
	// where shares stop being different.
	const fine = 1e6
	for i, v := range share {
		percent[i] = int(math.Floor(v + 1/fine))
		left -= percent[i]
		order[i] = i
	}
	remainder := make([]float64, len(share))
	for i, v := range share {
		remainder[i] = math.Round(fine * (v - float64(percent[i])))
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(remainder[b], remainder[a]) })
	for _, i := range order[:max(0, left)] {
		percent[i]++
	}
	return Split{percent}
}
