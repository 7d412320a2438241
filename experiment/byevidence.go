package experiment

import (
	"fmt"
	"slices"

	"perch/experiment/evidence"
)

// ByEvidence judges by what the counts prove, with an error that does not grow with the number of
// looks (package evidence). An objective that gives only values is judged by its point estimate.
// Where there is nothing to count, and where the run is over, nothing is proven and the policy says
// so, Iter8 judges.
//
// It lets no candidate pass that Iter8 would not let win.
func ByEvidence(spec Spec, s State) Judgement {
	points := Iter8(spec, s)
	if s.Weighing == nil {
		return points
	}
	j := Judgement{Assessments: s.proven(points.Assessments), Reason: s.Weighing.Call.Reason}
	j.Target = s.towards(s.Weighing.Call.Weight)
	j.Ruling = s.ruling(points)
	if s.over() && s.Weighing.Call.Action == evidence.Continue {
		j.Reason = s.incomplete()
	}
	if candidate := spec.Candidate().Name; j.Ruling == Passes || j.Ruling == CannotTell && points.of(candidate) == Satisfied {
		j.Winner = candidate
	}
	if j.Ruling == GoesOn && s.over() && s.Setup.Policy.OnInconclusive.pointEstimate() {
		points.Target = s.Seen.Split
		points.Reason = "by point estimates: " + j.Reason
		return points
	}
	return j
}

// over tells whether this look is of the last iteration, or comes after it. Without data it is not:
// the next look may have some.
func (s State) over() bool {
	return s.Iteration+1 >= s.Iterations() && !s.InOutage() && (!s.uncounted() || s.Outage >= s.Setup.Policy.outageBudget())
}

// uncounted tells whether there are no new counts, as when no scrape came between two looks.
func (s State) uncounted() bool { return s.Weighing != nil && s.Weighing.Call.Line.Missing != "" }

// incomplete says how far the proof has come when time is up.
func (s State) incomplete() string {
	w := s.Weighing
	if w.Call.Certified >= 1 {
		return "time is up: all limits are kept, but not for long enough yet"
	}
	reason := fmt.Sprintf("time is up, and the proof is at %d %%", int(100*max(0, min(1, w.Call.Certified))))
	if k := w.Call.Slowest; k < len(w.Of) {
		reason += ", slowest for " + s.Metric(s.Spec().Criteria.Objectives[w.Of[k]].Metric).Label
	}
	return reason
}

// ruling translates the judge's call. It gives up early on a candidate that is rather bad than good,
// and where the policy wants to know as soon as possible that nothing will be proven.
func (s State) ruling(points Judgement) Ruling {
	policy, call := s.Setup.Policy.OnInconclusive, s.Weighing.Call
	gaveUp := call.Action == evidence.GiveUp
	switch {
	case call.Action == evidence.RollBack:
		return Fails
	case call.Action == evidence.Promote && policy == Extends && call.Certified < 1:
		return CannotTell
	case call.Action == evidence.Promote && points.of(s.Spec().Candidate().Name) == Satisfied:
		return Passes
	case (gaveUp || s.over()) && policy == KeepsBaseline, gaveUp && !s.over() && policy.patient():
		return StaysBehind
	case (gaveUp || s.over()) && policy == AskPerson, s.over() && policy == Extends:
		return CannotTell
	}
	return GoesOn
}

// towards is the split that gives the candidate a weight, within the spec's limits.
func (s State) towards(weight int) Split {
	strategy := s.Spec().Strategy
	weight = min(weight, strategy.MaxCandidateWeight, s.Seen.Split.Candidate()+strategy.MaxCandidateWeightIncrement)
	weight = min(100, max(0, weight))
	return Split{[]int{100 - weight, weight}}
}

// proven puts what the counts say in the place of the candidate's point estimates. Without counts of
// the latest interval nothing is known.
func (s State) proven(points []Assessment) []Assessment {
	list := slices.Clone(points)
	w := s.Weighing
	for i, a := range list {
		k := slices.Index(w.Of, a.Objective)
		if a.Version != s.Spec().Candidate().Name || k < 0 {
			continue
		}
		list[i].Verdict, list[i].Reason = s.verdictOn(a.Objective)
	}
	return list
}

// verdictOn joins the verdicts on the limits of one objective: one violation is a violation.
func (s State) verdictOn(objective int) (Verdict, string) {
	w := s.Weighing
	if w.Call.Line.Missing != "" {
		return Unknown, w.Call.Line.Missing
	}
	worst, reason := Satisfied, ""
	for k, of := range w.Of {
		if of != objective || k >= len(w.Call.Objectives) {
			continue
		}
		a := w.Call.Objectives[k]
		reason = s.evidenceWords(objective, a)
		switch a.Verdict {
		case evidence.Violated:
			return Violated, reason
		case evidence.Undecided:
			worst = Undecided
		case evidence.Satisfied:
		}
	}
	return worst, reason
}

// evidenceWords: "0.31 % of 4100 requests".
func (s State) evidenceWords(objective int, a evidence.Assessment) string {
	if a.Candidate == nil {
		return "no requests judged yet"
	}
	units := s.Metric(s.Spec().Criteria.Objectives[objective].Metric).Units
	return fmt.Sprintf("%s, from %d requests", units.Format(*a.Candidate), a.Requests)
}
