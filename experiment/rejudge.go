package experiment

import (
	"errors"
	"fmt"
)

// A Rejudged is what another judge makes of one look of a recorded run, beside what was made of it.
// The traffic is the recorded one: what the candidate would have done with another share of it
// nobody knows.
type Rejudged struct {
	Event    Event    `json:"event"`             // the look: Measured, or Counted between two
	Recorded Decision `json:"recorded,omitzero"` // zero: nothing followed from the look
	Now      Decision `json:"now,omitzero"`      // zero: nothing follows
	Settles  bool     `json:"settles,omitempty"` // the run would have ended here
	Settled  bool     `json:"settled,omitempty"` // the run ended here
}

// Settles tells whether a decision ends the iterations.
func (k DecisionKind) Settles() bool {
	switch k {
	case AskToPromote, KeepBaseline, RollBackNow, EndsUndecidedly:
		return true
	case Explore, Advance, Stay, HoldWeights, Withdraw, Repair:
	}
	return false
}

// Rejudge judges a recorded run anew, with the judge, the limits and the settings of setup in the
// place of the recorded ones, until a look settles it. With the recorded setup every decision
// comes out as it was recorded.
func Rejudge(events []Event, setup Started) ([]Rejudged, error) {
	judge, err := JudgeNamed(setup.Judge)
	if err != nil {
		return nil, err
	}
	if setup.Judge != JudgeEvidence {
		setup.Evidence = nil
	}
	var s State
	var list []Rejudged
	settled := false
	for i, e := range events {
		switch f := e.Fact.(type) {
		case Started:
			e.Fact = setup
		case Resumed:
			if f.Before != nil {
				return nil, WithHint(errors.New("the record goes on from an earlier one, whose looks are not in it"),
					fmt.Sprintf("judge the earlier one anew: %s", f.Before.Setup.Record))
			}
		}
		s = s.Apply(e)
		looked, ok := s.again(e, judge)
		if !ok {
			continue
		}
		looked.Recorded = decisionAfter(events[i+1:])
		if settled {
			looked.Now = Decision{}
		}
		settled = settled || looked.Now.Kind.Settles()
		list = append(list, looked)
	}
	return list, nil
}

// again judges the state after an event anew; ok is false for events that are no look.
func (s State) again(e Event, judge Judge) (r Rejudged, ok bool) {
	r.Event = e
	switch f := e.Fact.(type) {
	case Measured:
		r.Now = Decide(s, judge)
	case Counted:
		if f.Rise { // the look follows
			return r, false
		}
		if d, acts := Glance(s, judge); acts {
			r.Now = d
		}
	default:
		return r, false
	}
	return r, true
}

// decisionAfter is the decision on the look before these events; zero when there is none.
func decisionAfter(events []Event) Decision {
	for _, e := range events {
		switch f := e.Fact.(type) {
		case Decided:
			return f.Decision
		case Measured, Counted:
			return Decision{}
		}
	}
	return Decision{}
}
