// Package runner conducts one experiment in time: it measures, decides, shifts traffic, obeys and
// promotes; or it replays an experiment that was recorded.
//
// One goroutine, in (*Runner).Run, owns the state. Everything slow happens in at most one worker
// at a time, which gets values and brings a value back. Events are recorded before anybody sees
// them, each reaches the receiver of Events exactly once and in order, and the last one is always
// Ended. The package knows the cluster and the metrics only through its ports.
package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"perch/experiment"
)

// An Approval says who may let the winner be promoted.
type Approval string

// The approvals.
const (
	Ask    Approval = "ask"    // a person answers
	Always Approval = "always" // whatever the judge lets win is promoted
	Never  Approval = "never"  // nothing is promoted; the weights stay as they are
)

// A Config is everything that a run depends on.
type Config struct {
	Setup    experiment.Started // with the spec; the record's first event
	Judge    experiment.Judge
	Metrics  Metrics
	Traffic  Traffic
	Promoter Promoter
	Counter  Counter // nil: the judge weighs nothing
	Recorder Recorder
	Keeper   Keeper
	Approval Approval
	// LookEvery is how often counts are taken; 0: as often as the metrics are scraped.
	LookEvery time.Duration
	// Resumed makes the run go on from where another was cut short, instead of beginning anew; nil:
	// it begins.
	Resumed *experiment.Resumed
	// Lost is closed when another driver has taken the target over: this one writes nothing more. A
	// nil channel is never closed.
	Lost <-chan struct{}
	// RecoverHelm frees a locked release without asking, once.
	RecoverHelm bool
	// Commands are the wishes of people and signals; whoever sends does not close it.
	Commands <-chan experiment.Command
	// Unattended is closed when nobody is left to answer: an open question then ends the run as
	// with Never. A nil channel is never closed.
	Unattended <-chan struct{}
	// RollBackOnStop sends the traffic back to the baseline when the run is stopped.
	RollBackOnStop bool
}

// A Runner conducts one experiment, once.
type Runner struct {
	Config
	state   experiment.State
	out     *outbox
	notes   chan experiment.Waiting // sent by the worker, buffered; never closed
	worker  *worker                 // nil: nobody works
	workers sync.WaitGroup
	timers
	stops int   // how often somebody wanted to stop
	alone bool  // nobody is left to answer
	err   error // why the run cannot go on: the record cannot be written
	saver *saver
	freed bool // a locked release was freed without asking
	busy
}

// busy is what the worker does that commands have to know of.
type busy struct {
	closing bool // the split is read for the last line; only a roll back is another end
	freeing bool // a locked release is freed, which is not interrupted
	rising  bool // the candidate is to get more traffic, or to be promoted: a hold interrupts it

	// tried is the split that is being written, or of which nobody knows whether it was: traffic may
	// not be as it was seen. Unknown: nothing was written since traffic was seen.
	tried experiment.Split
}

// New makes a runner. Its Events must be received until they are closed.
func New(c Config) *Runner {
	r := &Runner{Config: c, out: newOutbox(), notes: make(chan experiment.Waiting, 1)}
	r.look, r.count = time.NewTimer(time.Hour), time.NewTimer(time.Hour)
	r.look.Stop() // until the start actions are done
	r.count.Stop()
	return r
}

// The timers of a run, and whether each was due while somebody worked.
type timers struct {
	look     *time.Timer // fires when the next look is due
	lookDue  bool
	count    *time.Timer // fires when counts are due between two looks
	countDue bool
}

// Events is where the run tells what happens. It is closed after the Ended event.
func (r *Runner) Events() <-chan experiment.Event { return r.out.events }

// Run conducts the experiment to its end and returns the last state. A cancelled ctx is a command
// to stop. The error is of the record alone: everything else is told by events.
func (r *Runner) Run(ctx context.Context) (experiment.State, error) {
	defer r.out.close()
	r.saver = newSaver(ctx, r.Keeper)
	defer r.saver.finish(ctx)
	defer r.workers.Wait()
	defer r.cancelWorker()
	r.emit(r.Setup)
	if r.Resumed != nil {
		r.resume(ctx)
	} else {
		r.initialize(ctx)
	}
	r.loop(ctx)
	return r.state, r.err
}

