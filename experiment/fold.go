package experiment

import (
	"cmp"
	"slices"
	"time"
)

func (s State) initialized(at time.Time, f Initialized) State {
	s.Since, s.Stage, s.Next, s.Waiting, s.Trouble = at, Running, f.Next, nil, nil
	s.Wanted, s.Seen, s.Owners = f.Traffic.Split, f.Traffic, f.Owners
	s.Setup.Spec = s.Setup.Spec.With(f.Variables)
	s.Weighing = s.weighed(f)
	return s
}

// finishing folds what happens behind the last iteration.
func (s State) finishing(fact Fact) State {
	switch f := fact.(type) {
	case Promoting:
		s.Stage, s.Asked, s.Trouble, s.Finish.Version = Finishing, nil, nil, f.Version
		s.Heading = cmp.Or(s.Heading, OutcomePromoted)
	case Withdrawn:
		s.Stage, s.Heading, s.Finish = Running, "", Finish{}
	case Reversed:
		return s.rollsBack()
	case Recovered:
		s.Trouble = nil
	case Promoted:
		s.Finish.Done = true
		return s.served(f.Traffic.Split, f.Traffic)
	case RolledBack:
		return s.served(f.Traffic.Split, f.Traffic)
	}
	return s
}

// served: a split was asked for, and the router answered.
func (s State) served(asked Split, by Traffic) State {
	s.Wanted, s.Seen, s.Waiting, s.Trouble = asked, by, nil, nil
	return s
}

// resumed goes on from a checkpoint, or from what stands before in the record. A question that was
// open is asked anew, on evidence that is measured anew: only a promotion that has begun goes on.
func (s State) resumed(e Event, f Resumed) State {
	if f.Before != nil {
		s = *f.Before
		s.At, s.Seq = e.At, e.Seq
	}
	s.Setup.Driver, s.Setup.Record, s.Setup.Policy = f.Driver, f.Record, f.Policy
	s.Ended, s.Asked, s.Waiting, s.Trouble = nil, nil, nil, nil
	s.Outage, s.Repairs = 0, 0
	switch {
	case s.Finish.Version != "":
		s.Stage = Finishing
	case s.Heading != "":
		s.Stage = RollingBack
	case !s.Since.IsZero():
		s.Stage = Running
	default:
		s.Stage = Initializing
	}
	return s
}

// drifted: a policy that adopts makes somebody else's split Perch's own. A question about the split
// before lapses. What Perch had asked for may be a split that somebody took back at once.
func (s State) drifted(f Drifted) State {
	s.Seen = f.Traffic
	if f.Asked.Known() {
		s.Wanted = f.Asked
	}
	switch s.Setup.Policy.OnDrift {
	case DriftAdopts:
		s.Wanted = f.Traffic.Split
	case DriftRepairs:
		s.Repairs++
	case DriftStops:
	}
	if s.Asked != nil && s.Asked.Fact.Question == ToAdopt {
		s.Stage, s.Asked = Running, nil
	}
	return s
}

// watched puts what a checkpoint says in the place of what was known.
func (s State) watched(e Event, f Watched) State {
	if f.State != nil {
		s = *f.State
	}
	s.At, s.Seq, s.Setup.Driver = e.At, e.Seq, f.Driver
	return s
}

func (s State) measured(at time.Time, f Measured) State {
	s.Next, s.Waiting = f.Next, nil
	if f.Traffic != nil {
		s.Seen = *f.Traffic
	}
	if s.Seen.ChangedBy == "" && s.Seen.Split.Known() { // a write of Perch's own that arrived after its deadline
		s.Wanted = s.Seen.Split
	}
	if !s.Drift() {
		s.Repairs = 0
	}
	look := Look{Iteration: f.Iteration, At: at, Split: s.Seen.Split, Samples: f.Samples, Blind: f.Traffic == nil}
	if s.lacks(look) {
		s.Outage++
	} else {
		s.Outage = 0
	}
	s.History = append(slices.Clip(s.History), look)
	if extra := len(s.History) - historyLimit; extra > 0 {
		s.History = s.History[extra:]
	}
	return s
}

func (s State) decided(f Decided) State {
	s.Iteration = f.Iteration
	if n := len(s.History); n > 0 {
		s.History = slices.Clone(s.History)
		s.History[n-1].Decision = f.Decision
	}
	if s.Trouble != nil && s.Trouble.Doing == "measure" && len(f.Decision.Unknown()) == 0 {
		s.Trouble = nil
	}
	switch {
	case f.Decision.Kind == RollBackNow:
		s.Stage, s.Asked, s.Heading = RollingBack, nil, OutcomeRolledBack
	case f.Decision.Kind == KeepBaseline:
		s.Stage, s.Asked, s.Heading = RollingBack, nil, OutcomeBaselineKept
	case s.Asked != nil && !s.stands(f.Decision):
		s.Stage, s.Asked = Running, nil
	}
	return s
}

// stands tells whether the open question is still the right one after a newer decision. One that is
// not, is withdrawn: nobody can approve on evidence that has changed.
func (s State) stands(d Decision) bool {
	switch s.Asked.Fact.Question {
	case ToPromote:
		return d.Winner == s.Asked.Fact.Version && (d.Kind == AskToPromote || d.Kind == EndsUndecidedly)
	case ToDecide:
		return d.Kind == EndsUndecidedly
	case ToAdopt:
		return s.Drift()
	case ToRetry:
	}
	return true
}

func (s State) obeyed(c Command) State {
	switch c.Wish {
	case Hold:
		s.Held, s.Stage, s.Asked = &c, Running, nil
	case Resume:
		s.Held = nil
	case RollBack:
		if s.Stage == Finishing {
			s.Finish.Undo = true
			return s
		}
		return s.rollsBack()
	case Approve:
		if s.Asked != nil && s.Asked.Fact.Question == ToAdopt {
			s.Stage, s.Asked, s.Wanted = Running, nil, s.Seen.Split
		}
	case Recover, Stop:
	}
	return s
}

// rollsBack: somebody wants all traffic on the baseline.
func (s State) rollsBack() State {
	s.Stage, s.Asked, s.Held, s.Heading, s.Finish = RollingBack, nil, nil, OutcomeRolledBack, Finish{}
	return s
}
