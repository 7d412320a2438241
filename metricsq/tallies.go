package metricsq

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"

	"perch/experiment"
)

// A span is the time that is counted, cut into intervals.
type span struct {
	started model.Time // of the experiment
	from    model.Time // of the first interval
	ends    []model.Time
	every   time.Duration // between two scrapes
}

// until is the end of the last interval, the beginning of the first when there is none.
func (s span) until() model.Time {
	if len(s.ends) == 0 {
		return s.from
	}
	return s.ends[len(s.ends)-1]
}

// tallies counts the look's tracks, for each version and interval.
func (l *look) tallies(versions []experiment.Version, s span) []experiment.Tally {
	used := trim(l.tracks, s.from)
	bounds := commonBounds(used)
	var list []experiment.Tally
	for i, v := range versions {
		if missing, detail := l.whyNone(i, s); missing != "" {
			list = append(list, l.absent(v.Name, s, missing, detail))
			continue
		}
		counts := l.count(i, used, bounds, s)
		if wrong := wrongOf(i, used, s, l.Spec.Histogram != ""); wrong != "" {
			counts = []experiment.Tally{l.absent(v.Name, s, experiment.NotANumber, wrong)}
		}
		for _, t := range counts {
			t.Family, t.Version, t.Query = l.name, v.Name, l.query
			list = append(list, t)
		}
	}
	return list
}

// absent says why there are no counts of a version.
func (l *look) absent(version string, s span, missing experiment.Missing, detail string) experiment.Tally {
	return experiment.Tally{
		Family: l.name, Version: version, From: s.from.Time().UTC(), To: s.until().Time().UTC(),
		Missing: missing, Detail: detail, Query: l.query,
	}
}

// whyNone says why a version cannot be counted, "" when it can.
func (l *look) whyNone(version int, s span) (missing experiment.Missing, detail string) {
	newest, own := model.Earliest, model.Earliest // of the family, of the version
	for _, t := range l.tracks {
		newest = max(newest, t.newest())
		if t.version == version {
			own = max(own, t.newest())
		}
	}
	switch {
	case l.missing != "":
		return l.missing, l.detail
	case len(l.tracks) == 0:
		return experiment.NoSeries, "no version has any"
	case len(s.ends) == 0 || newest <= s.from:
		return experiment.Stale, fmt.Sprintf("no whole scrape since %s, they come every %s", stamp(newest), s.every)
	case own <= s.from && own > s.started:
		return experiment.Stale, fmt.Sprintf("no scrape since %s: its pods are gone, or Prometheus cannot reach them", stamp(own))
	}
	return "", ""
}

// wrongOf finds what is wrong with the points of a version that are counted.
func wrongOf(version int, tracks []track, s span, histogram bool) string {
	for _, t := range tracks {
		for _, p := range t.points {
			if t.version != version || p.at > s.until() {
				continue
			}
			if wrong := p.check(histogram); wrong != "" {
				return wrong
			}
		}
	}
	return ""
}

// count adds up what the tracks of a version counted, interval by interval.
func (l *look) count(version int, tracks []track, bounds []float64, s span) []experiment.Tally {
	all := make([]sums, len(s.ends))
	for i := range all {
		all[i].under = make([]float64, len(bounds))
	}
	for _, t := range tracks {
		if t.version != version {
			continue
		}
		last := t.before(s.from)
		for i, end := range s.ends {
			for p := t.after(s.begin(i)); p != nil && p.at <= end; p = t.after(p.at) {
				all[i].add(last, *p, t.failed, bounds)
				last = p
			}
		}
	}
	list := make([]experiment.Tally, len(all))
	for i, sum := range all {
		list[i] = sum.tally(l.family, bounds)
		list[i].From, list[i].To = s.begin(i).Time().UTC(), s.ends[i].Time().UTC()
	}
	return list
}

// begin is the beginning of interval i.
func (s span) begin(i int) model.Time {
	if i == 0 {
		return s.from
	}
	return s.ends[i-1]
}