// loop is the one place where a run waits.
func (r *Runner) loop(ctx context.Context) {
	unattended, cancelled, lost := r.Unattended, ctx.Done(), r.Lost
	r.lookIfDue(ctx)
	for r.state.Ended == nil {
		select {
		case c := <-r.Commands:
			r.obey(ctx, c)
		case <-unattended:
			unattended, r.alone = nil, true
			r.abandoned(ctx)
		case <-lost:
			lost = nil
			r.takenOver()
		case <-cancelled:
			cancelled = nil
			r.obey(ctx, experiment.Command{Wish: experiment.Stop, By: cause(ctx)})
		case note := <-r.notes:
			r.emit(note)
		case apply := <-r.worker.result():
			r.noteFirst()
			r.worker = nil
			apply()
		case <-r.look.C:
			r.lookDue = true
		case <-r.count.C:
			r.countDue = true
		}
		r.endUnrecorded(ctx)
		r.lookIfDue(ctx)
		r.countIfDue(ctx)
	}
}

// noteFirst tells what the worker waited for before what came of it: the two come by two channels.
func (r *Runner) noteFirst() {
	select {
	case note := <-r.notes:
		r.emit(note)
	default:
	}
}

// takenOver ends a run whose target belongs to another driver now, and so does its traffic.
func (r *Runner) takenOver() {
	r.cancelWorker()
	err := fmt.Errorf("another driver has %s now; this one writes nothing more", r.state.Spec().Target)
	r.trouble("drive", experiment.WithHint(err, "perch watch "+r.state.Spec().Target.String()+" shows what the other one does"))
	r.endAsLastSeen(experiment.OutcomeTakenOver, err.Error())
}

// cause is who cancelled, as the caller of Run put it with context.WithCancelCause.
func cause(ctx context.Context) string {
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err.Error()
	}
	return "the caller"
}

// emit records a fact, folds it into the state and tells it, in this order.
func (r *Runner) emit(f experiment.Fact) {
	e := experiment.Event{Seq: r.state.Seq + 1, At: time.Now().UTC(), Fact: f}
	err := r.Recorder.Record(e)
	r.state = r.state.Apply(e)
	r.saver.note(r.state)
	r.out.send(e)
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("record event %d: %w", e.Seq, err)
	}
}

// endUnrecorded ends a run that cannot be recorded any more, once it is safe to.
func (r *Runner) endUnrecorded(ctx context.Context) {
	unsafe := r.state.Stage == experiment.Finishing || r.state.Stage == experiment.RollingBack || r.freeing
	if r.err == nil || unsafe || r.closing || r.state.Ended != nil {
		return
	}
	r.trouble("record", experiment.WithHint(r.err, "make room for the record, then run again"))
	r.close(ctx, experiment.OutcomeFailed, r.err.Error())
}

// trouble tells an error, unless it is the one that was told last.
func (r *Runner) trouble(doing string, err error) {
	t := experiment.Troubled{Doing: doing, What: err.Error(), Hint: experiment.HintOf(err)}
	if r.state.Trouble == nil || *r.state.Trouble != t {
		r.emit(t)
	}
}

// initialize carries out the start actions.
func (r *Runner) initialize(ctx context.Context) {
	spec := r.state.Spec()
	r.work(ctx, initializeTimeout, func(ctx context.Context) func() {
		found, err := r.startActions(ctx, spec)
		return func() {
			if err != nil {
				r.trouble("initialize", err)
				r.end(experiment.OutcomeFailed, err.Error())
				return
			}
			found.Next = r.schedule(time.Now())
			r.emit(found)
			if r.weighs() {
				r.scheduleCount(r.nextCount(time.Now(), found.Next))
			}
		}
	})
}

// startActions finds out whether the metrics backend answers, and prepares the target.
func (r *Runner) startActions(ctx context.Context, spec experiment.Spec) (experiment.Initialized, error) {
	if err := r.Metrics.Ping(ctx); err != nil {
		return experiment.Initialized{}, err
	}
	found, err := r.Traffic.Initialize(ctx, spec, func(w experiment.Waiting) {
		select {
		case r.notes <- w:
		case <-ctx.Done():
		}
	})
	if err == nil {
		r.beginCounting(ctx, spec, &found)
	}
	return found, err
}

// schedule sets the timer one interval behind a look that began at from, and returns when.
func (r *Runner) schedule(from time.Time) time.Time {
	next := from.Add(r.state.Spec().Duration.Interval())
	r.look.Reset(time.Until(next))
	return next.UTC()
}

// attended tells whether somebody can answer a question.
func (r *Runner) attended() bool {
	return cmp.Or(r.Approval, Ask) == Ask && !r.alone
}
