package experiment

import (
	"errors"
	"fmt"
)

// A Command is a wish that somebody has. Each ends as Obeyed or as Refused.
type Command struct {
	Wish    Wish   `json:"wish"`
	By      string `json:"by,omitempty"`      // who asked: a user, "stdin", "signal"
	Answers int    `json:"answers,omitempty"` // Seq of the Asked it answers; 0: the one that is open
}

// A Wish is what a command asks for.
type Wish string

// The wishes.
const (
	Approve  Wish = "approve"  // promote the winner, or retry a failed promotion
	Hold     Wish = "hold"     // freeze the weights, go on measuring
	Resume   Wish = "resume"   // end a hold
	RollBack Wish = "rollback" // all traffic to the baseline, now
	Recover  Wish = "recover"  // free a locked Helm release, and then retry
	Stop     Wish = "stop"     // end the run and leave the weights as they are
)

// Wishes lists every wish, for help texts and parsers.
func Wishes() []Wish { return []Wish{Approve, Hold, Resume, RollBack, Recover, Stop} }

// Permits says whether a command may be obeyed in this state: nil, or the reason why not. It is
// the one rule for that question: the runner refuses with it and the screen dims keys with it.
func (s State) Permits(c Command) error {
	if s.Ended != nil {
		return errors.New("the run has ended")
	}
	switch c.Wish {
	case Approve:
		return s.permitsApprove(c)
	case Hold:
		return s.permitsHold()
	case Resume:
		if s.Held == nil {
			return errors.New("nothing is held")
		}
		return nil
	case RollBack:
		return s.permitsRollBack()
	case Recover:
		if s.Asked == nil || !s.Asked.Fact.Locked {
			return errors.New("no Helm release is known to be locked")
		}
		return nil
	case Stop:
		return nil
	}
	return fmt.Errorf("there is no command %q", string(c.Wish))
}

func (s State) permitsApprove(c Command) error {
	switch {
	case s.Asked == nil && s.Stage == Running:
		return fmt.Errorf("nothing to approve yet: iteration %d of %d",
			s.Iteration, s.Spec().Duration.Iterations())
	case s.Asked == nil:
		return fmt.Errorf("nothing to approve while %s", s.Stage)
	case s.Asked.Fact.Question == ToDecide:
		return errors.New("the evidence does not suffice to promote")
	case c.Answers != 0 && c.Answers != s.Asked.Seq:
		return errors.New("the evidence has changed since you looked: look again")
	}
	return nil
}

func (s State) permitsHold() error {
	switch {
	case s.Held != nil:
		return errors.New("already held")
	case s.Stage == Running, s.Stage == Awaiting && s.Asked.Fact.Question != ToRetry:
		return nil
	}
	return fmt.Errorf("nothing to hold while %s", s.Stage)
}

func (s State) permitsRollBack() error {
	switch s.Stage {
	case Finishing:
		switch {
		case s.Heading != OutcomePromoted:
			return errors.New("already rolling back: the baseline's release is being restored")
		case s.Finish.Undo:
			return errors.New("rolling back begins as soon as the finish actions have ended")
		}
		return nil
	case RollingBack:
		return errors.New("already rolling back")
	case Idle, Initializing:
		return errors.New("no traffic was moved yet: q stops")
	case Running, Awaiting, Completed:
	}
	return nil
}
