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

// Traffic reads and moves the weights of the target.
type Traffic interface {
	// Initialize waits until the target and the revisions of all versions are ready, resolves the
	// versions' revisions and reads the split. It calls note before it begins to wait for something.
	Initialize(ctx context.Context, spec experiment.Spec, note func(experiment.Waiting)) (experiment.Initialized, error)
	// Observe reads the split as the router reports it now.
	Observe(ctx context.Context, spec experiment.Spec) (experiment.Traffic, error)
	// Shift writes a split, and returns what the router says once it serves it.
	Shift(ctx context.Context, spec experiment.Spec, to experiment.Split) (experiment.Traffic, error)
	// Await waits until the router gives everything to one version, without writing anything.
	Await(ctx context.Context, spec experiment.Spec, version string) (experiment.Traffic, error)
}

// Promoter carries out the finish actions.
type Promoter interface {
	// Plan finds out what promoting a version will do, without doing it.
	Plan(ctx context.Context, spec experiment.Spec, version string) (experiment.Plan, error)
	// Promote does it, and says in a few words what was done. Once begun it is not interrupted.
	Promote(ctx context.Context, spec experiment.Spec, version string) (string, error)
}

// Recorder keeps the events of a run.
type Recorder interface {
	// Record returns when the event is safe.
	Record(e experiment.Event) error
}
