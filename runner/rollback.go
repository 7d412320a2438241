package runner

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"perch/experiment"
)

// The waits between attempts to roll back: doubled from the first to the last.
const (
	rollBackFirstWait = 500 * time.Millisecond
	rollBackLastWait  = 15 * time.Second
)

// rollBack sends all traffic to the baseline, and again until the router says that it is there.
// Then the finish actions are carried out with the baseline's variables.
func (r *Runner) rollBack(ctx context.Context, reason string) {
	r.tryRollBack(ctx, reason, 0)
}

func (r *Runner) tryRollBack(ctx context.Context, reason string, wait time.Duration) {
	spec, from, begin := r.state.Spec(), r.state.Seen.Split, time.Now()
	r.work(ctx, wait+rollBackTimeout, func(ctx context.Context) func() {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
		saved := r.saveBeside(ctx)
		traffic, err := r.Traffic.Shift(ctx, spec, experiment.Split{}, experiment.BaselineOnly(len(spec.Versions)))
		if err == nil {
			<-saved
		}
		took := time.Since(begin).Milliseconds()
		return func() {
			if err != nil {
				r.trouble("roll back", experiment.WithHint(fmt.Errorf("NOT ROLLED BACK YET: %w", err), rollBackHint(err)))
				r.tryRollBack(ctx, reason, min(max(2*wait, rollBackFirstWait), rollBackLastWait))
				return
			}
			r.emit(experiment.RolledBack{From: from, Reason: reason, Traffic: traffic, TookMS: took})
			r.restoreBaseline(ctx)
		}
	})
}

// saveBeside saves the checkpoint while traffic moves: a roll back does not wait for that, but a run
// that goes on from another machine should know that it was to roll back. The channel is closed when
// it is saved, or after lastTimeout.
func (r *Runner) saveBeside(ctx context.Context) <-chan struct{} {
	saved := make(chan struct{})
	ctx, cancel := context.WithTimeout(ctx, lastTimeout)
	r.workers.Go(func() {
		defer close(saved)
		defer cancel()
		if err := r.saver.flush(ctx); err != nil {
			slog.Warn("checkpoint of a roll back", "error", err.Error())
		}
	})
	return saved
}

func rollBackHint(err error) string {
	hint := "Perch goes on trying; stopping twice gives up"
	if h := experiment.HintOf(err); h != "" {
		return h + "; " + hint
	}
	return hint
}

// restoreBaseline brings the release in line with the traffic: the finish actions, for the baseline.
func (r *Runner) restoreBaseline(ctx context.Context) {
	if len(r.state.Spec().Finish) == 0 {
		r.end(r.state.Heading, r.rollBackReason())
		return
	}
	r.promote(ctx, r.state.Spec().Baseline().Name, experiment.Plan{})
}

// rollBackReason says why the baseline serves again.
func (r *Runner) rollBackReason() string {
	baseline := r.state.Spec().Baseline().Name
	if look, ok := r.state.Latest(); ok && r.state.Heading == experiment.OutcomeBaselineKept {
		_, why, _ := strings.Cut(look.Decision.Reason, ": ")
		return why
	}
	return baseline + " serves everything again"
}
