package experiment

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Decision is what follows from one look.
type Decision struct {
	Kind        DecisionKind `json:"kind"`
	Split       Split        `json:"split"`            // to be in force from now on; unknown: as it is
	Winner      string       `json:"winner,omitempty"` // the version that would be promoted now
	Reason      string       `json:"reason"`           // the one sentence that matters
	Assessments []Assessment `json:"assessments,omitempty"`
}

// A DecisionKind is what a decision does to the run.
type DecisionKind string

// The kinds of decision.
const (
	Explore         DecisionKind = "explore"      // first traffic to a candidate that has none
	Advance         DecisionKind = "advance"      // more traffic to the candidate
	Stay            DecisionKind = "stay"         // the candidate has what it may have
	HoldWeights     DecisionKind = "hold"         // something is unknown, or a person holds
	Withdraw        DecisionKind = "withdraw"     // less traffic to the candidate
	Repair          DecisionKind = "repair"       // the split that somebody else has changed, again
	AskToPromote    DecisionKind = "promote"      // the candidate has won; a person is asked
	KeepBaseline    DecisionKind = "keepBaseline" // the candidate has lost
	RollBackNow     DecisionKind = "rollback"     // a rollback objective is violated
	EndsUndecidedly DecisionKind = "undecided"    // iterations are over, data is missing
)

// Unknown lists the assessments that have no verdict.
func (d Decision) Unknown() []Assessment { return d.with(Unknown) }

// Violations lists the assessments that are violated.
func (d Decision) Violations() []Assessment { return d.with(Violated) }

func (d Decision) violatedBy(version string) bool {
	return slices.ContainsFunc(d.Violations(), func(a Assessment) bool { return a.Version == version })
}

func (d Decision) with(v Verdict) []Assessment {
	var list []Assessment
	for _, a := range d.Assessments {
		if a.Verdict == v {
			list = append(list, a)
		}
	}
	return list
}

// Of finds the assessment of an objective and a version; one that is not there is Unknown.
func (d Decision) Of(objective int, version string) Assessment {
	for _, a := range d.Assessments {
		if a.Objective == objective && a.Version == version {
			return a
		}
	}
	return Assessment{Objective: objective, Version: version}
}

// Decide says what follows from the latest look of a state. It is pure: the same state and judge
// give the same decision, on every machine.
//
// Whatever the judge says, the candidate's weight never rises, and nothing is promoted, while a
// verdict is missing, a person holds, or somebody else has changed the traffic. The one rise
// without a verdict is the first: a candidate that has no traffic cannot have data, so once the
// baseline's data shows that measuring works, the candidate gets its exploration share.
func Decide(s State, judge Judge) Decision {
	j := judge(s.Spec(), s)
	d := Decision{Split: s.Seen.Split, Winner: j.Winner, Assessments: j.Assessments}
	candidate := s.Spec().Candidate().Name
	switch {
	case j.Ruling == Fails:
		d.Kind, d.Reason = RollBackNow, "roll back: "+j.Reason
	case s.breached(d) != "":
		d.Kind, d.Reason = RollBackNow, "roll back: "+s.breached(d)
	case s.blind():
		d = s.inTheDark(d)
	case s.repairs(d):
		d.Kind, d.Split = Repair, s.repaired()
		d.Reason = fmt.Sprintf("repair to %d %%: %s", d.Split.Candidate(), s.driftReason())
	case s.Drift():
		d.Kind, d.Reason = HoldWeights, "hold: "+s.driftReason()
	case s.Held != nil:
		d.Kind, d.Reason = HoldWeights, s.heldReason(d)
	case s.settles(j):
		d = s.settle(d, j)
	case j.of(candidate) == Violated:
		d = s.move(d, s.atMost(j.Target), s.missed(d, candidate))
	case s.Outage >= s.Setup.Policy.outageBudget():
		d.Kind, d.Winner, d.Reason = EndsUndecidedly, "", "undecided: "+s.outageReason(d)
	case s.InOutage():
		d.Kind = HoldWeights
		d.Reason = fmt.Sprintf("hold at %d %%: %s", s.Seen.Split.Candidate(), s.outageReason(d))
	case s.mayExplore(d) && j.Target.Candidate() > 0:
		d.Kind, d.Split = Explore, j.Target
		d.Reason = fmt.Sprintf("explore at %d %%: the candidate has no traffic yet", d.Split.Candidate())
	case len(d.Unknown()) > 0:
		d.Kind = HoldWeights
		d.Reason = fmt.Sprintf("hold at %d %%: %s", s.Seen.Split.Candidate(), s.unknowns(d))
	default:
		d = s.move(d, j.Target, cmp.Or(j.Reason, s.met(d)))
	}
	return d
}

