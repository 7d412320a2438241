package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"perch/experiment"
)

// lookIfDue measures when it is time to and nobody works. While iterations run, and while a person
// is asked whether to promote or how to decide, looking goes on; after a failed promotion the
// cluster is in nobody's design, so there is nothing to judge.
func (r *Runner) lookIfDue(ctx context.Context) {
	if !r.lookDue || r.worker != nil || !r.looksOn() {
		return
	}
	r.lookDue, r.countDue = false, false
	r.measure(ctx)
}

// looksOn tells whether the run is in a stage in which there is something to judge.
func (r *Runner) looksOn() bool {
	switch r.state.Stage {
	case experiment.Running:
		return true
	case experiment.Awaiting:
		return r.state.Asked.Fact.Question != experiment.ToRetry
	case experiment.Idle, experiment.Initializing, experiment.RollingBack, experiment.Finishing, experiment.Completed:
	}
	return false
}

// measure asks the metrics and the cluster at the same time.
func (r *Runner) measure(ctx context.Context) {
	spec, since, begin := r.state.Spec(), r.state.Since, time.Now()
	next := r.schedule(begin)
	var counted *experiment.Counted
	var span Span
	if r.weighs() {
		counted = &experiment.Counted{Rise: true, Next: r.nextCount(begin, next)}
		span = r.span(begin)
		r.scheduleCount(counted.Next)
	}
	r.work(ctx, lookTimeout, func(ctx context.Context) func() {
		var wg sync.WaitGroup
		var traffic experiment.Traffic
		var err error
		wg.Go(func() { traffic, err = r.Traffic.Observe(ctx, spec) })
		if counted != nil {
			wg.Go(func() { counted.Tallies = r.Counter.Count(ctx, spec, span) })
		}
		samples := r.Metrics.Measure(ctx, spec, since, begin)
		wg.Wait()
		fact := experiment.Measured{Samples: samples, TookMS: time.Since(begin).Milliseconds(), Next: next}
		if err == nil {
			fact.Traffic = &traffic
		}
		return func() {
			if counted != nil {
				counted.TookMS = fact.TookMS
				r.emit(*counted)
			}
			r.measured(ctx, fact, err)
		}
	})
}

func (r *Runner) measured(ctx context.Context, fact experiment.Measured, observed error) {
	total := r.state.Iterations()
	fact.Iteration = min(r.state.Iteration+1, total)
	before := r.state.Seen
	r.emit(fact)
	counts := r.state.Stage == experiment.Running && r.state.Held == nil && !r.state.InOutage()
	if observed != nil {
		r.trouble("observe", observed)
	}
	r.tellMetricsTrouble(fact.Samples)
	if observed == nil {
		r.tellDrift(before)
	}
	d := experiment.Decide(r.state, r.Judge)
	iteration := r.state.Iteration
	if counts {
		iteration = fact.Iteration
	}
	r.emit(experiment.Decided{Iteration: iteration, Decision: d})
	r.act(ctx, d)
}

// tellDrift tells that somebody else has changed the traffic since it was seen before. One who takes
// a write back that Perch had not seen through leaves the split as it was, but is the last writer now.
func (r *Runner) tellDrift(before experiment.Traffic) {
	seen, tried := r.state.Seen, r.tried
	r.tried = experiment.Split{}
	same := seen.ChangedBy == before.ChangedBy && seen.ChangedAt.Equal(before.ChangedAt)
	switch {
	case tried.Known() && seen.ChangedBy != "" && !same && !seen.Split.Equal(tried):
		r.emit(experiment.Drifted{Asked: tried, Traffic: seen})
	case r.state.Drift() && !before.Split.Equal(seen.Split):
		r.emit(experiment.Drifted{Asked: r.state.Wanted, Traffic: seen})
	}
}

// tellMetricsTrouble tells that the backend itself is in trouble; a version without requests is
// none.
func (r *Runner) tellMetricsTrouble(samples []experiment.Sample) {
	for _, s := range samples {
		if s.Missing.Outage() {
			err := fmt.Errorf("no %s of %s: %s", s.Metric, s.Version, s.Why())
			r.trouble("measure", experiment.WithHint(err, "Perch holds the weights and asks again; r rolls back"))
			return
		}
	}
}

// act does what a decision says.
func (r *Runner) act(ctx context.Context, d experiment.Decision) {
	switch d.Kind {
	case experiment.Explore, experiment.Advance, experiment.Withdraw, experiment.Repair:
		r.shift(ctx, d.Split, func() {})
	case experiment.AskToPromote:
		if r.state.Asked != nil {
			return
		}
		if d.Split.Equal(r.state.Seen.Split) {
			r.plan(ctx, d.Winner)
			return
		}
		r.shift(ctx, d.Split, func() {
			if r.state.Held == nil { // the next look, else
				r.plan(ctx, d.Winner)
			}
		})
	case experiment.KeepBaseline, experiment.RollBackNow:
		r.rollBack(ctx, d.Reason)
	case experiment.EndsUndecidedly:
		r.undecided(ctx, d)
	case experiment.HoldWeights:
		if r.state.Drift() {
			r.drifted(ctx, d)
		}
	case experiment.Stay:
	}
}

// drifted asks a person whether to go on from somebody else's split. Where nobody can be asked, the
// run ends: two writers on one target are not for Perch to sort out.
func (r *Runner) drifted(ctx context.Context, d experiment.Decision) {
	switch {
	case r.state.Held != nil:
	case !r.attended():
		r.close(ctx, experiment.OutcomeStopped, d.Reason)
	case r.state.Asked == nil:
		r.emit(experiment.Asked{Question: experiment.ToAdopt, Against: []string{d.Reason}})
	}
}

// undecided asks a person what to make of evidence that does not suffice, if there is a person: about
// a candidate whose measured values are within their limits, whether to promote it all the same.
func (r *Runner) undecided(ctx context.Context, d experiment.Decision) {
	switch {
	case !r.attended():
		r.close(ctx, experiment.OutcomeUndecided, strings.TrimPrefix(d.Reason, "undecided: "))
	case r.state.Asked != nil:
	case d.Winner != "":
		r.plan(ctx, d.Winner)
	default:
		pro, con := r.state.Case()
		r.emit(experiment.Asked{Question: experiment.ToDecide, For: pro, Against: con})
	}
}

// shift moves traffic and then does what comes next. A shift that fails leaves it to the next look
// to try again.
func (r *Runner) shift(ctx context.Context, to experiment.Split, next func()) {
	spec, from, begin := r.state.Spec(), r.state.Seen.Split, time.Now()
	r.tried = to
	r.work(ctx, shiftTimeout, func(ctx context.Context) func() {
		var traffic experiment.Traffic
		err := r.saver.flush(ctx)
		if err == nil {
			traffic, err = r.Traffic.Shift(ctx, spec, from, to)
		}
		took := time.Since(begin).Milliseconds()
		return func() {
			if err != nil {
				r.trouble("shift", deadline(err, "the traffic to move", shiftTimeout))
				return
			}
			r.tried = experiment.Split{}
			r.emit(experiment.Shifted{From: from, Asked: to, Traffic: traffic, TookMS: took})
			next()
		}
	})
	r.rising = to.Candidate() > from.Candidate()
}

// deadline says what was waited for when an error is the end of a wait.
func deadline(err error, what string, timeout time.Duration) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("waited %s for %s: %w", timeout, what, err)
	}
	return err
}
