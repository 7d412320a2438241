package metricsq

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// A track is what one set of labels has counted: one histogram, or one counter, of one pod and one
// kind of response.
type track struct {
	labels  string // all but the name, le and the replica, in one string
	version int    // index in the spec
	failed  bool   // its requests are errors
	points  []point
}

// A point is what the track had counted by one scrape, since its process began.
type point struct {
	at      model.Time
	count   float64
	sum     float64
	counted bool   // there is a count
	classic bool   // the edges are all that is known; a native histogram knows what lies between
	edges   []edge // of the buckets, ascending by le
	wrong   string // what was found that no counter can look like
}

// An edge is an upper bound of buckets, in the units of the series, and how many requests were
// under it.
type edge struct{ le, count float64 }

// tracks puts together the series of one answer, up to a time: what a backend says of the future is
// none of its scrapes.
func (c choice) tracks(matrix model.Matrix, until time.Time) []track {
	sites := map[string]*building{}
	for _, series := range matrix {
		version := c.version(func(name string) string { return string(series.Metric[model.LabelName(name)]) })
		if version < 0 {
			continue
		}
		key := keyOf(series.Metric)
		if sites[key] == nil {
			sites[key] = newBuilding(track{labels: key, version: version, failed: c.failed(series.Metric)})
		}
		sites[key].add(c.part(series), series)
	}
	var all []track
	for _, key := range slices.Sorted(maps.Keys(sites)) {
		if t := sites[key].finish(model.TimeFromUnixNano(until.UnixNano())); len(t.points) > 0 {
			all = append(all, t)
		}
	}
	return oneReplica(all)
}

// replica is the label by which two Prometheus that scrape the same pods tell their series apart: the
// operator's and that of Mimir. Where the backend shows both, they say the same thing twice.
var replica = regexp.MustCompile(`(^|,)(prometheus_replica|__replica__)="[^"]*"`)

// oneReplica keeps, of the tracks that differ in the replica alone, the first, unless it has hardly
// been scraped. They are readings of one counter, but by two clocks: put together they might go down.
func oneReplica(tracks []track) []track {
	var kept []track
	index := map[string]int{}
	for _, t := range tracks {
		if strings.Contains(t.labels, "replica") {
			t.labels = replica.ReplaceAllString(t.labels, "")
		}
		i, again := index[t.labels]
		switch {
		case !again:
			index[t.labels] = len(kept)
			kept = append(kept, t)
		case len(t.points) > 2*len(kept[i].points):
			kept[i] = t
		}
	}
	return kept
}

func (c choice) failed(labels model.Metric) bool {
	return c.Spec.Errors != nil && c.Spec.Errors.match(string(labels[model.LabelName(c.Spec.Errors.Label)]))
}

// keyOf is what the series of one histogram have in common: every label but the name and le.
func keyOf(labels model.Metric) string {
	pairs := make([]string, 0, len(labels))
	for name, value := range labels {
		if name != model.MetricNameLabel && name != model.BucketLabel {
			pairs = append(pairs, string(name)+"="+strconv.Quote(string(value)))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, ",")
}

// A building is a track whose series have not all been seen.
type building struct {
	track
	byTime map[model.Time]*point
	native map[model.Time]*model.SampleHistogram // nil: none has come
}

func newBuilding(t track) *building {
	return &building{track: t, byTime: map[model.Time]*point{}}
}

func (b *building) at(t model.Time) *point {
	if b.byTime[t] == nil {
		b.byTime[t] = &point{at: t}
	}
	return b.byTime[t]
}

// part is what of a histogram a series is: _bucket, _sum or _count; "" for a whole one or a counter.
func (c choice) part(series *model.SampleStream) string {
	return strings.TrimPrefix(string(series.Metric[model.MetricNameLabel]), cmp.Or(c.Spec.Histogram, c.Spec.Counter))
}

// add takes in one series.
func (b *building) add(part string, series *model.SampleStream) {
	bound, err := strconv.ParseFloat(string(series.Metric[model.BucketLabel]), 64)
	for _, pair := range series.Values {
		v, p := float64(pair.Value), b.at(pair.Timestamp)
		switch part {
		case "_sum":
			p.sum = v
		case "_bucket":
			p.classic = true
			p.edges = append(p.edges, edge{bound, v})
			if err != nil || math.IsNaN(bound) {
				p.wrong = fmt.Sprintf("a bucket has the bound %q", series.Metric[model.BucketLabel])
			}
		default:
			p.count, p.counted = v, true
		}
	}
	if b.native == nil && len(series.Histograms) > 0 {
		b.native = map[model.Time]*model.SampleHistogram{}
	}
	for _, pair := range series.Histograms {
		b.at(pair.Timestamp)
		b.native[pair.Timestamp] = pair.Histogram
	}
}

// isCount tells whether a value can be a count: whole, and exact in a float64.
func isCount(v float64) bool { return v >= 0 && v == math.Trunc(v) && v < 1<<53 }

// finish orders what was put together. Where a target offers a histogram both as classic and as
// native one, the classic one counts: limits are set on its bounds.
func (b *building) finish(until model.Time) track {
	t := b.track
	for at, h := range b.native {
		if p := b.byTime[at]; !p.classic && h != nil {
			*p = nativePoint(at, h)
		}
	}
	for _, at := range slices.Sorted(maps.Keys(b.byTime)) {
		if at < 0 || at > until {
			continue
		}
		p := *b.byTime[at]
		slices.SortFunc(p.edges, func(x, y edge) int { return cmp.Compare(x.le, y.le) })
		t.points = append(t.points, p)
	}
	return t
}

// before is the newest point at or before a time, nil when there is none.
func (t track) before(at model.Time) *point {
	i := t.search(at)
	if i == 0 {
		return nil
	}
	return &t.points[i-1]
}

// after is the oldest point after a time, nil when there is none.
func (t track) after(at model.Time) *point {
	i := t.search(at)
	if i == len(t.points) {
		return nil
	}
	return &t.points[i]
}

// search is the index of the oldest point after a time.
func (t track) search(at model.Time) int {
	i, _ := slices.BinarySearchFunc(t.points, at+1, func(p point, at model.Time) int { return cmp.Compare(p.at, at) })
	return i
}

// newest is the time of the newest point; a track has at least one.
func (t track) newest() model.Time { return t.points[len(t.points)-1].at }
