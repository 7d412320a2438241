package metricsq

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/model"

	"perch/experiment"
)

// lookback is how far before an interval Count reads, to find what each series stood at when the
// interval began. It is Prometheus' own: a series without a sample for so long is no more.
const lookback = 5 * time.Minute

// memory is how far before the experiment Count looks for a series that it has not seen within the
// lookback: a gap of scrapes that is longer looks like the birth of the series.
const memory = time.Hour

// CountOptions say what to count.
type CountOptions struct {
	Started time.Time // of the experiment
	After   time.Time // the newest scrape that has been counted; zero: Started
	Now     time.Time
}

// mostAtOnce bounds the time that is counted at once. Who comes back after longer, as a run does that
// was killed, counts from so long ago: one answer can hold no more.
const mostAtOnce = time.Hour

// begin is when counting begins, and whether that is a scrape.
func (o CountOptions) begin() (from model.Time, isScrape bool) {
	earliest := o.Now.Add(-mostAtOnce)
	switch {
	case o.After.IsZero() && o.Started.After(earliest):
		return model.TimeFromUnixNano(o.Started.UnixNano()), false
	case o.After.After(earliest):
		return model.TimeFromUnixNano(o.After.UnixNano()), true
	}
	return model.TimeFromUnixNano(earliest.UnixNano()), false
}

// spanOf cuts the time to be counted at the scrapes. Where it does not begin with one, the first
// interval begins with the last scrape before: from the start of an experiment to the next scrape is
// less time than what is counted then came in.
func (o CountOptions) spanOf(tracks []track) span {
	s := span{started: model.TimeFromUnixNano(o.Started.UnixNano()), every: cmp.Or(cadence(tracks), unknownCadence)}
	from, isScrape := o.begin()
	s.from = from
	if isScrape {
		s.ends = scrapes(tracks, from, s.every)
		return s
	}
	s.ends = scrapes(tracks, from.Add(-lookback), s.every)
	for len(s.ends) > 0 && s.ends[0] <= from {
		s.from, s.ends = s.ends[0], s.ends[1:]
	}
	return s
}

// Count counts what each version did since the last scrape that was counted: one Tally for each
// version and scrape, in the order of time, and for one time in the order of the families and of
// the versions. The times are the same for all families and versions. Where there are no counts,
// there is one Tally that says why; it spans all of the time that the others do.
//
// The counts are increments of raw counters: nothing is extrapolated, and a counter that begins
// anew is counted from 0. A series that is born in the interval is counted from 0 too; a second
// query makes sure that it was not merely away, and that the backend was there to see it: it looks
// back to an hour before the experiment. A backend that remembers nothing so old is counted from
// its first scrape on.
//
// A version without any series has had no requests, and an honest count of 0, provided that another
// version was scraped meanwhile. A version whose series end after the start of the experiment is
// stale for as long as Prometheus itself would show them (5 min): whether its pods are gone or only
// their scrapes cannot be told. After that, too, it counts 0.
func (c *Client) Count(ctx context.Context, spec experiment.Spec, o CountOptions) []experiment.Tally {
	ctx, cancel := context.WithTimeout(ctx, c.budget)
	defer cancel()
	looks := c.lookAll(ctx, spec, o)
	var all []track
	for _, l := range looks {
		all = append(all, l.tracks...)
	}
	s := o.spanOf(all)
	if remembers := c.recall(ctx, looks, s); !remembers && len(s.ends) > 0 {
		s.from, s.ends = s.ends[0], s.ends[1:]
	}
	var tallies []experiment.Tally
	for _, l := range looks {
		tallies = append(tallies, c.scrubbed(l.tallies(spec.Versions, s))...)
	}
	slices.SortStableFunc(tallies, func(x, y experiment.Tally) int { return x.To.Compare(y.To) })
	return tallies
}

// scrubbed are tallies for people: what is wrong with a series may be worded with its labels.
func (c *Client) scrubbed(tallies []experiment.Tally) []experiment.Tally {
	for i := range tallies {
		tallies[i].Detail = c.said(tallies[i].Detail)
	}
	return tallies
}

// A look is what one family answered.
type look struct {
	choice
	name    string
	query   string
	tracks  []track
	missing experiment.Missing
	detail  string
}

