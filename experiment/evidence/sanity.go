package evidence

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// longest is how long an interval may be; also, the difference of nonsense may overflow.
const longest = 24 * time.Hour

// refusal says why an interval cannot be counted, "" if it can. What is refused is treated as if no
// scrape had been there: nonsense is no evidence.
func (s State) refusal(i Interval) string {
	switch {
	case i.Missing != "":
		return i.Missing
	case i.End-i.Start <= 0 || i.End-i.Start > longest:
		return "the interval has no sensible length"
	case i.Start < s.Counted:
		return "the interval has been counted already"
	case !ascending(i.Bounds):
		return "the bucket bounds do not ascend"
	}
	for _, v := range []struct {
		name   string
		counts Counts
	}{{"baseline", i.Baseline}, {"candidate", i.Candidate}} {
		if why := s.insane(i.Bounds, v.counts); why != "" {
			return v.name + ": " + why
		}
	}
	return ""
}

func ascending(bounds []float64) bool {
	for k, b := range bounds {
		if !(b > 0) || math.IsInf(b, 1) || k > 0 && b <= bounds[k-1] {
			return false
		}
	}
	return true
}

// most is how many requests one interval may hold: beyond it, floats do not count exactly.
const most = 1 << 50

func (s State) insane(bounds []float64, c Counts) string {
	h := histogram{bounds, c.Buckets}
	switch {
	case c.Requests < 0 || c.Errors < 0 || slices.ContainsFunc(c.Buckets, func(n int64) bool { return n < 0 || n > most }):
		return "a count is negative or too large"
	case c.Errors > c.Requests || c.Requests > most:
		return fmt.Sprintf("%d errors in %d requests", c.Errors, c.Requests)
	case len(c.Buckets) > 0 && len(c.Buckets) != len(bounds)+1:
		return fmt.Sprintf("%d buckets with %d bounds", len(c.Buckets), len(bounds))
	case len(c.Buckets) == 0 && c.Requests > 0 && s.needs(Quantile, Mean):
		return "no latency buckets"
	case s.needs(Mean) && !h.holds(c.Sum):
		return "the sum of latencies does not fit their buckets"
	}
	return ""
}

func (s State) needs(kinds ...Kind) bool {
	return slices.ContainsFunc(s.Objectives, func(o Objective) bool { return slices.Contains(kinds, o.Kind) })
}

// holds tells whether the latencies in the buckets can have the sum, give or take what rounding and
// a scrape in the middle of an update do.
func (h histogram) holds(sum float64) bool {
	const slack = 0.01
	if math.IsInf(sum, 0) {
		return false
	}
	least, greatest := 0.0, 0.0
	for k, b := range h.buckets {
		if b > 0 {
			least += float64(b) * h.lower(k)
			greatest += float64(b) * h.upper(k)
		}
	}
	return sum >= least*(1-slack)-slack && sum <= greatest*(1+slack)+slack
}
