package experiment

import (
	"testing"
	"time"
)

// start is when every run of these tests starts.
func start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// tutorial is the experiment of the tutorial: at most 75 %, by at most 20 %, ten iterations.
func tutorial(tb testing.TB) Spec {
	tb.Helper()
	spec, err := Parse("tutorial.yaml", testdata(tb, "tutorial.yaml"))
	if err != nil {
		tb.Fatal(err)
	}
	return spec
}

// known describes the tutorial's metrics.
func known() []Metric {
	return []Metric{
		{Ref: "iter8-knative/mean-latency", Label: "mean latency", Units: Milliseconds},
		{Ref: "iter8-knative/95th-percentile-tail-latency", Label: "p95 latency", Units: Milliseconds},
		{Ref: "iter8-knative/error-rate", Label: "error rate", Units: Fraction},
	}
}

// weights makes a split that is known to be right.
func weights(tb testing.TB, percent ...int) Split {
	tb.Helper()
	s, err := NewSplit(percent...)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// reading is what one look finds for all metrics of one version: g good, b too slow, - nothing yet,
// x backend down.
func reading(spec Spec, version string, what byte) []Sample {
	var samples []Sample
	for i, o := range spec.Criteria.Objectives {
		s := Sample{Metric: o.Metric, Version: version}
		switch {
		case what == '-':
			s.Missing = NoSeries
		case what == 'x':
			s.Missing, s.Detail = Unreachable, "connection refused"
		case what == 'b' && i == 0:
			s.Value = new(*o.UpperLimit * 2)
		default:
			s.Value = new(*o.UpperLimit / 2)
		}
		samples = append(samples, s)
	}
	return samples
}

// A run is an experiment that goes on as the runner would have it, without time passing.
type run struct {
	state State
	judge Judge
}

// begin starts a run with a split in force.
func begin(spec Spec, split Split) *run {
	r := &run{judge: Iter8}
	r.happens(Started{Judge: "iter8", Spec: spec, Metrics: known()})
	r.happens(Initialized{Traffic: Traffic{Split: split, Settled: true}})
	return r
}

// happens applies one fact.
func (r *run) happens(f Fact) {
	seq := r.state.Seq + 1
	r.state = r.state.Apply(Event{seq, start().Add(time.Duration(seq) * time.Second), f})
}

// look measures, decides and, where the decision says so, shifts.
func (r *run) look(samples ...[]Sample) Decision {
	n := r.state.Iteration + 1
	var all []Sample
	for _, s := range samples {
		all = append(all, s...)
	}
	r.happens(Measured{Iteration: n, Samples: all, Traffic: new(r.state.Seen)})
	d := Decide(r.state, r.judge)
	r.happens(Decided{n, d})
	if d.Split.Known() && !d.Split.Equal(r.state.Seen.Split) {
		r.happens(Shifted{From: r.state.Seen.Split, Asked: d.Split, Traffic: Traffic{Split: d.Split, Settled: true}})
	}
	return d
}

// see looks at the tutorial's two versions, one letter each.
func (r *run) see(letters string) Decision {
	spec := r.state.Spec()
	return r.look(reading(spec, spec.Baseline().Name, letters[0]), reading(spec, spec.Candidate().Name, letters[1]))
}
