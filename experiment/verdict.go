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
)

func (v Verdict) words() []string { return []string{"unknown", "satisfied", "violated"} }

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
}

// of is the worst verdict of a version over all objectives: one violation is a violation, and
// anything unknown is unknown.
func (j Judgement) of(version string) Verdict {
	worst := Satisfied
	for _, a := range j.Assessments {
		switch {
		case a.Version != version:
		case a.Verdict == Violated:
			return Violated
		case a.Verdict == Unknown:
			worst = Unknown
		}
	}
	return worst
}

// A Judge turns a state, whose latest samples are new, into a judgement. It is pure.
type Judge func(Spec, State) Judgement

// JudgeNamed finds a judge by the name that --judge and the annotation perch/judge use.
func JudgeNamed(name string) (Judge, error) {
	if name == "iter8" {
		return Iter8, nil
	}
	return nil, WithHint(fmt.Errorf("there is no judge %q", name), "use --judge=iter8")
}
