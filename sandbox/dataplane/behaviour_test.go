package dataplane

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"
)

// shares are what many answers of one behaviour come to.
type shares struct {
	mean, tail   time.Duration // tail is the 95th percentile
	slow, errors float64       // shares over 100 ms, and of 5xx
}

func observe(b Behaviour, age time.Duration) shares {
	const draws = 20000
	random := rand.New(rand.NewPCG(1, 2))
	var latencies []time.Duration
	var sum time.Duration
	var slow, failed int
	for range draws {
		answer := b.Answer(age, random)
		latencies = append(latencies, answer.Latency)
		sum += answer.Latency
		if answer.Latency > 100*time.Millisecond {
			slow++
		}
		if answer.Status >= http.StatusInternalServerError {
			failed++
		}
	}
	slices.Sort(latencies)
	return shares{
		mean:   sum / draws,
		tail:   latencies[draws*95/100],
		slow:   float64(slow) / draws,
		errors: float64(failed) / draws,
	}
}

func TestBehaviourOfTags(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	tests := []struct {
		image            string
		age              time.Duration
		meanMin, meanMax time.Duration
		tailMin, tailMax time.Duration
		slow, errors     float64 // within one percent point
	}{
		{"gcr.io/knative-samples/knative-route-demo:blue", 0, 9 * ms, 11 * ms, 20 * ms, 30 * ms, 0, 0},
		{"gcr.io/knative-samples/knative-route-demo:green", 0, 9 * ms, 11 * ms, 20 * ms, 30 * ms, 0, 0},
		{"localhost:5000/demo", 0, 9 * ms, 11 * ms, 20 * ms, 30 * ms, 0, 0},
		{"demo:unheard-of", 0, 9 * ms, 11 * ms, 20 * ms, 30 * ms, 0, 0},
		{"demo:green-slow", 0, 30 * ms, 45 * ms, 120 * ms, 160 * ms, 0.20, 0},
		{"demo:green-slow@sha256:0123", 0, 30 * ms, 45 * ms, 120 * ms, 160 * ms, 0.20, 0},
		{"demo:green-errors", 0, 9 * ms, 11 * ms, 20 * ms, 30 * ms, 0, 0.05},
		{"demo:green-leak", 0, 9 * ms, 11 * ms, 20 * ms, 30 * ms, 0, 0.02},
		{"demo:green-broken", 0, 9 * ms, 11 * ms, 20 * ms, 30 * ms, 0, 0.50},
		{"demo:green-coldstart", 29 * time.Second, 250 * ms, 270 * ms, 260 * ms, 300 * ms, 1, 0.04},
		{"demo:green-coldstart", 30 * time.Second, 9 * ms, 11 * ms, 20 * ms, 30 * ms, 0, 0},
		{"demo:green-ramp", 0, 9 * ms, 11 * ms, 20 * ms, 30 * ms, 0, 0},
		{"demo:green-ramp", 150 * time.Second, 30 * ms, 40 * ms, 100 * ms, 140 * ms, 0.25, 0.075},
		{"demo:green-ramp", 10 * time.Minute, 100 * ms, 120 * ms, 200 * ms, 250 * ms, 0.50, 0.15},
	}
	for _, test := range tests {
		t.Run(test.image+" after "+test.age.String(), func(t *testing.T) {
			t.Parallel()
			got := observe(BehaviourOf(test.image), test.age)
			if got.mean < test.meanMin || got.mean > test.meanMax {
				t.Errorf("mean latency is %s, want %s to %s", got.mean, test.meanMin, test.meanMax)
			}
			if got.tail < test.tailMin || got.tail > test.tailMax {
				t.Errorf("95th percentile is %s, want %s to %s", got.tail, test.tailMin, test.tailMax)
			}
			if got.slow < test.slow-0.01 || got.slow > test.slow+0.01 {
				t.Errorf("share over 100 ms is %.3f, want %.3f", got.slow, test.slow)
			}
			if got.errors < test.errors-0.01 || got.errors > test.errors+0.01 {
				t.Errorf("share of errors is %.3f, want %.3f", got.errors, test.errors)
			}
		})
	}
}
