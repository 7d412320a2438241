package metricsq

import (
	"context"
	"errors"
	"fmt"
	"time"

	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"perch/experiment"
)

// The history is an hour of the baseline, and at most so many intervals of it: one answer holds
// them all.
const (
	historyLength    = time.Hour
	historyIntervals = 240
)

// History counts what the baseline did before the experiment, in intervals of the experiment's own
// length: up to an hour of them, and at most 240. One query a family; intervals in which Prometheus
// knew nothing of the baseline are left out. Where there is no history at all, one Tally says why.
func (c *Client) History(ctx context.Context, spec experiment.Spec, o CountOptions) []experiment.Tally {
	interval := max(spec.Duration.Interval(), time.Second)
	n := max(1, min(historyIntervals, int(historyLength/interval)))
	end := o.Started.Truncate(time.Second)
	s := span{from: model.TimeFromUnixNano(end.Add(-time.Duration(n) * interval).UnixNano())}
	for i := range n {
		s.ends = append(s.ends, s.from.Add(time.Duration(i+1)*interval))
	}
	baseline := spec.Versions[:1]
	var list []experiment.Tally
	for _, name := range c.catalog.familiesOf(spec) {
		l := c.newLook(name, baseline)
		if l.missing == "" {
			c.lookBack(ctx, l, s, interval)
		}
		list = append(list, c.scrubbed(l.history(baseline, s))...)
	}
	return list
}

// lookBack asks what the counters stood at, at the beginning and at the end of each interval.
func (c *Client) lookBack(ctx context.Context, l *look, s span, interval time.Duration) {
	l.query = l.promQL(l.names())
	answer, err := c.ranged(ctx, l.query, prometheus.Range{Start: s.from.Time(), End: s.until().Time(), Step: interval})
	c.take(l, answer, err, s.until().Time())
}

// history counts the intervals at both ends of which the baseline is known.
func (l *look) history(baseline []experiment.Version, s span) []experiment.Tally {
	known := map[model.Time]bool{}
	for _, t := range l.tracks {
		for _, p := range t.points {
			known[p.at] = true
		}
	}
	if l.missing == "" && len(known) < 2 {
		l.missing, l.detail = experiment.NoSeries, "nothing of "+baseline[0].Name+" before the experiment"
	}
	if l.missing != "" {
		return []experiment.Tally{l.absent(baseline[0].Name, s, l.missing, l.detail)}
	}
	for len(s.ends) > 0 && !known[s.from] { // what is first seen in the middle was there before
		s.from, s.ends = s.ends[0], s.ends[1:]
	}
	var list []experiment.Tally
	for _, t := range l.tallies(baseline, s) {
		from, to := model.TimeFromUnixNano(t.From.UnixNano()), model.TimeFromUnixNano(t.To.UnixNano())
		if t.Missing != "" || known[from] && known[to] {
			list = append(list, t)
		}
	}
	return list
}

// Cadence finds how often the series that the spec's metrics rest on are scraped: the longest of
// the cadences of their pods.
func (c *Client) Cadence(ctx context.Context, spec experiment.Spec) (time.Duration, error) {
	var found time.Duration
	for _, name := range c.catalog.familiesOf(spec) {
		l := c.newLook(name, spec.Versions)
		if l.missing != "" {
			return 0, errors.New(l.detail)
		}
		l.query = l.over(l.countNames(), 2*lookback)
		c.look(ctx, l, time.Now())
		if l.missing != "" {
			return 0, fmt.Errorf("%s: %s", l.missing, l.detail)
		}
		found = max(found, cadence(l.tracks))
	}
	if found == 0 {
		return 0, experiment.WithHint(errors.New("no series of any version has been scraped twice"),
			"send the service some requests, and see that Prometheus scrapes its pods")
	}
	return found, nil
}
