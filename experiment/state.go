package experiment

import "time"

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
	Outage    int       // looks in a row that lacked data they should have had
	Repairs   int       // drifts in a row that Perch wrote against
	Owners    []Owner   // who may undo what Perch writes
	Finish    Finish
	Weighing  *Weighing // nil: nothing is weighed
	Ended     *Ended
}

// A Finish is how far the finish actions are.
type Finish struct {
	Version string // for which they have begun; "": not begun
	Done    bool
	Undo    bool // a person wants to roll back as soon as they end
}

// Times are the points in time of a run, in UTC; zero while there is none.
type Times struct {
	Since time.Time // start of the cumulative metrics
	At    time.Time // of the latest event
	Next  time.Time // when the next look is due

	NextCount time.Time // when the next count between two looks is due
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
	Blind     bool     // the cluster did not say the split: it is as it was seen before
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
	case Resumed:
		return s.resumed(e, f)
	case Waiting:
		s.Waiting = &f
	case Initialized:
		return s.initialized(e.At, f)
	case Counted:
		return s.countedUp(f)
	case Measured:
		return s.measured(e.At, f)
	case Decided:
		return s.decided(f)
	case Shifted:
		return s.served(f.Asked, f.Traffic)
	case Drifted:
		return s.drifted(f)
	case Asked:
		s.Stage, s.Asked = Awaiting, &Open{e.Seq, e.At, f}
	case Obeyed:
		return s.obeyed(f.Command)
	case Refused:
	case Promoting, Withdrawn, Reversed, Recovered, Promoted, RolledBack:
		return s.finishing(f)
	case Troubled:
		s.Trouble = &f
	case Watched:
		return s.watched(e, f)
	case Ended:
		s.Stage, s.Ended, s.Asked, s.Waiting = Completed, &f, nil, nil
		if f.Traffic != nil {
			s.Seen = *f.Traffic
		}
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

// snapshotLooks is how many looks a snapshot keeps: what the screen shows, and what a judge needs.
const snapshotLooks = 60

// Snapshot is the state with as much of its history as a checkpoint has room for.
func (s State) Snapshot() State {
	if extra := len(s.History) - snapshotLooks; extra > 0 {
		s.History = s.History[extra:]
	}
	return s
}

// Iterations is how many looks decide, with the extensions that the policy grants.
func (s State) Iterations() int {
	return s.Spec().Duration.Iterations() * (1 + s.Setup.Policy.extensions())
}

// Drift tells whether somebody else has changed the traffic since Perch last asked for a split.
func (s State) Drift() bool {
	return s.Wanted.Known() && s.Seen.Split.Known() && !s.Seen.Split.Equal(s.Wanted)
}

// WinnerFound tells whether a version has won so far: the candidate, or the baseline that was kept. A
// run that was rolled back has no winner, whatever the judge had said before.
func (s State) WinnerFound() bool {
	if s.Ended != nil {
		switch s.Ended.Outcome {
		case OutcomePromoted, OutcomeBaselineKept:
			return true
		case OutcomeRolledBack, OutcomeUndecided:
			return false
		case OutcomeStopped, OutcomePromotionFailed, OutcomeFailed, OutcomeTakenOver:
		}
	}
	look, _ := s.Latest()
	return look.Decision.Winner != ""
}