// settles tells whether this look is the last that is needed.
func (s State) settles(j Judgement) bool {
	return j.Ruling != GoesOn && !s.InOutage() || s.over()
}

// settle closes the experiment: with the judge's ruling, or with what the last iteration's
// assessments say.
func (s State) settle(d Decision, j Judgement) Decision {
	candidate := s.Spec().Candidate().Name
	why := func(fallback string) string {
		if j.Reason != "" {
			fallback += " " + j.Reason
		}
		return fallback
	}
	switch {
	case j.of(candidate) == Violated:
		d.Kind, d.Reason = KeepBaseline, "keep the baseline: "+why(s.missed(d, candidate))
	case len(d.Unknown()) > 0:
		d.Kind, d.Winner, d.Reason = EndsUndecidedly, "", "undecided: "+s.unknowns(d)
	case j.Ruling == StaysBehind:
		d.Kind, d.Reason = KeepBaseline, "keep the baseline: nothing is proven: "+j.Reason
	case j.Ruling == CannotTell:
		d.Kind, d.Reason = EndsUndecidedly, "undecided: "+j.Reason
	case j.Ruling == Passes:
		d.Kind, d.Split = AskToPromote, s.Seen.Split
		d.Reason = fmt.Sprintf("%s wins: %s", candidate, j.Reason)
	default:
		d.Kind, d.Split = AskToPromote, s.lastSplit(j.Target)
		d.Reason = fmt.Sprintf("%s wins: %s", candidate, why(s.met(d)))
	}
	return d
}

// Glance says what follows from counts between two looks: nothing, unless the candidate is to lose
// traffic. It gains none before the next look.
func Glance(s State, judge Judge) (d Decision, ok bool) {
	if s.Weighing == nil {
		return d, false
	}
	j := judge(s.Spec(), s)
	d = Decision{Split: s.Seen.Split, Assessments: j.Assessments}
	still := s.Held == nil && !s.Drift() && !s.blind()
	switch {
	case j.Ruling == Fails:
		d.Kind, d.Reason = RollBackNow, "roll back: "+j.Reason
		return d, true
	case still && j.Target.Candidate() < s.Seen.Split.Candidate():
		return s.move(d, j.Target, j.Reason), true
	}
	return d, false
}

// lastSplit lets the last iteration move traffic as any other does, and none after it.
func (s State) lastSplit(target Split) Split {
	if s.Iteration+1 == s.Iterations() {
		return target
	}
	return s.Seen.Split
}

// atMost is a target, or the split as it is where the target would give the candidate more: a judge
// that gives every version a share for exploration would raise a candidate that fails, from 0.
func (s State) atMost(target Split) Split {
	if target.Candidate() > s.Seen.Split.Candidate() {
		return s.Seen.Split
	}
	return target
}

// move turns a target into advance, stay or withdraw.
func (s State) move(d Decision, target Split, why string) Decision {
	d.Split = target
	from, to := s.Seen.Split.Candidate(), target.Candidate()
	switch {
	case to > from && from == 0:
		d.Kind, d.Reason = Explore, fmt.Sprintf("explore at %d %%: %s", to, why)
	case to > from:
		d.Kind, d.Reason = Advance, fmt.Sprintf("advance to %d %%: %s", to, why)
	case to < from:
		d.Kind, d.Reason = Withdraw, fmt.Sprintf("withdraw to %d %%: %s", to, why)
	default:
		d.Kind, d.Reason = Stay, fmt.Sprintf("stay at %d %%: %s", to, why)
	}
	return d
}

