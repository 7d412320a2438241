package runner

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"perch/experiment"
)

// A fakeCluster is metrics, traffic, promoter and recorder of a test. Its behaviours are functions
// that a test replaces; the zero ones do what a healthy cluster does at once.
type fakeCluster struct {
	mu      sync.Mutex
	split   experiment.Split
	begin   experiment.Split // unknown: everything to the baseline
	shifts  []string         // every split that was served, in order
	value   func(look int, metric, version string) experiment.Sample
	shift   func(ctx context.Context, to experiment.Split) error
	observe func(ctx context.Context) (experiment.Traffic, error)
	promote func(ctx context.Context, version string) error
	plan    func() error
	record  func(e experiment.Event) error
	looks   int
	ping    error

	saved    *experiment.State // the checkpoint
	progress experiment.Progress
	recover  func() error
}

func good(metric, version string) experiment.Sample {
	v := 0.001
	return experiment.Sample{Metric: metric, Version: version, Value: &v}
}

func missing(metric, version string, why experiment.Missing) experiment.Sample {
	return experiment.Sample{Metric: metric, Version: version, Missing: why}
}

func bad(metric, version string) experiment.Sample {
	v := 1e6
	return experiment.Sample{Metric: metric, Version: version, Value: &v}
}

func (f *fakeCluster) Ping(context.Context) error { return f.ping }

// Measure: versions without traffic have no data, unless the test says otherwise.
func (f *fakeCluster) Measure(ctx context.Context, spec experiment.Spec, _, _ time.Time) []experiment.Sample {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looks++
	var samples []experiment.Sample
	for _, o := range spec.Criteria.Objectives {
		for i, v := range spec.Versions {
			switch {
			case ctx.Err() != nil:
				samples = append(samples, missing(o.Metric, v.Name, experiment.Unreachable))
			case f.split.Of(i) == 0:
				samples = append(samples, missing(o.Metric, v.Name, experiment.NoRequests))
			case f.value != nil:
				samples = append(samples, f.value(f.looks, o.Metric, v.Name))
			default:
				samples = append(samples, good(o.Metric, v.Name))
			}
		}
	}
	return samples
}

func (f *fakeCluster) Initialize(_ context.Context, spec experiment.Spec, note func(experiment.Waiting)) (experiment.Initialized, error) {
	note(experiment.Waiting{For: "service " + spec.Target.String()})
	if f.split = f.begin; !f.split.Known() {
		f.split = experiment.BaselineOnly(len(spec.Versions))
	}
	return experiment.Initialized{Traffic: f.traffic()}, nil
}

func (f *fakeCluster) traffic() experiment.Traffic {
	return experiment.Traffic{Split: f.split, Settled: true}
}

func (f *fakeCluster) Observe(ctx context.Context, _ experiment.Spec) (experiment.Traffic, error) {
	if f.observe != nil {
		return f.observe(ctx)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.traffic(), nil
}

func (f *fakeCluster) Shift(ctx context.Context, _ experiment.Spec, _, to experiment.Split) (experiment.Traffic, error) {
	if f.shift != nil {
		if err := f.shift(ctx, to); err != nil {
			return experiment.Traffic{}, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.split = to
	f.shifts = append(f.shifts, to.String())
	return f.traffic(), nil
}

func (f *fakeCluster) Await(_ context.Context, spec experiment.Spec, version string) (experiment.Traffic, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	percent := []int{0, 100}
	if version == spec.Baseline().Name {
		percent = []int{100, 0}
	}
	var err error
	f.split, err = experiment.NewSplit(percent...)
	return f.traffic(), err
}

func (f *fakeCluster) Plan(_ context.Context, _ experiment.Spec, version string) (experiment.Plan, error) {
	if f.plan != nil {
		if err := f.plan(); err != nil {
			return experiment.Plan{}, err
		}
	}
	return experiment.Plan{Version: version, Upgrades: []experiment.Upgrade{{Release: "sample-app", From: 2, To: 3}}}, nil
}

func (f *fakeCluster) Promote(ctx context.Context, _ experiment.Spec, version string) (string, error) {
	if f.promote != nil {
		if err := f.promote(ctx, version); err != nil {
			return "", err
		}
	}
	return "release sample-app, revision 3, for " + version, nil
}

func (f *fakeCluster) Progress(context.Context, experiment.Spec, string) (experiment.Progress, error) {
	return cmp.Or(f.progress, experiment.NotBegun), nil
}

func (f *fakeCluster) Recover(context.Context, experiment.Spec, string) (string, error) {
	if f.recover != nil {
		return "", f.recover()
	}
	return "release sample-app, rolled back to revision 2", nil
}

func (f *fakeCluster) Save(_ context.Context, s experiment.State) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.saved = &s
	return nil
}

func (f *fakeCluster) Record(e experiment.Event) error {
	if f.record != nil {
		return f.record(e)
	}
	return nil
}

// The errors of every fake.
var (
	errDown  = errors.New("connection refused")
	errDrift = errors.New("the traffic was changed meanwhile by kubectl")
)

// wait lets time pass; false when ctx ends before.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// TestMain drops what is logged: it is said by events as well, thousands of times.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	m.Run()
}
