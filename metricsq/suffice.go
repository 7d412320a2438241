package metricsq

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"perch/experiment"
)

// evidencePerLimit over a limit is about how many requests certify a candidate at half of it: 1,400
// for 1 %. With fewer, neither good nor bad is proved, unless it is far off.
const evidencePerLimit = 14

// checkCounts looks at the series behind the metrics: scrapes, bounds of buckets, traffic.
func (c *Client) checkCounts(ctx context.Context, spec experiment.Spec) []experiment.Finding {
	now := time.Now()
	o := CountOptions{Started: now, Now: now}
	spec.Versions = slices.DeleteFunc(slices.Clone(spec.Versions), func(v experiment.Version) bool {
		return c.catalog.lacks(spec, v) // which checkMetrics has told
	})
	var findings []experiment.Finding
	var all []track
	looks := c.lookAll(ctx, spec, o)
	for _, l := range looks {
		if l.missing != "" {
			findings = append(findings, experiment.Finding{
				Subject: "counts of " + l.name, Grade: experiment.Doubtful, What: string(l.missing) + ": " + l.detail,
				Hint: "objectives on it are judged by their values alone", Detail: []string{l.query},
			})
		}
		all = append(all, l.tracks...)
		findings = append(findings, c.checkBounds(l, spec)...)
	}
	if len(looks) == 0 {
		return findings
	}
	every := cadence(all)
	findings = append(findings, checkCadence(every, spec.Duration.Interval()))
	if every > 0 {
		findings = append(findings, c.checkTraffic(requestRate(looks, now), spec))
	}
	return findings
}

// lacks tells whether a version lacks a variable that its series are chosen by.
func (c catalog) lacks(spec experiment.Spec, v experiment.Version) bool {
	return slices.ContainsFunc(c.familiesOf(spec), func(name string) bool {
		_, err := c.families[name].choose([]experiment.Version{v})
		return err != nil
	})
}

// checkBounds finds limits that lie within a bucket: how many of its requests are above the limit is
// then not known, and quantiles are interpolated.
func (c *Client) checkBounds(l *look, spec experiment.Spec) []experiment.Finding {
	isClassic := slices.ContainsFunc(l.tracks, func(t track) bool { return t.points[0].classic })
	bounds := commonBounds(l.tracks)
	var findings []experiment.Finding
	for _, o := range spec.Criteria.Objectives {
		m := c.catalog.metrics[o.Metric]
		if m.family() != l.name || m.kind() != experiment.TailQuantile || !isClassic {
			continue
		}
		for _, limit := range []*float64{o.UpperLimit, o.LowerLimit} {
			if limit == nil {
				continue
			}
			f := experiment.Finding{Subject: "limit of " + m.label(), Grade: experiment.Fine}
			f.What = fmt.Sprintf("%g ms is a bucket bound", *limit)
			if near := nearest(bounds, *limit, l.Spec.Milliseconds); near != "" {
				f.Grade = experiment.Doubtful
				f.What = fmt.Sprintf("limit %g is not a bucket bound of this metric; nearest %s", *limit, near)
				f.Hint = "set it to one of them: in between, requests in that bucket count for neither side"
			}
			findings = append(findings, f)
		}
	}
	return findings
}

// nearest names the bounds next to a limit in ms, "" when the limit is one of them.
func nearest(bounds []float64, limit, milliseconds float64) string {
	var below, above string
	for _, b := range bounds {
		switch ms := exact(b * milliseconds); {
		case ms == limit:
			return ""
		case ms < limit:
			below = strconv.FormatFloat(ms, 'g', -1, 64)
		case above == "":
			above = strconv.FormatFloat(ms, 'g', -1, 64)
		}
	}
	return strings.Trim(below+", "+above, ", ")
}

func checkCadence(every, interval time.Duration) experiment.Finding {
	f := experiment.Finding{Subject: "scrapes", Grade: experiment.Fine, What: fmt.Sprintf("every %s", every)}
	switch {
	case every == 0:
		f.Grade, f.What = experiment.Doubtful, "no series of any version has been scraped twice in 5 minutes"
		f.Hint = "send the service some requests, and see that Prometheus scrapes its pods"
	case every > interval:
		f.Grade = experiment.Doubtful
		f.What = fmt.Sprintf("every %s, and an iteration takes %s: some will have nothing new", every, interval)
		f.Hint = fmt.Sprintf("set intervalSeconds to %d or more, or scrape more often", int(math.Ceil(every.Seconds())))
	}
	return f
}