// mayExplore: the baseline is measured, so measuring works, and all that is missing is the data of
// a candidate that has no traffic.
func (s State) mayExplore(d Decision) bool {
	unknown := d.Unknown()
	if s.Seen.Split.Candidate() != 0 || len(unknown) == 0 {
		return false
	}
	look, _ := s.Latest()
	return !slices.ContainsFunc(unknown, func(a Assessment) bool {
		sample := SampleOf(look.Samples, s.Spec().Criteria.Objectives[a.Objective].Metric, a.Version)
		return a.Version == s.Spec().Baseline().Name || !sample.Missing.NoTraffic()
	})
}

// breached names the first rollback objective that the candidate violates, "" when there is none.
// The baseline's own violations are no reason to roll back to it.
func (s State) breached(d Decision) string {
	for _, a := range d.Violations() {
		o := s.Spec().Criteria.Objectives[a.Objective]
		if o.RollbackOnFailure && a.Version != s.Spec().Baseline().Name {
			return fmt.Sprintf("%s misses %s (%s)", a.Version, s.Metric(o.Metric).Label, a.Reason)
		}
	}
	return ""
}

// repairs tells whether Perch writes against a drift: the policy says so, nobody holds, the other
// writer has not insisted, and if the candidate gets more by it, it has earned that.
func (s State) repairs(d Decision) bool {
	if !s.Drift() || s.Setup.Policy.OnDrift != DriftRepairs || s.Repairs > maxRepairs || s.Held != nil {
		return false
	}
	earned := len(d.Unknown()) == 0 && !s.InOutage() && !d.violatedBy(s.Spec().Candidate().Name)
	return earned || s.repaired().Candidate() <= s.Seen.Split.Candidate()
}

// repaired is the split that was asked for, or as far towards it as one iteration may rise. A run may
// have begun with a candidate above its maximum: that is not asked for again.
func (s State) repaired() Split {
	percent := slices.Clone(s.Wanted.percent)
	strategy := s.Spec().Strategy
	for i := 1; i < len(percent); i++ {
		most := min(s.Seen.Split.Of(i)+strategy.MaxCandidateWeightIncrement, strategy.MaxCandidateWeight)
		if excess := percent[i] - most; excess > 0 {
			percent[i] -= excess
			percent[0] += excess
		}
	}
	return Split{percent}
}

func (s State) driftReason() string {
	by := "somebody else"
	if s.Seen.ChangedBy != "" {
		by = s.Seen.ChangedBy
	}
	if at := s.Seen.ChangedAt; !at.IsZero() {
		by += " at " + at.UTC().Format("15:04:05")
	}
	return fmt.Sprintf("traffic is %s, Perch asked for %s; changed by %s", s.Seen.Split, s.Wanted, by)
}

func (s State) heldReason(d Decision) string {
	reason := fmt.Sprintf("held at %d %%", s.Seen.Split.Candidate())
	if s.Held.By != "" {
		reason += " by " + s.Held.By
	}
	candidate := s.Spec().Candidate().Name
	if d.violatedBy(candidate) {
		reason += "; " + s.missed(d, candidate)
	}
	return reason
}

func (s State) met(d Decision) string {
	candidate, n := s.Spec().Candidate().Name, 0
	for _, a := range d.with(Satisfied) {
		if a.Version == candidate {
			n++
		}
	}
	return fmt.Sprintf("%d of %d objectives met", n, len(s.Spec().Criteria.Objectives))
}

// missed lists what a version misses.
func (s State) missed(d Decision, version string) string {
	var words []string
	for _, a := range d.Violations() {
		if a.Version == version {
			label := s.Metric(s.Spec().Criteria.Objectives[a.Objective].Metric).Label
			words = append(words, fmt.Sprintf("%s (%s)", label, a.Reason))
		}
	}
	return fmt.Sprintf("%s misses %s", version, strings.Join(words, ", "))
}

// unknowns says which data is missing: of which version, and for the first metric why.
func (s State) unknowns(d Decision) string {
	unknown := d.Unknown()
	first := unknown[0]
	label := s.Metric(s.Spec().Criteria.Objectives[first.Objective].Metric).Label
	text := fmt.Sprintf("%s has no %s data", first.Version, label)
	if first.Reason != "" {
		text += " (" + first.Reason + ")"
	}
	if more := len(unknown) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more without data", more)
	}
	return text
}
