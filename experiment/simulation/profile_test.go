package simulation

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"perch/experiment/evidence"
)

func TestProfileComplete(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		p    Profile
		list []evidence.Objective
		want Profile
	}{
		{"the tutorial", Profile{Unset, Unset, Unset}, limits(120), Profile{0.002, 100.0 / 3, 0.02}},
		{"what is set stays", Profile{0.005, 20, 0}, limits(120), Profile{0.005, 20, 0}},
		{"a tail tighter than the mean", Profile{Unset, Unset, Unset}, limits(60), Profile{0.002, 20, 0.02}},
		{"no limits", Profile{Unset, Unset, Unset}, nil, Profile{0.002, 30, 0}},
		{"lower limits say nothing", Profile{Unset, Unset, Unset},
			[]evidence.Objective{{Kind: evidence.ErrorRate, Limit: 0.5, Lower: true}}, Profile{0.002, 30, 0}},
	} {
		got := row.p.Complete(row.list)
		for _, pair := range [][2]float64{{got.Errors, row.want.Errors}, {got.Mean, row.want.Mean}, {got.Slow, row.want.Slow}} {
			near(t, row.name, pair[0], pair[1], 1e-9)
		}
	}
}

func TestProfileVersion(t *testing.T) {
	t.Parallel()
	v, err := Profile{Errors: 0.003, Mean: 33, Slow: 0.02}.version(limits(100))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "errors", v.Errors, 0.003, 0)
	near(t, "mean", v.Latency.Mean(), 33, 1e-9)
	near(t, "slow share", v.Latency.Above(100), 0.02, 5e-4)
	for _, row := range []struct {
		name string
		p    Profile
		want string
	}{
		{"more slow ones than the mean allows", Profile{Mean: 10, Slow: 0.5}, "does not go with"},
		{"a mean beyond the tail", Profile{Mean: 500}, "does not go with"},
		{"nothing is faster than nothing", Profile{Mean: 0}, "no service is like that"},
		{"all slow", Profile{Mean: 100, Slow: 1}, "no service is like that"},
	} {
		if _, err := row.p.version(limits(100)); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want one that says %q", row.name, err, row.want)
		}
	}
}

// TestVersionAt: a candidate has exactly so many times the limit, and keeps the other objectives.
func TestVersionAt(t *testing.T) {
	t.Parallel()
	list := limits(100)
	like, err := Profile{Errors: 0.002, Mean: 33, Slow: 0.02}.version(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, times := range []float64{0.5, 0.9, 1.25, 2} {
		near(t, "errors", like.at(times, list[2]).Errors, 0.01*times, 1e-12)
		near(t, "slow share", like.at(times, list[1]).Latency.Above(100), 0.05*times, 1e-3)
		stalled := like.at(times, list[0]).Latency
		near(t, "mean", stalled.Mean(), 50*times, 1e-9)
		if slow := stalled.Above(100); slow > 0.05 {
			t.Errorf("a mean of %g times its limit makes %g of the requests slow", times, slow)
		}
	}
	near(t, "errors are a share", like.at(500, list[2]).Errors, 1, 0)
}

func TestAim(t *testing.T) {
	t.Parallel()
	mean := evidence.Objective{Kind: evidence.Mean, Limit: 50}
	errors := evidence.Objective{Kind: evidence.ErrorRate, Limit: 0.01}
	lower := evidence.Objective{Kind: evidence.ErrorRate, Limit: 0.01, Lower: true}
	never := evidence.Objective{Kind: evidence.ErrorRate}
	for _, row := range []struct {
		name string
		list []evidence.Objective
		want evidence.Objective
		ok   bool
	}{
		{"errors before others", []evidence.Objective{mean, errors}, errors, true},
		{"else the first", []evidence.Objective{lower, never, mean}, mean, true},
		{"none", []evidence.Objective{lower, never}, evidence.Objective{}, false},
	} {
		got, err := aim(row.list)
		if diff := cmp.Diff(row.want, got); diff != "" || (err == nil) != row.ok {
			t.Errorf("%s: error %v (-want +got):\n%s", row.name, err, diff)
		}
	}
}
