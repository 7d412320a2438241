package runner

import (
	"context"
	"time"

	"perch/experiment"
)

// Metrics answers what the versions did.
type Metrics interface {
	// Ping finds out whether the backend answers at all.
	Ping(ctx context.Context) error
	// Measure asks for every metric that the spec refers to, of every version, from since to now.
	// It always answers with one sample for each: a question without an answer is a sample without
	// a value that says why. It returns when ctx ends.
	Measure(ctx context.Context, spec experiment.Spec, since, now time.Time) []experiment.Sample
}

// Counter counts what the versions did, for a judge that weighs evidence.
type Counter interface {
	// Count gives the increments of every version since the newest scrape that was counted: a tally
	// for each version and scrape, or why there is none. It returns when ctx ends.
	Count(ctx context.Context, spec experiment.Spec, span Span) []experiment.Tally
	// History counts what the baseline did before an experiment that begins now.
	History(ctx context.Context, spec experiment.Spec, now time.Time) []experiment.Tally
	// Cadence finds out how far apart scrapes are; 0 when it cannot tell.
	Cadence(ctx context.Context, spec experiment.Spec) time.Duration
}

// A Span is the time in which counts are wanted.
type Span struct {
	Started time.Time // of the experiment
	After   time.Time // the newest scrape that was counted; zero: none
	Now     time.Time
}

// Traffic reads and moves the weights of the target.
type Traffic interface {
	// Initialize waits until the target and the revisions of all versions are ready, resolves the
	// versions' revisions and reads the split. It calls note before it begins to wait for something.
	Initialize(ctx context.Context, spec experiment.Spec, note func(experiment.Waiting)) (experiment.Initialized, error)
	// Observe reads the split as the router reports it now.
	Observe(ctx context.Context, spec experiment.Spec) (experiment.Traffic, error)
	// Shift writes a split that was decided on when another one was seen, and returns what the router
	// says once it serves it. If somebody else has changed the traffic since, it writes nothing. A
	// roll back comes from an unknown split, and is written whatever there is.
	Shift(ctx context.Context, spec experiment.Spec, from, to experiment.Split) (experiment.Traffic, error)
	// Await waits until the router gives everything to one version, without writing anything.
	Await(ctx context.Context, spec experiment.Spec, version string) (experiment.Traffic, error)
}

// Promoter carries out the finish actions.
type Promoter interface {
	// Plan finds out what promoting a version will do, without doing it.
	Plan(ctx context.Context, spec experiment.Spec, version string) (experiment.Plan, error)
	// Promote does it, and says in a few words what was done. Once begun it is not interrupted.
	Promote(ctx context.Context, spec experiment.Spec, version string) (string, error)
	// Progress finds out how far the finish actions came that a run with this driver's name had
	// begun for a version when it was killed.
	Progress(ctx context.Context, spec experiment.Spec, version string) (experiment.Progress, error)
	// Recover frees a release that an operation has left locked, and says what it did.
	Recover(ctx context.Context, spec experiment.Spec, version string) (string, error)
}

// Keeper keeps the checkpoint with which a later run can go on, from any machine.
type Keeper interface {
	// Save returns when the state is safe.
	Save(ctx context.Context, s experiment.State) error
}

// Recorder keeps the events of a run.
type Recorder interface {
	// Record returns when the event is safe.
	Record(e experiment.Event) error
}
