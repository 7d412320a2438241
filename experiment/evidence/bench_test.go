package evidence

import (
	"testing"
	"time"
)

// midway is a run of three objectives in which a suspicion is alive, and the interval that is next.
func midway(tb testing.TB) (State, Interval) {
	tb.Helper()
	w := release(50, failing(.012))
	s, rng := w.begin()
	for at := w.plan.Look; at <= 200*time.Second; at += w.plan.Look {
		i := w.interval(rng, at-w.plan.Look, at, s.Call().Weight)
		i.Rise = true
		s = s.Step(i)
	}
	return s, w.interval(rng, s.Now, s.Now+w.plan.Look, s.Call().Weight)
}

// BenchmarkStepAndCall is the judge's time for one look.
func BenchmarkStepAndCall(b *testing.B) {
	s, i := midway(b)
	b.ReportAllocs()
	for b.Loop() {
		s.Step(i).Call()
	}
}

// BenchmarkWritten is the time to write a state, and its size.
func BenchmarkWritten(b *testing.B) {
	s, i := midway(b)
	s = s.Step(i)
	for b.Loop() {
		written(b, s)
	}
	b.ReportMetric(float64(len(written(b, s))), "bytes")
}
