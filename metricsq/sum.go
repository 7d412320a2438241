package metricsq

import (
	"fmt"
	"math"
	"strconv"

	"github.com/prometheus/common/model"

	"perch/experiment"
)

// sums add up what the tracks of one version counted in one interval.
type sums struct {
	requests, errors float64
	under            []float64 // one for each bound
	sum              float64
	reset            bool
}

// add takes in what a track counted from one point to the next. A counter that has become smaller
// began anew at 0; so does one that has no point before. All of a histogram begins anew at once.
func (s *sums) add(from *point, to point, failed bool, bounds []float64) {
	start := point{}
	switch {
	case from == nil:
	case isReset(*from, to, bounds):
		s.reset = true
	default:
		start = *from
	}
	s.requests += to.count - start.count
	if failed {
		s.errors += to.count - start.count
	}
	s.sum += to.sum - start.sum
	for i, bound := range bounds {
		more, _ := to.under(bound)
		less, _ := start.under(bound)
		s.under[i] += more - less
	}
}

func isReset(from, to point, bounds []float64) bool {
	if to.count < from.count {
		return true
	}
	for _, bound := range bounds {
		before, _ := from.under(bound)
		if now, _ := to.under(bound); now < before {
			return true
		}
	}
	return false
}

// tally makes counts of the sums, or says what is impossible about them.
func (s sums) tally(f family, bounds []float64) experiment.Tally {
	t := experiment.Tally{Requests: int64(s.requests), Errors: int64(s.errors), Reset: s.reset}
	if f.Spec.Histogram == "" {
		return t
	}
	t.Sum = exact(s.sum * f.Spec.Milliseconds)
	below := 0.0
	for i, bound := range bounds {
		t.Bounds = append(t.Bounds, exact(bound*f.Spec.Milliseconds))
		t.Buckets = append(t.Buckets, int64(s.under[i]-below))
		below = s.under[i]
	}
	t.Buckets = append(t.Buckets, int64(s.requests-below))
	if wrong := impossible(t, f.Spec.SumSlack); wrong != "" {
		return experiment.Tally{Missing: experiment.NotANumber, Detail: wrong}
	}
	return t
}

// impossible says what no latencies can have added up to, "" when all is well: a bucket with less
// than nothing in it, or a sum outside of what the buckets allow.
func impossible(t experiment.Tally, slack float64) string {
	least, most, lower := 0.0, 0.0, 0.0
	for i, n := range t.Buckets {
		if n < 0 {
			return fmt.Sprintf("the bucket above %g ms has lost %d requests", lower, -n)
		}
		least += float64(n) * lower
		if i < len(t.Bounds) {
			lower = t.Bounds[i]
			most += float64(n) * lower
		} else if n > 0 {
			most = math.Inf(1)
		}
	}
	slack += 1e-6 // of a float64 that has counted for years
	if t.Sum < least-slack*(1+least) || t.Sum > most+slack*(1+most) {
		return fmt.Sprintf("the latencies add up to %g ms, and their buckets to %g to %g ms", t.Sum, least, most)
	}
	return ""
}

// exact takes the noise of a change of units away: 0.55 s are 550 ms, and no 550.0000000000001.
func exact(v float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 12, 64), 64)
	if err != nil {
		return v
	}
	return rounded
}

// trim leaves out the points before the one that counting begins with.
func trim(tracks []track, from model.Time) []track {
	trimmed := make([]track, len(tracks))
	for i, t := range tracks {
		t.points = t.points[max(0, t.search(from)-1):]
		trimmed[i] = t
	}
	return trimmed
}