// lookAll asks for all families that the spec's metrics rest on, at once.
func (c *Client) lookAll(ctx context.Context, spec experiment.Spec, o CountOptions) []*look {
	from, _ := o.begin()
	window := max(o.Now.Sub(from.Time()), 0) + lookback
	var looks []*look
	var wg sync.WaitGroup
	for _, name := range c.catalog.familiesOf(spec) {
		l := c.newLook(name, spec.Versions)
		looks = append(looks, l)
		if l.missing == "" {
			l.query = l.over(l.names(), window)
			wg.Go(func() { c.look(ctx, l, o.Now) })
		}
	}
	wg.Wait()
	return looks
}

// newLook chooses a family's series for the versions.
func (c *Client) newLook(name string, versions []experiment.Version) *look {
	chosen, err := c.catalog.families[name].choose(versions)
	if err != nil {
		return &look{name: name, missing: experiment.Rejected, detail: err.Error()}
	}
	return &look{name: name, choice: chosen}
}

func (c *Client) look(ctx context.Context, l *look, now time.Time) {
	answer, err := c.instant(ctx, l.query, now)
	c.take(l, answer, err, now)
}

// take keeps what was answered as tracks up to a time, or why there are none.
func (c *Client) take(l *look, answer model.Value, err error, until time.Time) {
	matrix, ok := answer.(model.Matrix)
	switch {
	case err != nil:
		l.missing, l.detail = c.why(err)
	case !ok:
		l.missing, l.detail = experiment.Rejected, "a "+answer.Type().String()+" where series are due"
	default:
		l.tracks = l.choice.tracks(matrix, until)
	}
}

// recall finds what the tracks that are new in the interval stood at before, in case that they were
// merely away. It tells whether the backend was there when the interval began: it remembers a track
// of then, or at least that it scraped something.
func (c *Client) recall(ctx context.Context, looks []*look, s span) bool {
	reach := max(s.from.Sub(s.started), 0) + memory
	remembers, complete := false, true
	for _, l := range looks {
		seen, isNew := l.ages(s.from)
		remembers, complete = remembers || seen, complete && !isNew
	}
	if complete {
		return true
	}
	for _, l := range looks {
		if _, isNew := l.ages(s.from); isNew {
			found := c.recallLook(ctx, l, s.from, reach)
			remembers = remembers || found
		}
	}
	return remembers
}

// ages tells whether the look has tracks from before a time, and whether it has new ones.
func (l *look) ages(from model.Time) (seen, isNew bool) {
	for _, t := range l.tracks {
		if t.before(from) != nil {
			seen = true
		} else {
			isNew = true
		}
	}
	return seen, isNew
}

func (c *Client) recallLook(ctx context.Context, l *look, from model.Time, reach time.Duration) bool {
	query := fmt.Sprintf("last_over_time(%s[%ds]) or count(up)", l.promQL(l.names()), int64(reach/time.Second))
	answer, err := c.instant(ctx, query, from.Time())
	vector, ok := answer.(model.Vector)
	if err == nil && !ok {
		err = fmt.Errorf("a %s where samples are due", answer.Type())
	}
	if err != nil {
		l.missing, l.detail = c.why(err)
		l.detail += " (asked what was counted before)"
		return true // nothing of it is counted: let the others be
	}
	old := map[string]track{}
	for _, t := range l.choice.tracks(asMatrix(vector), from.Time()) {
		old[t.labels] = t
	}
	for i, t := range l.tracks {
		if past, ok := old[t.labels]; ok && t.before(from) == nil {
			l.tracks[i].points = append(past.points, t.points...)
		}
	}
	return len(vector) > 0
}

// asMatrix makes series of one point each of an instant vector.
func asMatrix(vector model.Vector) model.Matrix {
	var matrix model.Matrix
	for _, s := range vector {
		stream := &model.SampleStream{Metric: s.Metric}
		if s.Histogram != nil {
			stream.Histograms = []model.SampleHistogramPair{{Timestamp: s.Timestamp, Histogram: s.Histogram}}
		} else {
			stream.Values = []model.SamplePair{{Timestamp: s.Timestamp, Value: s.Value}}
		}
		matrix = append(matrix, stream)
	}
	return matrix
}
