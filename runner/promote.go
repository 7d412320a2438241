package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"perch/experiment"
)

// plan finds out what promoting the winner would do, and then asks for approval or does without.
func (r *Runner) plan(ctx context.Context, version string) {
	if r.Approval == Never {
		r.close(ctx, experiment.OutcomeStopped, version+" wins, but nothing is promoted without approval (--approve=never)")
		return
	}
	spec := r.state.Spec()
	r.work(ctx, planTimeout, func(ctx context.Context) func() {
		plan, err := r.Promoter.Plan(ctx, spec, version)
		return func() {
			if err != nil {
				r.promotionFailed(ctx, version, plan, fmt.Errorf("plan the promotion of %s: %w", version, err))
				return
			}
			r.ask(ctx, version, plan)
		}
	})
	r.rising = true
}

func (r *Runner) ask(ctx context.Context, version string, plan experiment.Plan) {
	pro, con := r.state.Case()
	r.emit(experiment.Asked{Question: experiment.ToPromote, Version: version, Plan: plan, For: pro, Against: con})
	switch {
	case r.Approval == Always:
		r.obey(ctx, experiment.Command{Wish: experiment.Approve, By: "--approve=always", Answers: r.state.Seq})
	case !r.attended():
		r.abandoned(ctx)
	}
}

// abandoned ends a run whose open question nobody will answer any more.
func (r *Runner) abandoned(ctx context.Context) {
	if r.state.Asked != nil && !r.attended() && !r.closing && !r.freeing {
		r.close(ctx, experiment.OutcomeStopped, "nobody is there to answer; the weights stay as they are")
	}
}

// promote carries out the finish actions for a version and waits until the router follows. It is
// not interrupted: Helm would mark a cancelled upgrade failed with the cluster half changed.
func (r *Runner) promote(ctx context.Context, version string, plan experiment.Plan) {
	spec, begin := r.state.Spec(), time.Now()
	r.emit(experiment.Promoting{Version: version, Plan: plan})
	r.work(ctx, promoteTimeout(spec), func(ctx context.Context) func() {
		err := r.saver.flush(ctx) // a run that is killed from here on must know that this has begun
		var details string
		if err == nil {
			details, err = r.Promoter.Promote(ctx, spec, version)
		}
		if err != nil {
			return func() { r.promotionFailed(ctx, version, plan, err) }
		}
		await, cancel := context.WithTimeout(ctx, awaitTimeout)
		defer cancel()
		traffic, err := r.Traffic.Await(await, spec, version)
		took := time.Since(begin).Milliseconds()
		return func() {
			if err != nil {
				r.promotionFailed(ctx, version, plan, err)
				return
			}
			r.emit(experiment.Promoted{Version: version, Details: details, Traffic: traffic, TookMS: took})
			r.promoted(ctx, version)
		}
	})
}

// promoted ends the run, unless somebody has wanted to roll back meanwhile.
func (r *Runner) promoted(ctx context.Context, version string) {
	if r.undo(ctx, version) {
		return
	}
	r.end(r.state.Heading, r.promotedReason(version))
}

// undo rolls back when a person has wanted to while the finish actions ran.
func (r *Runner) undo(ctx context.Context, version string) bool {
	if !r.state.Finish.Undo {
		return false
	}
	r.emit(experiment.Reversed{Version: version})
	r.rollBack(ctx, "asked for while "+version+" was promoted")
	return true
}

func (r *Runner) promotedReason(version string) string {
	if r.state.Heading == experiment.OutcomePromoted {
		return version + " is promoted"
	}
	return r.rollBackReason()
}

// promoteTimeout is generous beyond Helm's own: it only keeps a hung server from hanging Perch.
func promoteTimeout(spec experiment.Spec) time.Duration {
	total := awaitTimeout + time.Minute
	for _, t := range spec.Finish {
		if u, err := t.Helm(spec.Baseline()); err == nil {
			total += 2 * u.Timeout
		}
	}
	return total
}

// promotionFailed moves no traffic: the weights stay, and a person says whether to try again. An
// upgrade may have moved some before it failed, so a run that ends with it looks once more.
func (r *Runner) promotionFailed(ctx context.Context, version string, plan experiment.Plan, err error) {
	r.trouble("promote", err)
	locked := errors.Is(err, experiment.ErrReleaseLocked)
	switch {
	case r.undo(ctx, version):
	case locked && r.RecoverHelm && !r.freed:
		r.freed = true
		r.recover(ctx, version, plan)
	case !r.attended() || r.stops > 0:
		r.close(ctx, experiment.OutcomePromotionFailed, err.Error())
	default:
		r.emit(experiment.Asked{
			Question: experiment.ToRetry, Version: version, Plan: plan, Against: []string{err.Error()}, Locked: locked,
		})
	}
}

// retry begins again with what has failed, which may be the plan.
func (r *Runner) retry(ctx context.Context, version string, plan experiment.Plan) {
	if r.state.Heading == "" {
		r.plan(ctx, version)
		return
	}
	r.promote(ctx, version, plan)
}

// recover frees a locked release and tries again. It is not interrupted: what people want meanwhile
// is done when it has ended.
func (r *Runner) recover(ctx context.Context, version string, plan experiment.Plan) {
	spec := r.state.Spec()
	r.work(ctx, recoverTimeout, func(ctx context.Context) func() {
		said, err := r.Promoter.Recover(ctx, spec, version)
		return func() {
			r.freeing = false
			if err == nil {
				r.emit(experiment.Recovered{Details: said})
			}
			switch {
			case r.state.Stage == experiment.RollingBack:
				r.rollBack(ctx, "asked for while the release was freed")
			case err != nil:
				r.promotionFailed(ctx, version, plan, fmt.Errorf("recover the release: %w", err))
			case r.undo(ctx, version):
			case r.stops > 0:
				r.close(ctx, experiment.OutcomeStopped, "stopped while the release was freed")
			default:
				r.retry(ctx, version, plan)
			}
		}
	})
	r.freeing = true
}
