package runner

import (
	"cmp"
	"context"
	"slices"
	"time"

	"perch/experiment"
)

// weighs tells whether the run's judge needs counts.
func (r *Runner) weighs() bool { return r.Counter != nil && r.state.Weighing != nil }

// usualLook is how often counts are taken where nobody knows yet how far apart scrapes are.
const usualLook = 5 * time.Second

// lookEvery is how long to wait between two counts: as long as the scrapes are apart, unless the
// user says otherwise, and an iteration's interval at most.
func (r *Runner) lookEvery(ctx context.Context, spec experiment.Spec) time.Duration {
	every := r.LookEvery
	if every <= 0 {
		every = cmp.Or(r.Counter.Cadence(ctx, spec), usualLook)
	}
	return min(every, spec.Duration.Interval())
}

// beginCounting adds to the start what the judge has to know of the time before it.
func (r *Runner) beginCounting(ctx context.Context, spec experiment.Spec, found *experiment.Initialized) {
	if r.Counter == nil {
		return
	}
	spec = spec.With(found.Variables)
	found.LookSeconds = r.lookEvery(ctx, spec).Seconds()
	found.History = r.Counter.History(ctx, spec, time.Now())
}

// span is what has not been counted yet.
func (r *Runner) span(now time.Time) Span {
	return Span{Started: r.state.Since, After: r.state.Weighing.To, Now: now}
}

// nextCount is when to count next, unless the next iteration is nearer: zero then.
func (r *Runner) nextCount(from, nextLook time.Time) time.Time {
	every := r.state.Weighing.State.Plan.Look
	next := from.Add(every)
	if nextLook.Sub(next) < every/2 {
		return time.Time{}
	}
	return next.UTC()
}

// countIfDue counts between two looks, when it is time to and nobody works.
func (r *Runner) countIfDue(ctx context.Context) {
	if !r.countDue || r.worker != nil || !r.looksOn() {
		return
	}
	r.countDue = false
	spec, begin := r.state.Spec(), time.Now()
	span, next := r.span(begin), r.nextCount(begin, r.state.Next)
	r.scheduleCount(next)
	r.work(ctx, lookTimeout, func(ctx context.Context) func() {
		tallies := r.Counter.Count(ctx, spec, span)
		fact := experiment.Counted{Tallies: tallies, TookMS: time.Since(begin).Milliseconds(), Next: next}
		return func() { r.counted(ctx, fact) }
	})
}

// counted acts on what the counts prove. Counts that say nothing are no event: the next look tells
// why, if it finds the same.
func (r *Runner) counted(ctx context.Context, fact experiment.Counted) {
	if !slices.ContainsFunc(fact.Tallies, func(t experiment.Tally) bool { return t.Missing == "" }) {
		return
	}
	r.emit(fact)
	d, ok := experiment.Glance(r.state, r.Judge)
	if !ok || d.Kind != experiment.RollBackNow && r.tried.Known() {
		return // the split is not known: less than was seen may be more than there is
	}
	r.emit(experiment.Decided{Iteration: r.state.Iteration, Decision: d})
	r.act(ctx, d)
}

func (r *Runner) scheduleCount(at time.Time) {
	if at.IsZero() {
		r.count.Stop()
		return
	}
	r.count.Reset(time.Until(at))
}
