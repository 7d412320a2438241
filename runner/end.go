package runner

import (
	"context"

	"perch/experiment"
)

// close reads the split once more and ends the run, so that the last line tells it as it is. Whoever
// works is cancelled. Where nothing was ever seen there is nothing to tell.
func (r *Runner) close(ctx context.Context, o experiment.Outcome, reason string) {
	spec := r.state.Spec()
	if !r.state.Seen.Split.Known() {
		r.end(o, reason)
		return
	}
	r.work(ctx, observeTimeout, func(ctx context.Context) func() {
		traffic, err := r.Traffic.Observe(ctx, spec)
		return func() {
			if err != nil {
				r.trouble("observe", err)
				r.endAsLastSeen(o, reason+"; the split is as last seen, the cluster did not answer")
				return
			}
			r.endWith(experiment.Ended{Outcome: o, Reason: reason, Traffic: &traffic})
		}
	})
	r.closing = true
}

// end ends the run with the traffic as it was seen a moment ago.
func (r *Runner) end(o experiment.Outcome, reason string) {
	r.endWith(experiment.Ended{Outcome: o, Reason: reason, Traffic: r.seen()})
}

// endAsLastSeen ends the run where nobody can say how the traffic is now.
func (r *Runner) endAsLastSeen(o experiment.Outcome, reason string) {
	seen := r.seen()
	r.endWith(experiment.Ended{Outcome: o, Reason: reason, Traffic: seen, LastSeen: seen != nil})
}

// seen is the traffic as it was last reported; nil: never.
func (r *Runner) seen() *experiment.Traffic {
	if !r.state.Seen.Split.Known() {
		return nil
	}
	traffic := r.state.Seen
	return &traffic
}

func (r *Runner) endWith(ended experiment.Ended) {
	switch ended.Outcome {
	case experiment.OutcomePromoted:
		ended.Version = r.state.Spec().Candidate().Name
	case experiment.OutcomeBaselineKept, experiment.OutcomeRolledBack:
		ended.Version = r.state.Spec().Baseline().Name
	case experiment.OutcomeUndecided, experiment.OutcomeStopped, experiment.OutcomePromotionFailed,
		experiment.OutcomeFailed, experiment.OutcomeTakenOver:
	}
	r.emit(ended)
}
