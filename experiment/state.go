package experiment

import (
	"maps"
	"slices"
	"time"
)

// A Stage is where a run is. It mostly moves forward; a failed or withdrawn promotion goes back to
// Awaiting or Running.
type Stage int

// The stages, in their order.
const (
	Idle         Stage = iota // nothing has started
	Initializing              // start actions
	Running                   // iterations
	Awaiting                  // a question is open; measuring goes on
	RollingBack               // traffic goes back to the baseline
	Finishing                 // finish actions; not interrupted
	Completed
)

// String is the stage in words.
func (s Stage) String() string {
	return [...]string{"idle", "initializing", "running", "awaiting approval", "rolling back",
		"finishing", "completed"}[s]
}

// A State is all that is known of a run: the left fold of its events with Apply. The zero State is
// a run before its first event.
type State struct {
	Times
	Setup     Started // what was started
	Seq       int     // of the latest event
	Stage     Stage
	Iteration int       // completed
	Wanted    Split     // the split that Perch asked for last
	Seen      Traffic   // the split as the router last reported it
	History   []Look    // the latest looks, oldest first, at most historyLimit
	Held      *Command  // who holds; nil: nobody
	Asked     *Open     // the open question; nil: none
	Heading   Outcome   // what the run will have come to once it rolled back or promoted
	Waiting   *Waiting  // what is waited for right now; nil: nothing in particular
	Trouble   *Troubled // the latest trouble, until something succeeds
	Ended     *Ended
}

// Times are the points in time of a run, in UTC; zero while there is none.
type Times struct {
	Since time.Time // start of the cumulative metrics
	At    time.Time // of the latest event
	Next  time.Time // when the next look is due
}

// An Open is a question that waits for its answer.
type Open struct {
	Seq  int
	At   time.Time
	Fact Asked
}

// A Look is one measurement and what was made of it.
type Look struct {
	Iteration int
	At        time.Time
	Split     Split // in force while it was measured
	Samples   []Sample
	Decision  Decision // zero until decided
}

// historyLimit bounds the memory of a run that is left waiting for days.
const historyLimit = 1000

// Fold applies events in their order to the zero state.
func Fold(events []Event) State {
	var s State
	for _, e := range events {
		s = s.Apply(e)
	}
	return s
}

// Apply is the state after an event. It never changes s, nor anything s refers to.
func (s State) Apply(e Event) State {
	s.At, s.Seq = e.At, e.Seq
	switch f := e.Fact.(type) {
	case Started:
		s.Setup, s.Stage = f, Initializing
	case Waiting:
		s.Waiting = &f
	case Initialized:
		return s.initialized(e.At, f)
	case Measured:
		return s.measured(e.At, f)
	case Decided:
		return s.decided(f)
	case Shifted:
		s.Wanted, s.Seen, s.Waiting, s.Trouble = f.Asked, f.Traffic, nil, nil
	case Drifted:
		s.Seen = f.Traffic
	case Asked:
		s.Stage, s.Asked = Awaiting, &Open{e.Seq, e.At, f}
	case Obeyed:
		return s.obeyed(f.Command)
	case Refused:
	case Promoting:
		s.Stage, s.Asked, s.Trouble = Finishing, nil, nil
		if s.Heading == "" {
			s.Heading = OutcomePromoted
		}
	case Promoted:
		s.Wanted, s.Seen, s.Waiting, s.Trouble = f.Traffic.Split, f.Traffic, nil, nil
	case RolledBack:
		s.Wanted, s.Seen, s.Waiting, s.Trouble = f.Traffic.Split, f.Traffic, nil, nil
	case Troubled:
		s.Trouble = &f
	case Ended:
		s.Stage, s.Ended, s.Asked, s.Waiting = Completed, &f, nil, nil
		if f.Traffic != nil {
			s.Seen = *f.Traffic
		}
	}
	return s
}

func (s State) initialized(at time.Time, f Initialized) State {
	s.Since, s.Stage, s.Next, s.Waiting, s.Trouble = at, Running, f.Next, nil, nil
	s.Wanted, s.Seen = f.Traffic.Split, f.Traffic
	s.Setup.Spec.Versions = slices.Clone(s.Setup.Spec.Versions)
	for i, v := range s.Setup.Spec.Versions {
		added := maps.Clone(f.Variables[v.Name])
		if added == nil {
			continue
		}
		maps.Copy(added, v.Variables)
		s.Setup.Spec.Versions[i].Variables = added
	}
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
	look := Look{Iteration: f.Iteration, At: at, Split: s.Seen.Split, Samples: f.Samples}
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
	case s.Asked != nil && !s.Asked.Fact.standsBy(f.Decision):
		s.Stage, s.Asked = Running, nil
	}
	return s
}

// standsBy tells whether a question is still the right one after a newer decision. A question that
// is not, is withdrawn: nobody can approve on evidence that has changed.
func (a Asked) standsBy(d Decision) bool {
	switch a.Question {
	case ToPromote:
		return d.Kind == AskToPromote && d.Winner == a.Version
	case ToDecide:
		return d.Kind == EndsUndecidedly
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
		s.Stage, s.Asked, s.Held, s.Heading = RollingBack, nil, nil, OutcomeRolledBack
	case Approve, Stop:
	}
	return s
}

// Spec is the experiment that runs, with the variables that its start actions added.
func (s State) Spec() Spec { return s.Setup.Spec }

// Latest is the newest look, and whether there is one.
func (s State) Latest() (Look, bool) {
	if len(s.History) == 0 {
		return Look{}, false
	}
	return s.History[len(s.History)-1], true
}

// Metric describes a metric of the spec; one that is unknown is described by its name.
func (s State) Metric(ref string) Metric {
	for _, m := range s.Setup.Metrics {
		if m.Ref == ref {
			return m
		}
	}
	return Metric{Ref: ref, Label: ref}
}

// Drift tells whether somebody else has changed the traffic since Perch last asked for a split.
func (s State) Drift() bool {
	return s.Wanted.Known() && s.Seen.Split.Known() && !s.Seen.Split.Equal(s.Wanted)
}
