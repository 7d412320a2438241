package runner

import (
	"context"

	"perch/experiment"
)

// obey carries out a command, or refuses it with the reason.
func (r *Runner) obey(ctx context.Context, c experiment.Command) {
	if err := r.state.Permits(c); err != nil {
		r.emit(experiment.Refused{Command: c, Why: err.Error()})
		return
	}
	switch c.Wish {
	case experiment.Approve:
		r.approve(ctx, c)
	case experiment.Hold, experiment.Resume:
		r.emit(experiment.Obeyed{Command: c})
	case experiment.RollBack:
		busy := r.state.Stage == experiment.Finishing
		r.emit(experiment.Obeyed{Command: c})
		if !busy { // else it begins when the finish actions have ended
			r.rollBack(ctx, "asked for by "+c.By)
		}
	case experiment.Recover:
		open := r.state.Asked.Fact
		r.emit(experiment.Obeyed{Command: c})
		r.recover(ctx, open.Version, open.Plan)
	case experiment.Stop:
		r.stop(ctx, c)
	}
}

// approve answers the open question with yes.
func (r *Runner) approve(ctx context.Context, c experiment.Command) {
	open := r.state.Asked.Fact
	r.emit(experiment.Obeyed{Command: c})
	switch open.Question {
	case experiment.ToPromote:
		r.promote(ctx, open.Version, open.Plan)
	case experiment.ToRetry:
		r.retry(ctx, open.Version, open.Plan)
	case experiment.ToAdopt, experiment.ToDecide: // the split as it is has become Perch's own
	}
}

// stop ends the run after the safe action: an upgrade runs to its end, a rollback goes on until it
// is asked to stop again, anything else is cancelled and the split read once more.
func (r *Runner) stop(ctx context.Context, c experiment.Command) {
	r.stops++
	switch {
	case r.state.Stage == experiment.Finishing:
		r.emit(experiment.Refused{Command: c, Why: "a Helm upgrade is not interrupted: Perch ends when it has"})
	case r.state.Stage == experiment.RollingBack && r.stops == 1:
		r.emit(experiment.Refused{Command: c, Why: "rolling back: stop again to give up"})
	case r.RollBackOnStop && r.state.Seen.Split.Candidate() > 0 && r.state.Permits(experiment.Command{Wish: experiment.RollBack}) == nil:
		r.obey(ctx, experiment.Command{Wish: experiment.RollBack, By: c.By})
	default:
		r.emit(experiment.Obeyed{Command: c})
		r.readBackAndEnd(ctx, "stopped by "+c.By)
	}
}

// readBackAndEnd makes sure that the last line tells the split as it is.
func (r *Runner) readBackAndEnd(ctx context.Context, reason string) {
	spec := r.state.Spec()
	if !r.state.Seen.Split.Known() {
		r.end(experiment.OutcomeStopped, reason)
		return
	}
	r.work(ctx, observeTimeout, func(ctx context.Context) func() {
		traffic, err := r.Traffic.Observe(ctx, spec)
		return func() {
			if err != nil {
				r.trouble("observe", err)
				r.end(experiment.OutcomeStopped, reason+"; the split is as last seen, the cluster did not answer")
				return
			}
			r.endWith(experiment.OutcomeStopped, reason, &traffic)
		}
	})
}
