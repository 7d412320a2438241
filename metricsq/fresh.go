package metricsq

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/common/model"

	"perch/experiment"
)

// Scrapes may be late and go missing. A family is stale when the newest is so many cadences old, and
// not for less than so long: clocks differ a little.
const (
	missedScrapes = 3
	leastStale    = 15 * time.Second
	// oldestAnswer is how long before the time it was asked for an answer may be. Prometheus answers for
	// that very time, VictoriaMetrics for half a minute before, and a cache for whenever it was asked first.
	oldestAnswer = time.Minute
)

// expire takes the values away from samples whose series have not been scraped for a while. Over a
// window since the start a query goes on answering with what was, and an instant query shows the last
// sample for five minutes. Only when no version is scraped any more are they stale: the pods of one may
// well be gone. Where the scrapes cannot be found out, values stay what they are.
func (c *Client) expire(ctx context.Context, spec experiment.Spec, samples []experiment.Sample, now time.Time) {
	stale := c.staleFamilies(ctx, spec, samples, now)
	for i := range samples {
		detail := stale[c.catalog.metrics[samples[i].Metric].family()]
		if samples[i].Value != nil && detail != "" {
			samples[i].Value, samples[i].Missing, samples[i].Detail = nil, experiment.Stale, detail
		}
	}
}

// staleFamilies says of each stale family since when.
func (c *Client) staleFamilies(ctx context.Context, spec experiment.Spec, samples []experiment.Sample, now time.Time) map[string]string {
	stale := map[string]string{}
	var (
		wg sync.WaitGroup
		mu sync.Mutex // guards stale
	)
	for _, name := range c.catalog.familiesOf(spec) {
		if !c.hasValue(name, samples) {
			continue
		}
		wg.Go(func() {
			l := c.newLook(name, spec.Versions)
			if l.missing != "" {
				return
			}
			l.query = l.over(l.countNames(), lookback)
			c.look(ctx, l, now)
			mu.Lock()
			defer mu.Unlock()
			stale[name] = staleness(l.tracks, now)
		})
	}
	wg.Wait()
	return stale
}

func (c *Client) hasValue(family string, samples []experiment.Sample) bool {
	for _, s := range samples {
		if s.Value != nil && c.catalog.metrics[s.Metric].family() == family {
			return true
		}
	}
	return false
}

// staleness says since when the tracks are stale, "" when they are not.
func staleness(tracks []track, now time.Time) string {
	every := cadence(tracks)
	newest := model.Earliest
	for _, t := range tracks {
		newest = max(newest, t.newest())
	}
	if every == 0 || now.Sub(newest.Time()) <= max(missedScrapes*every, leastStale) {
		return ""
	}
	return fmt.Sprintf("no scrape since %s, they come every %s", stamp(newest), every)
}

// outdated tells whether an answer is for a time long before that which was asked for, and which.
func outdated(answer model.Value, now time.Time) (at model.Time, old bool) {
	switch a := answer.(type) {
	case model.Vector:
		if len(a) > 0 {
			at, old = a[0].Timestamp, true
		}
	case *model.Scalar:
		at, old = a.Timestamp, true
	}
	return at, old && now.Sub(at.Time()) > oldestAnswer
}
