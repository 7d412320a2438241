package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"perch/experiment"
)

// lookIfDue measures when it is time to and nobody works. While iterations run, and while a person
// is asked whether to promote or how to decide, looking goes on; after a failed promotion the
// cluster is in nobody's design, so there is nothing to judge.
func (r *Runner) lookIfDue(ctx context.Context) {
	if !r.lookDue || r.worker != nil {
		return
	}
	switch r.state.Stage {
	case experiment.Running:
	case experiment.Awaiting:
		if r.state.Asked.Fact.Question == experiment.ToRetry {
			return
		}
	case experiment.Idle, experiment.Initializing, experiment.RollingBack, experiment.Finishing, experiment.Completed:
		return
	}
	r.lookDue = false
	r.measure(ctx)
}

// measure asks the metrics and the cluster at the same time.
func (r *Runner) measure(ctx context.Context) {
	spec, since, begin := r.state.Spec(), r.state.Since, time.Now()
	next := r.schedule(begin)
	r.work(ctx, lookTimeout, func(ctx context.Context) func() {
		var wg sync.WaitGroup
		var traffic experiment.Traffic
		var err error
		wg.Go(func() { traffic, err = r.Traffic.Observe(ctx, spec) })
		samples := r.Metrics.Measure(ctx, spec, since, begin)
		wg.Wait()
		fact := experiment.Measured{Samples: samples, TookMS: time.Since(begin).Milliseconds(), Next: next}
		if err == nil {
			fact.Traffic = &traffic
		}
		return func() { r.measured(ctx, fact, err) }
	})
}

func (r *Runner) measured(ctx context.Context, fact experiment.Measured, observed error) {
	total := r.state.Spec().Duration.Iterations()
	fact.Iteration = min(r.state.Iteration+1, total)
	counts := r.state.Stage == experiment.Running && r.state.Held == nil
	before := r.state.Seen
	r.emit(fact)
	if observed != nil {
		r.trouble("observe", observed)
	}
	r.tellMetricsTrouble(fact.Samples)
	if r.state.Drift() && !before.Split.Equal(r.state.Seen.Split) {
		r.emit(experiment.Drifted{Asked: r.state.Wanted, Traffic: r.state.Seen})
	}
	d := experiment.Decide(r.state, r.Judge)
	iteration := r.state.Iteration
	if counts {
		iteration = fact.Iteration
	}
	r.emit(experiment.Decided{Iteration: iteration, Decision: d})
	r.act(ctx, d)
}

// tellMetricsTrouble tells that the backend itself is in trouble; a version without requests is
// none.
func (r *Runner) tellMetricsTrouble(samples []experiment.Sample) {
	for _, s := range samples {
		switch s.Missing {
		case experiment.Unreachable, experiment.Rejected, experiment.Ambiguous, experiment.NotANumber:
			err := fmt.Errorf("no %s of %s: %s", s.Metric, s.Version, s.Why())
			r.trouble("measure", experiment.WithHint(err, "Perch holds the weights and asks again; r rolls back"))
			return
		case experiment.Unmeasured, experiment.NoRequests, experiment.NoSeries, experiment.Stale:
		}
	}
}

// act does what a decision says.
func (r *Runner) act(ctx context.Context, d experiment.Decision) {
	switch d.Kind {
	case experiment.Explore, experiment.Advance, experiment.Withdraw:
		r.shift(ctx, d.Split, func() {})
	case experiment.AskToPromote:
		if r.state.Asked != nil {
			return
		}
		if d.Split.Equal(r.state.Seen.Split) {
			r.plan(ctx, d.Winner)
			return
		}
		r.shift(ctx, d.Split, func() { r.plan(ctx, d.Winner) })
	case experiment.KeepBaseline, experiment.RollBackNow:
		r.rollBack(ctx, d.Reason)
	case experiment.EndsUndecidedly:
		r.undecided(d)
	case experiment.Stay, experiment.HoldWeights:
	}
}

// undecided asks a person what to make of evidence that does not suffice, if there is a person.
func (r *Runner) undecided(d experiment.Decision) {
	if !r.attended() {
		r.end(experiment.OutcomeUndecided, d.Reason)
		return
	}
	if r.state.Asked == nil {
		pro, con := r.state.Case()
		r.emit(experiment.Asked{Question: experiment.ToDecide, For: pro, Against: con})
	}
}

// shift moves traffic and then does what comes next. A shift that fails leaves it to the next look
// to try again.
func (r *Runner) shift(ctx context.Context, to experiment.Split, next func()) {
	spec, from, begin := r.state.Spec(), r.state.Seen.Split, time.Now()
	r.work(ctx, shiftTimeout, func(ctx context.Context) func() {
		traffic, err := r.Traffic.Shift(ctx, spec, to)
		took := time.Since(begin).Milliseconds()
		return func() {
			if err != nil {
				r.trouble("shift", deadline(err, "the traffic to move", shiftTimeout))
				return
			}
			r.emit(experiment.Shifted{From: from, Asked: to, Traffic: traffic, TookMS: took})
			next()
		}
	})
}

// deadline says what was waited for when an error is the end of a wait.
func deadline(err error, what string, timeout time.Duration) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("waited %s for %s: %w", timeout, what, err)
	}
	return err
}
