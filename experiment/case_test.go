package experiment

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCaseBeforeTheFirstLook(t *testing.T) {
	t.Parallel()
	if pro, con := begin(tutorial(t), BaselineOnly(2)).state.Case(); pro != nil || con != nil {
		t.Errorf("want nothing, got %q, %q", pro, con)
	}
}

func TestCase(t *testing.T) {
	t.Parallel()
	r := begin(tutorial(t), BaselineOnly(2))
	for _, letters := range []string{"--", "g-", "gg", "gb", "gg", "g-"} {
		r.see(letters)
	}
	spec := r.state.Spec()
	last := reading(spec, "candidate", 'g')
	last[0].Requests = new(1234.4)
	last[2] = reading(spec, "candidate", 'x')[2]
	r.look(reading(spec, "current", 'g'), last)
	pro, con := r.state.Case()
	if diff := cmp.Diff([]string{
		"2 of 3 objectives met at 25 % of the traffic",
		"mean latency 25 ms over 1234 requests",
		"p95 latency 50 ms",
	}, pro); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{
		"error rate unreachable: connection refused",
		"iteration 4: withdraw to 5 %: candidate misses mean latency (100 ms > 50 ms)",
		"iteration 6: hold at 25 %: candidate has no mean latency data (no series) and 2 more without data",
		"iteration 7: hold at 25 %: candidate has no error rate data (unreachable: connection refused) (2 of 10 tolerated)",
		"and 1 earlier ones",
	}, con); diff != "" {
		t.Error(diff)
	}
}
