package metricsq

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/prometheus/common/model"
)

// nativePoint makes a point of a native histogram. Its empty buckets are not in an answer, so that
// the count between two buckets is known everywhere. A histogram with custom bounds looks the same.
func nativePoint(at model.Time, h *model.SampleHistogram) point {
	p := point{at: at, count: float64(h.Count), sum: float64(h.Sum), counted: true}
	under, upper := 0.0, 0.0
	for _, b := range h.Buckets {
		if lower := float64(b.Lower); lower > upper {
			p.edges = append(p.edges, edge{lower, under})
		}
		if upper = float64(b.Upper); upper <= 0 && b.Count > 0 {
			p.wrong = "the histogram has negative latencies"
		}
		under += float64(b.Count)
		p.edges = append(p.edges, edge{upper, under})
	}
	return p
}

// under is how many requests were at or under a bound, and whether the point knows. A native point
// knows it everywhere but within a bucket.
func (p point) under(bound float64) (count float64, known bool) {
	i, found := slices.BinarySearchFunc(p.edges, bound, func(e edge, bound float64) int { return cmp.Compare(e.le, bound) })
	if found {
		return p.edges[i].count, true
	}
	below, above := 0.0, p.count
	if i > 0 {
		below = p.edges[i-1].count
	}
	if i < len(p.edges) {
		above = p.edges[i].count
	}
	return below, !p.classic && below == above
}

// check finds what no counter, or no histogram, can look like: the backend has lost a part of it,
// or it is none. It says so in words, "" when all is well.
func (p point) check(histogram bool) string {
	switch {
	case p.wrong != "":
		return p.wrong
	case !p.counted:
		return fmt.Sprintf("the series of %s lack their count", stamp(p.at))
	case !isCount(p.count):
		return fmt.Sprintf("a counter says %v", p.count)
	case !histogram:
		return ""
	case math.IsNaN(p.sum) || math.IsInf(p.sum, 0):
		return fmt.Sprintf("the sum of latencies is %v", p.sum)
	}
	return p.checkEdges()
}

func (p point) checkEdges() string {
	under, last := 0.0, 0.0
	for _, e := range p.edges {
		switch {
		case !isCount(e.count):
			return fmt.Sprintf("the bucket up to %g says %v", e.le, e.count)
		case e.count < under:
			return fmt.Sprintf("%v requests up to %g are fewer than the %v below it", e.count, e.le, under)
		}
		under, last = e.count, e.le
	}
	switch {
	case under != p.count:
		return fmt.Sprintf("the buckets hold %v of %v requests", under, p.count)
	case p.classic && !math.IsInf(last, 1):
		return "the histogram lacks its bucket up to +Inf"
	}
	return ""
}

// mostBounds is more than any histogram has. Beyond it there are none in common: what the backend
// sends is no histogram, or has too many to be looked through.
const mostBounds = 1000

// commonBounds are the bounds, in the units of the series, at which every point knows its count,
// without the infinite one: pods may have different buckets, and a native histogram widens its own.
func commonBounds(tracks []track) []float64 {
	known := map[float64]bool{}
	for _, t := range tracks {
		for _, p := range t.points {
			for _, e := range p.edges {
				known[e.le] = true
			}
		}
	}
	if len(known) > mostBounds {
		return nil
	}
	var bounds []float64
	for bound := range known {
		if !math.IsInf(bound, 1) && bound > 0 && knownToAll(tracks, bound) {
			bounds = append(bounds, bound)
		}
	}
	slices.Sort(bounds)
	return bounds
}

func knownToAll(tracks []track, bound float64) bool {
	for _, t := range tracks {
		for _, p := range t.points {
			if _, ok := p.under(bound); !ok {
				return false
			}
		}
	}
	return true
}

// stamp writes a time for people.
func stamp(t model.Time) string { return t.Time().UTC().Format("15:04:05") }
