//go:build e2e || faults

package cli

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"perch/experiment"
)

// The revisions of the tutorial.
const (
	baselineRevision  = "sample-app-v1"
	candidateRevision = "sample-app-v2"
)

// A trial is what happened in one sandbox between two resets, and what about it must not have.
type trial struct {
	*testing.T

	*row
	world   *world
	events  []experiment.Event // of every run, in their order
	writers []string           // field managers beside Perch that the scenario lets write
}

// violate notes something that must never happen.
func (x *trial) violate(format string, args ...any) {
	x.Helper()
	x.violations++
	x.Errorf("VIOLATION: "+format, args...)
}

// observe checks every split that there was against the rules that hold in every mode and under
// every fault, with the tutorial's limits.
func (x *trial) observe() {
	x.Helper()
	splits := x.world.splits(x.T)
	for i, s := range splits[1:] {
		x.check(splits[i], s)
	}
	x.lastWord(splits[len(splits)-1])
	if x.Failed() {
		for _, s := range splits {
			x.Logf("%s %v by %s", s.At.Format("15:04:05.000"), s.Percent, s.Manager)
		}
	}
}

func (x *trial) check(before, after split) {
	x.Helper()
	sum := int64(0)
	for _, percent := range after.Percent {
		sum += percent
	}
	now, was := after.Percent[candidateRevision], before.Percent[candidateRevision]
	ours := after.Manager == "perch"
	switch {
	case sum != 100:
		x.violate("weights %v sum to %d", after.Percent, sum)
	case after.promotes(): // the traffic is Knative's default then, and nobody's
		if !x.promotingBy(after.At) {
			x.violate("%v was promoted without a word at %s", after.Percent, after.At)
		}
	case !ours && !slices.Contains(x.writers, after.Manager):
		x.violate("%q wrote %v", after.Manager, after.Percent)
	case now > 75:
		x.violate("the candidate has %d %%", now)
	case ours && now-was > 20:
		x.violate("the candidate rises from %d %% to %d %%", was, now)
	}
}

// lastWord compares what the last run said about the traffic with what it is.
func (x *trial) lastWord(now split) {
	x.Helper()
	if len(x.events) == 0 {
		return
	}
	ended, ok := x.events[len(x.events)-1].Fact.(experiment.Ended)
	if !ok || ended.Traffic == nil {
		return
	}
	if said := int64(ended.Traffic.Split.Candidate()); said != now.Percent[candidateRevision] {
		x.violate("the last word is %s, and the traffic is %v", ended.Traffic.Split, now.Percent)
	}
}

// promotes tells whether a split is that of a release with one version, which has no tags.
func (s split) promotes() bool { return len(s.Targets) == 1 && s.Targets[0].Tag == "" }

// promotingBy tells whether finish actions had been announced by then.
func (x *trial) promotingBy(at time.Time) bool {
	return slices.ContainsFunc(x.events, func(e experiment.Event) bool {
		return e.Name() == "promoting" && !e.At.After(at)
	})
}

// released checks Helm's history: nothing pending, and so many upgrades that went well.
func (x *trial) released(upgrades int) {
	x.Helper()
	count := x.world.releases(x.T)
	if good := count["deployed"] + count["superseded"]; good != 2+upgrades || count["deployed"] != 1 {
		x.violate("Helm has %v, want %d revisions that went well and one of them deployed", count, 2+upgrades)
	}
	for _, status := range []string{"pending-upgrade", "pending-rollback", "pending-install"} {
		if count[status] > 0 {
			x.violate("Helm has %v", count)
		}
	}
}

// rises are the splits at which Perch gave the candidate more, strictly between two times.
func (x *trial) rises(from, to time.Time) []string {
	x.Helper()
	var list []string
	splits := x.world.splits(x.T)
	for i, s := range splits[1:] {
		if s.At.After(from) && s.At.Before(to) && s.Percent[candidateRevision] > splits[i].Percent[candidateRevision] {
			list = append(list, fmt.Sprintf("%v at %s", s.Percent, s.At.Format("15:04:05.000")))
		}
	}
	return list
}

// writes are the splits that Perch wrote after a time.
func (x *trial) writes(after time.Time) (list []split) {
	x.Helper()
	for _, s := range x.world.splits(x.T)[1:] {
		if s.Manager == "perch" && s.At.After(after) {
			list = append(list, s)
		}
	}
	return list
}
