package runner

import (
	"cmp"
	"context"
	"errors"

	"perch/experiment"
)

// obey carries out a command, or refuses it with the reason.
func (r *Runner) obey(ctx context.Context, c experiment.Command) {
	if err := cmp.Or(r.state.Permits(c), r.suffers(c)); err != nil {
		r.emit(experiment.Refused{Command: c, Why: err.Error()})
		return
	}
	switch c.Wish {
	case experiment.Approve:
		r.approve(ctx, c)
	case experiment.Hold:
		r.emit(experiment.Obeyed{Command: c})
		if r.rising {
			r.cancelWorker()
		}
	case experiment.Resume:
		r.emit(experiment.Obeyed{Command: c})
	case experiment.RollBack:
		helm := r.state.Stage == experiment.Finishing || r.freeing
		r.emit(experiment.Obeyed{Command: c})
		if !helm { // else it begins when Helm has ended
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

// suffers tells whether what the worker does suffers a command, nil, or why not.
func (r *Runner) suffers(c experiment.Command) error {
	switch {
	case c.Wish == experiment.RollBack:
		return nil
	case r.closing:
		return errors.New("the run is ending: the split is read once more")
	case r.freeing && c.Wish != experiment.Stop:
		return errors.New("the locked release is being freed")
	}
	return nil
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
	case r.freeing:
		r.emit(experiment.Refused{Command: c, Why: "a Helm rollback is not interrupted: Perch ends when it has"})
	case r.state.Stage == experiment.Finishing:
		r.emit(experiment.Refused{Command: c, Why: "a Helm upgrade is not interrupted: Perch ends when it has"})
	case r.state.Stage == experiment.RollingBack && r.stops == 1:
		r.emit(experiment.Refused{Command: c, Why: "rolling back: stop again to give up"})
	case r.RollBackOnStop && (r.tried.Known() || r.state.Seen.Split.Candidate() > 0) && r.state.Permits(experiment.Command{Wish: experiment.RollBack}) == nil:
		r.obey(ctx, experiment.Command{Wish: experiment.RollBack, By: c.By})
	default:
		r.emit(experiment.Obeyed{Command: c})
		r.close(ctx, experiment.OutcomeStopped, "stopped by "+c.By)
	}
}
