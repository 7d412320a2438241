package runner

import (
	"context"
	"fmt"
	"time"

	"perch/experiment"
)

// plan finds out what promoting the winner would do, and then asks for approval or does without.
func (r *Runner) plan(ctx context.Context, version string) {
	if r.Approval == Never {
		r.end(experiment.OutcomeStopped, version+" wins, but nothing is promoted without approval (--approve=never)")
		return
	}
	spec := r.state.Spec()
	r.work(ctx, planTimeout, func(ctx context.Context) func() {
		plan, err := r.Promoter.Plan(ctx, spec, version)
		return func() {
			if err != nil {
				r.promotionFailed(version, plan, fmt.Errorf("plan the promotion of %s: %w", version, err))
				return
			}
			r.ask(ctx, version, plan)
		}
	})
}

func (r *Runner) ask(ctx context.Context, version string, plan experiment.Plan) {
	pro, con := r.state.Case()
	r.emit(experiment.Asked{Question: experiment.ToPromote, Version: version, Plan: plan, For: pro, Against: con})
	switch {
	case r.Approval == Always:
		r.obey(ctx, experiment.Command{Wish: experiment.Approve, By: "--approve=always", Answers: r.state.Seq})
	case !r.attended():
		r.abandoned()
	}
}

// abandoned ends a run whose open question nobody will answer any more.
func (r *Runner) abandoned() {
	if r.state.Asked != nil && !r.attended() {
		r.end(experiment.OutcomeStopped, "nobody is there to answer; the weights stay as they are")
	}
}

// promote carries out the finish actions for a version and waits until the router follows. It is
// not interrupted: Helm would mark a cancelled upgrade failed with the cluster half changed.
func (r *Runner) promote(ctx context.Context, version string, plan experiment.Plan) {
	spec, begin := r.state.Spec(), time.Now()
	r.emit(experiment.Promoting{Version: version, Plan: plan})
	r.work(ctx, promoteTimeout(spec), func(ctx context.Context) func() {
		details, err := r.Promoter.Promote(ctx, spec, version)
		if err != nil {
			return func() { r.promotionFailed(version, plan, err) }
		}
		await, cancel := context.WithTimeout(ctx, awaitTimeout)
		defer cancel()
		traffic, err := r.Traffic.Await(await, spec, version)
		took := time.Since(begin).Milliseconds()
		return func() {
			if err != nil {
				r.promotionFailed(version, plan, err)
				return
			}
			r.emit(experiment.Promoted{Version: version, Details: details, Traffic: traffic, TookMS: took})
			r.end(r.state.Heading, r.promotedReason(version))
		}
	})
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

// promotionFailed moves no traffic: the weights stay, and a person says whether to try again.
func (r *Runner) promotionFailed(version string, plan experiment.Plan, err error) {
	r.trouble("promote", err)
	if !r.attended() || r.stops > 0 {
		r.end(experiment.OutcomePromotionFailed, err.Error())
		return
	}
	r.emit(experiment.Asked{Question: experiment.ToRetry, Version: version, Plan: plan, Against: []string{err.Error()}})
}
