package metricsq

import (
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"
)

// unknownCadence stands in for the time between two scrapes until there have been two: Prometheus'
// own default.
const unknownCadence = time.Minute

// cadence is the time between two scrapes: the median of a track, and of the tracks the longest. It
// is 0 when no track has two points.
func cadence(tracks []track) time.Duration {
	var longest time.Duration
	for _, t := range tracks {
		var gaps []time.Duration
		for i, p := range t.points[1:] {
			gaps = append(gaps, p.at.Sub(t.points[i].at))
		}
		if len(gaps) > 0 {
			slices.Sort(gaps)
			longest = max(longest, gaps[(len(gaps)-1)/2])
		}
	}
	return longest
}

// mostScrapes bounds how many scrapes are cut at once: those of some hours. The rest is counted from
// there by the next look.
const mostScrapes = 1000

// scrapes cuts the time after from into intervals that hold one new scrape of every live track
// each, and gives their ends. Pods are scraped at different moments of the cadence: an interval
// ends with the scrape of the pod whose turn comes last. What was scraped after the newest end
// waits for the next look, and is not lost: it is counted from what stood at that end.
//
// A track is live while its newest scrape is at most one and a half cadences older than the newest
// of all: as long as a live one lacks its next scrape, the interval is not complete. A track that
// is not live any more, as that of a pod that is gone, holds nothing up.
func scrapes(tracks []track, from model.Time, every time.Duration) []model.Time {
	var ends []model.Time
	newest := model.Earliest
	for _, t := range tracks {
		newest = max(newest, t.newest())
	}
	for len(ends) < mostScrapes {
		end, ok := nextScrape(tracks, from, every)
		if !ok || isPending(tracks, from, newest.Add(-every*3/2)) {
			return ends
		}
		ends = append(ends, end)
		from = end
	}
	return ends
}

// nextScrape is when the tracks whose turn comes within a cadence of the first one have all been
// scraped. A scrape that comes later than that is one after a scrape that was missed.
func nextScrape(tracks []track, from model.Time, every time.Duration) (end model.Time, ok bool) {
	first := model.Time(math.MaxInt64)
	for _, t := range tracks {
		if p := t.after(from); p != nil {
			first, ok = min(first, p.at), true
		}
	}
	end = first
	for _, t := range tracks {
		if p := t.after(from); p != nil && p.at.Sub(first) < every {
			end = max(end, p.at)
		}
	}
	return end, ok
}

// isPending tells whether a track that was scraped since liveAfter has no scrape after from yet.
func isPending(tracks []track, from, liveAfter model.Time) bool {
	return slices.ContainsFunc(tracks, func(t track) bool {
		return t.after(from) == nil && t.newest() > liveAfter
	})
}
