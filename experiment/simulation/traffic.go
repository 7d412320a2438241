package simulation

import (
	"math"
	"time"

	"perch/experiment/evidence"
)

// A traffic is one rule's way through an environment: the requests that the versions answered, and
// what of them is still unscraped.
type traffic struct {
	env     *environment
	pending [versions]evidence.Counts
	moods   [versions]answering
	first   time.Duration // when the candidate first had a request
	slow    float64       // latency above which a request counts as slow, ms
	tally   Tally
}

// A Tally sums up what the candidate did while a rule watched.
type Tally struct {
	Requests int64   // that the candidate answered
	Bad      float64 // of them: expected to fail or to be slow
	Harm     float64 // of them: that would have been answered well by the baseline
}

// answering is a mood with its histogram, kept while the mood lasts.
type answering struct {
	factor    float64
	histogram []bucket
	slow      float64 // share of slow requests
}

func newTraffic(e *environment) *traffic {
	t := &traffic{env: e, first: math.MaxInt64, slow: math.Inf(1)}
	for _, o := range e.service.Limits {
		if o.Kind == evidence.Quantile {
			t.slow = min(t.slow, o.Limit)
		}
	}
	for v := range t.pending {
		t.pending[v] = emptyCounts(len(e.bounds) + 1)
	}
	return t
}

func emptyCounts(buckets int) evidence.Counts {
	return evidence.Counts{Buckets: make([]int64, buckets)}
}

// flow lets the i-th tick's requests through, of which the candidate gets weight percent.
func (t *traffic) flow(i, weight int) {
	e := t.env
	e.draws.start(division, i)
	total := e.ticks[i].requests
	n := [versions]int64{candidate: e.draws.binomial(total, float64(weight)/100)}
	n[baseline] = total - n[candidate]
	if n[candidate] > 0 {
		t.first = min(t.first, e.start(i))
	}
	moods := [versions]mood{
		baseline:  e.mood(baseline, i, weight, math.MaxInt64),
		candidate: e.mood(candidate, i, weight, e.start(i)-t.first),
	}
	for v, m := range moods {
		t.answer(v, i, n[v], m)
	}
	t.count(n[candidate], moods)
}

// answer draws what a version does with its requests.
func (t *traffic) answer(v, i int, n int64, m mood) {
	e := t.env
	version := e.service.version(v)
	a := &t.moods[v]
	if a.histogram == nil || a.factor != m.factor {
		latency := version.Latency.times(m.factor)
		*a = answering{m.factor, latency.histogram(e.bounds), latency.Above(t.slow)}
	}
	if e.ticks[i].versions[v].restarts {
		t.pending[v] = emptyCounts(len(e.bounds) + 1)
	}
	if n == 0 {
		return
	}
	e.draws.start(ofBaseline+purpose(v), i)
	errors := e.draws.beta(m.errors, version.Cluster)
	add(&t.pending[v], e.draws.counts(n, errors, a.histogram))
}

// count tallies the harm of n requests.
func (t *traffic) count(n int64, moods [versions]mood) {
	bad := func(v int) float64 { return moods[v].errors + t.moods[v].slow }
	t.tally.Requests += n
	t.tally.Bad += float64(n) * bad(candidate)
	t.tally.Harm += float64(n) * (bad(candidate) - bad(baseline))
}

// scrape reads the counters after the i-th tick and says what they gained since the last scrape.
func (t *traffic) scrape(i int) (gained [versions]evidence.Counts, ok bool) {
	if !t.env.ticks[i].scraped {
		return gained, false
	}
	for v := range gained {
		gained[v] = t.pending[v]
		t.pending[v] = emptyCounts(len(t.env.bounds) + 1)
	}
	return gained, true
}

// add adds counts to counts.
func add(to *evidence.Counts, c evidence.Counts) {
	to.Requests += c.Requests
	to.Errors += c.Errors
	to.Sum += c.Sum
	for i, n := range c.Buckets {
		to.Buckets[i] += n
	}
}
