package experiment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// leastObject is how many bytes of JSON an object of a record or a checkpoint has on average, at
// least. Empty ones take a hundred times their length when they are read.
const leastObject = 24

// checkDensity refuses JSON that would take far more memory than it is long. Nothing that Perch
// writes does.
func checkDensity(data []byte) error {
	if n := bytes.Count(data, []byte("{")); n > 1000 && n*leastObject > len(data) {
		return fmt.Errorf("%d objects in %d KiB are nothing that Perch has written", n, len(data)>>10)
	}
	return nil
}

// ReadState reads a checkpoint, as json.Marshal writes a State. One that no run can go on from is an
// error.
func ReadState(data []byte) (State, error) {
	var s State
	if err := checkDensity(data); err != nil {
		return State{}, err
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return State{}, err
	}
	return s, s.whole()
}

// whole tells whether a state that was read is one that events can have made.
func (s State) whole() error {
	switch {
	case s.Stage < Idle || s.Stage > Completed:
		return fmt.Errorf("there is no stage %d", s.Stage)
	case s.Stage != Idle && s.Spec().whole() != nil:
		return s.Spec().whole()
	case (s.Stage == Awaiting) != (s.Asked != nil):
		return fmt.Errorf("it is %s, and a question is open: %t", s.Stage, s.Asked != nil)
	case (s.Stage == Completed) != (s.Ended != nil):
		return fmt.Errorf("it is %s, and has ended: %t", s.Stage, s.Ended != nil)
	}
	for _, look := range s.History {
		if err := look.Decision.whole(s.Spec()); err != nil {
			return err
		}
	}
	return nil
}

// whole tells whether a spec that was read is one that Parse can have made.
func (s Spec) whole() error {
	switch {
	case len(s.Versions) < 2:
		return errors.New("the experiment has no candidate")
	case s.Duration.Iterations() < 1 || s.Duration.IntervalSeconds < 1:
		return errors.New("the experiment has no duration")
	}
	return nil
}

// whole tells whether a decision is about a spec.
func (d Decision) whole(spec Spec) error {
	for _, a := range d.Assessments {
		if a.Objective < 0 || a.Objective >= len(spec.Criteria.Objectives) {
			return fmt.Errorf("there is no objective %d", a.Objective)
		}
	}
	return nil
}

// wholeFact tells whether a fact that was read is one that a run can have told.
func wholeFact(f Fact) error {
	switch f := f.(type) {
	case Started:
		return f.Spec.whole()
	case Resumed:
		if f.Before != nil {
			return f.Before.whole()
		}
	case Watched:
		if f.State != nil {
			return f.State.whole()
		}
	}
	return nil
}
