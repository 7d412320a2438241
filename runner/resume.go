package runner

import (
	"context"
	"fmt"
	"time"

	"perch/experiment"
)

// resume goes on where an earlier run was cut short. What happened to the cluster since is read
// from the cluster: the next look reads the split, and Helm's history says how far a promotion came.
// A run whose end was recorded, and not told any more, ends the same way once more.
func (r *Runner) resume(ctx context.Context) {
	r.emit(*r.Resumed)
	if b := r.Resumed.Before; b != nil && b.Ended != nil && b.Ended.Outcome.Final() {
		r.emit(*b.Ended)
		return
	}
	switch r.state.Stage {
	case experiment.Running:
		r.lookDue = true // and the schedule begins anew with it
	case experiment.RollingBack:
		r.rollBack(ctx, "resumed")
	case experiment.Finishing:
		r.resumePromotion(ctx)
	case experiment.Idle, experiment.Initializing, experiment.Awaiting, experiment.Completed:
		r.initialize(ctx)
	}
}

// resumePromotion finds out how far the finish actions came.
func (r *Runner) resumePromotion(ctx context.Context) {
	spec, version := r.state.Spec(), r.state.Finish.Version
	if r.state.Finish.Done {
		if !r.undo(ctx, version) {
			r.close(ctx, r.state.Heading, r.promotedReason(version))
		}
		return
	}
	r.work(ctx, planTimeout, func(ctx context.Context) func() {
		progress, err := r.Promoter.Progress(ctx, spec, version)
		return func() {
			if err != nil {
				r.promotionFailed(ctx, version, experiment.Plan{}, fmt.Errorf("find out how far the promotion of %s came: %w", version, err))
				return
			}
			r.goOn(ctx, version, progress)
		}
	})
}

// goOn: what is done is not done twice, what was cut short is done again (Helm's upgrades may be),
// and a promotion that has not begun waits for a new look and a new answer.
func (r *Runner) goOn(ctx context.Context, version string, p experiment.Progress) {
	switch {
	case p == experiment.Done:
		r.await(ctx, version)
	case p == experiment.NotBegun && r.undo(ctx, version):
	case p == experiment.NotBegun && r.state.Heading == experiment.OutcomePromoted:
		r.emit(experiment.Withdrawn{Version: version})
		r.lookDue = true
		if r.stops > 0 {
			r.close(ctx, experiment.OutcomeStopped, "stopped before the promotion of "+version+" had begun")
		}
	default:
		r.promote(ctx, version, experiment.Plan{})
	}
}

// await waits until the router follows a promotion that was done before the run was cut short.
func (r *Runner) await(ctx context.Context, version string) {
	spec, begin := r.state.Spec(), time.Now()
	r.work(ctx, awaitTimeout, func(ctx context.Context) func() {
		traffic, err := r.Traffic.Await(ctx, spec, version)
		return func() {
			if err != nil {
				r.promotionFailed(ctx, version, experiment.Plan{}, err)
				return
			}
			r.emit(experiment.Promoted{
				Version: version, Details: "done before the run was cut short", Traffic: traffic, TookMS: time.Since(begin).Milliseconds(),
			})
			r.promoted(ctx, version)
		}
	})
}
