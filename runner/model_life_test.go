package runner

import (
	"context"
	"encoding/json"
	"runtime"
	"sync/atomic"
	"time"

	"perch/experiment"
)

// A life is one process that drives the run: its ports into the world, which have no effect any more
// once it was killed, or once it has lost the lease.
type life struct {
	*world
	runner *Runner
	cancel context.CancelFunc
	send   chan experiment.Command
	lost   chan struct{} // closed by fate
	alone  chan struct{} // closed by fate
	over   chan struct{} // closed when Run has returned

	dead   atomic.Bool
	lostAt atomic.Pointer[time.Time] // nil: it has the lease
	record []experiment.Event
}

// fence is the check of the lease before a write.
func (l *life) fence() error {
	if l.dead.Load() {
		return errDead
	}
	if l.lostAt.Load() != nil {
		return errLost
	}
	return nil
}

// Record keeps an event. A process that was killed does not come so far.
func (l *life) Record(e experiment.Event) error {
	if l.dead.Load() {
		runtime.Goexit()
	}
	l.record = append(l.record, e)
	l.watch.saw(e)
	return nil
}

// Ping answers, mostly.
func (l *life) Ping(ctx context.Context) error { return l.pass(ctx, pinging) }

// Initialize finds the target as it is.
func (l *life) Initialize(
	ctx context.Context, spec experiment.Spec, note func(experiment.Waiting),
) (experiment.Initialized, error) {
	note(experiment.Waiting{For: "service " + spec.Target.String()})
	if err := l.pass(ctx, initializing); err != nil {
		return experiment.Initialized{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	traffic, err := l.traffic()
	return experiment.Initialized{Traffic: traffic}, err
}

// Measure says what the mood is.
func (l *life) Measure(ctx context.Context, spec experiment.Spec, _, _ time.Time) []experiment.Sample {
	c := l.chance(measuring)
	if c.hangs {
		c.before = time.Hour
	}
	samples := []experiment.Sample{}
	if wait(ctx, c.before) && !c.fails {
		return l.look(spec)
	}
	for _, o := range spec.Criteria.Objectives {
		for _, v := range spec.Versions {
			samples = append(samples, missing(o.Metric, v.Name, experiment.Unreachable))
		}
	}
	return samples
}

// Cadence is the plan's.
func (l *life) Cadence(context.Context, experiment.Spec) time.Duration { return l.plan.cadence }

// History knows nothing.
func (l *life) History(context.Context, experiment.Spec, time.Time) []experiment.Tally { return nil }

// Count counts what was scraped.
func (l *life) Count(ctx context.Context, spec experiment.Spec, span Span) []experiment.Tally {
	if err := l.pass(ctx, counting); err != nil {
		return []experiment.Tally{{Family: "f", Version: spec.Baseline().Name, Missing: experiment.Unreachable}}
	}
	return l.scrape(spec, span)
}

// Observe reads the split.
func (l *life) Observe(ctx context.Context, _ experiment.Spec) (experiment.Traffic, error) {
	c := l.chance(observing)
	if c.hangs {
		c.before = time.Hour
	}
	if !wait(ctx, c.before) {
		return experiment.Traffic{}, ctx.Err()
	}
	if c.fails {
		return experiment.Traffic{}, errDown
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.traffic()
}

// Shift writes as kube.Knative does, and waits for the router.
func (l *life) Shift(ctx context.Context, _ experiment.Spec, from, to experiment.Split) (experiment.Traffic, error) {
	l.watch.begins(l, "shift")
	l.watch.shifts(l.world, from, to)
	c := l.chance(shifting)
	if c.hangs {
		c.before = time.Hour
	}
	if !wait(ctx, c.before) {
		if c.lands { // it was on its way
			_, _ = l.write(from, to)
		}
		return experiment.Traffic{}, ctx.Err()
	}
	if c.fails && !c.lands {
		return experiment.Traffic{}, errDown
	}
	writes, err := l.write(from, to)
	switch {
	case err != nil:
		return experiment.Traffic{}, err
	case c.fails:
		return experiment.Traffic{}, errDown
	case !wait(ctx, c.after):
		return experiment.Traffic{}, ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if writes != l.writes {
		return experiment.Traffic{}, errDrift
	}
	return l.traffic()
}

// write writes, unless it is there already, or somebody else has changed the traffic since it was
// decided on. It returns the number of the write.
func (l *life) write(from, to experiment.Split) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.fence(); err != nil {
		return 0, err
	}
	if from.Known() {
		switch {
		case l.stranger:
			return 0, errStranger
		case l.split.Equal(to):
			l.watch.asked = to
			return l.writes, nil
		case l.by != "" && !l.split.Equal(from):
			return 0, errDrift
		}
	}
	l.watch.wrote(l.world, from, to)
	l.serve("", to, l.stranger)
	if l.stranger {
		return 0, errStranger
	}
	return l.writes, nil
}

// Await waits until a version has everything.
func (l *life) Await(ctx context.Context, spec experiment.Spec, version string) (experiment.Traffic, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := l.pass(ctx, awaiting); err != nil {
		return experiment.Traffic{}, err
	}
	for {
		l.mu.Lock()
		traffic, err := l.traffic()
		there := !l.stranger && l.split.Equal(everything(spec, version))
		l.mu.Unlock()
		if there || !wait(ctx, 10*time.Second) {
			if !there && err == nil {
				err = ctx.Err()
			}
			return traffic, err
		}
	}
}

// everything is the split in which one version has it.
func everything(spec experiment.Spec, version string) experiment.Split {
	if version == spec.Baseline().Name {
		return experiment.BaselineOnly(len(spec.Versions))
	}
	split, _ := experiment.NewSplit(0, 100)
	return split
}

// Save keeps the checkpoint. A save that fails may have been one.
func (l *life) Save(ctx context.Context, s experiment.State) error {
	c := l.chance(saving)
	if c.hangs {
		c.before = time.Hour
	}
	if !wait(ctx, c.before) {
		return ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.fence(); err != nil {
		return err
	}
	if !c.fails || c.lands {
		kept := s.Snapshot()
		l.saved = &kept
		l.readable(kept)
	}
	if c.fails {
		return errDown
	}
	return nil
}

// readable: what was kept can be read, now and then.
func (l *life) readable(s experiment.State) {
	if l.plan.seed%8 != 0 {
		return
	}
	data, err := json.Marshal(s)
	if err == nil {
		_, err = experiment.ReadState(data)
	}
	if err != nil {
		l.watch.broken("the checkpoint cannot be read: %v", err)
	}
}
