package experiment

import (
	"fmt"
	"slices"
)

// A Verdict is what a judge says of one objective of one version. The zero value is Unknown.
type Verdict int

// The verdicts. Unknown is neither good nor bad: nothing rises on it and nothing is punished.
const (
	Unknown Verdict = iota
	Satisfied
	Violated
	Undecided // there is data, and it does not suffice
)

func (v Verdict) words() []string { return []string{"unknown", "satisfied", "violated", "undecided"} }

// String is the verdict's word.
func (v Verdict) String() string { return v.words()[v] }

// MarshalText writes the verdict's word.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the verdict's word.
func (v *Verdict) UnmarshalText(text []byte) error {
	i := slices.Index(v.words(), string(text))
	if i < 0 {
		return fmt.Errorf("%q is no verdict", text)
	}
	*v = Verdict(i)
	return nil
}

// An Assessment is a judge's verdict on one objective of one version.
type Assessment struct {
	Objective int     `json:"objective"` // position in the spec
	Version   string  `json:"version"`
	Verdict   Verdict `json:"verdict"`
	Reason    string  `json:"reason,omitempty"` // for people: "2.10 % > 1.00 %", "no requests"
}

// A Judgement is what a judge makes of one look.
type Judgement struct {
	Assessments []Assessment
	Target      Split  // where the judge would have the traffic, within the spec's limits
	Winner      string // the version that would be promoted now; "" when there is none
	Ruling      Ruling
	Reason      string // of the ruling, or of the target, for people; "": the assessments say it all
}

// A Ruling is a judge's last word, if it has spoken it. Without one, the last iteration's assessments
// decide, as in Iter8.
type Ruling int

// The rulings.
const (
	GoesOn      Ruling = iota // nothing is settled yet
	Passes                    // the candidate keeps its limits, as far as can be proven
	Fails                     // it does not, and the fault is its own
	CannotTell                // nothing will be proven: a person is to say; the winner is by point estimate
	StaysBehind               // nothing will be proven: the baseline stays
)

// of is the worst verdict of a version over all objectives: one violation is a violation, anything
// unknown is unknown, and anything undecided is undecided.
func (j Judgement) of(version string) Verdict {
	worst := Satisfied
	for _, a := range j.Assessments {
		switch {
		case a.Version != version:
		case a.Verdict == Violated:
			return Violated
		case a.Verdict == Unknown, a.Verdict == Undecided && worst == Satisfied:
			worst = a.Verdict
		}
	}
	return worst
}

// A Judge turns a state, whose latest samples are new, into a judgement. It is pure.
type Judge func(Spec, State) Judgement

// The names of the judges, as --judge and the annotation perch/judge have them.
const (
	JudgeEvidence = "evidence"
	JudgeIter8    = "iter8"
)

// JudgeNamed finds a judge by its name.
func JudgeNamed(name string) (Judge, error) {
	switch name {
	case JudgeEvidence:
		return ByEvidence, nil
	case JudgeIter8:
		return Iter8, nil
	}
	return nil, WithHint(fmt.Errorf("there is no judge %q", name), "use --judge=evidence or --judge=iter8")
}