// requestRate is how many requests a second all versions got lately, by the first family that knows.
func requestRate(looks []*look, now time.Time) float64 {
	for _, l := range looks {
		s := CountOptions{Started: now.Add(-lookback / 2), Now: now}.spanOf(l.tracks)
		seconds := s.until().Sub(s.from).Seconds()
		if seconds <= 0 {
			continue
		}
		var requests int64
		used := trim(l.tracks, s.from)
		for version := range l.selectors {
			for _, t := range l.count(version, used, nil, s) {
				requests += t.Requests
			}
		}
		return float64(requests) / seconds
	}
	return 0
}

// checkTraffic compares what the candidate will get with what its limits need.
func (c *Client) checkTraffic(rate float64, spec experiment.Spec) experiment.Finding {
	f := experiment.Finding{Subject: "traffic", Grade: experiment.Fine}
	d := spec.Duration
	length := fmt.Sprintf("at %.1f requests/s, %d iterations of %s bring the candidate about %s requests",
		rate, d.Iterations(), d.Interval(), count(candidateRequests(rate, d.Iterations(), spec)))
	limit, need := c.mostDemanding(spec)
	if need == 0 {
		f.What = length
		return f
	}
	f.What = fmt.Sprintf("%s; a limit of %.2f %% needs about %s", length, 100*limit, count(need))
	if candidateRequests(rate, d.Iterations(), spec) >= need {
		return f
	}
	f.Grade = experiment.Doubtful
	f.What += ": expect no proof either way"
	if n := iterationsFor(rate, need, spec); n > 0 {
		f.What += fmt.Sprintf(", or use %d iterations", n)
		f.Hint = fmt.Sprintf("iterationsPerLoop: %d", n)
	} else {
		f.Hint = "send it more requests, or go by the judge on values (--judge iter8)"
	}
	return f
}

// mostDemanding is the limit, as a fraction of requests, that needs the most requests.
func (c *Client) mostDemanding(spec experiment.Spec) (limit, need float64) {
	for _, o := range spec.Criteria.Objectives {
		m := c.catalog.metrics[o.Metric]
		l := 0.0
		switch {
		case m.kind() == experiment.ErrorRate && o.UpperLimit != nil:
			l = *o.UpperLimit
		case m.kind() == experiment.TailQuantile && o.UpperLimit != nil:
			l = exact(1 - m.quantile())
		}
		if l > 0 && evidencePerLimit/l > need {
			limit, need = l, evidencePerLimit/l
		}
	}
	return limit, need
}

// candidateRequests is what a candidate gets that rises as fast as it may: nothing in the first
// iteration, and in each one more until it is at its most.
func candidateRequests(rate float64, iterations int, spec experiment.Spec) float64 {
	percent := 0.0
	for i := range iterations {
		percent += float64(min(spec.Strategy.MaxCandidateWeight, i*spec.Strategy.MaxCandidateWeightIncrement))
	}
	return rate * spec.Duration.Interval().Seconds() * percent / 100
}

// mostIterations is where a longer experiment is no advice any more.
const mostIterations = 10000

// iterationsFor is how many iterations bring the candidate so many requests, 0 when too many do.
func iterationsFor(rate, need float64, spec experiment.Spec) int {
	all := candidateRequests(rate, mostIterations, spec)
	if all < need {
		return 0
	}
	low, high := 1, mostIterations
	for low < high {
		if mid := (low + high) / 2; candidateRequests(rate, mid, spec) < need {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// count writes a number of requests with two digits that count: 1,400.
func count(n float64) string {
	if n >= 100 {
		unit := math.Pow(10, math.Floor(math.Log10(n))-1)
		n = math.Round(n/unit) * unit
	}
	digits := strconv.FormatFloat(math.Round(n), 'f', -1, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
