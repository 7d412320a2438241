package metricsq

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/prometheus/common/model"

	"perch/experiment"
)

// parallelQueries bounds how many queries are under way at once: enough that one slow query does
// not hold up the rest, few enough that the measuring is no load on a Prometheus in trouble.
const parallelQueries = 4

// A question is one metric of one version.
type question struct{ metric, version string }

// A window is the time that values are of.
type window struct{ since, now time.Time }

func (w window) elapsed() time.Duration { return w.now.Sub(w.since) }

// Measure asks for every metric that the spec refers to, of every version, from since to now: one
// instant query each, some of them at once, each under its own deadline, and one for each family of
// series, for when it was scraped. It always answers with one sample for each, in the order of
// Describe and then of the versions; a question without an answer is a sample without a value that
// says why. It returns when ctx ends, and when the budget is used up.
func (c *Client) Measure(ctx context.Context, spec experiment.Spec, since, now time.Time) []experiment.Sample {
	ctx, cancel := context.WithTimeout(ctx, c.budget)
	defer cancel()
	answers := c.askAll(ctx, c.questions(spec), window{since, now})
	var samples []experiment.Sample
	for _, ref := range refs(spec) {
		for _, v := range spec.Versions {
			s, ok := answers[question{ref, v.Name}]
			if !ok {
				s = experiment.Sample{Metric: ref, Version: v.Name, Detail: "no metric pack has it"}
			}
			if size := c.catalog.metrics[ref].sampleSize(); ok && size != "" {
				s.Requests = answers[question{size, v.Name}].Value
			}
			samples = append(samples, s)
		}
	}
	c.expire(ctx, spec, samples, now)
	return samples
}

// questions are every metric that the spec refers to, and every metric that counts what those rest
// on, of each version.
func (c *Client) questions(spec experiment.Spec) map[question]experiment.Version {
	all := map[question]experiment.Version{}
	for _, v := range spec.Versions {
		for _, ref := range refs(spec) {
			for _, r := range []string{ref, c.catalog.metrics[ref].sampleSize()} {
				if c.catalog.has(r) {
					all[question{r, v.Name}] = v
				}
			}
		}
	}
	return all
}

// askAll asks all questions and waits for all answers.
func (c *Client) askAll(ctx context.Context, questions map[question]experiment.Version, w window) map[question]experiment.Sample {
	answers := make(map[question]experiment.Sample, len(questions))
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex                             // guards answers
		slots = make(chan struct{}, parallelQueries) // one in it for each query under way
	)
	for q, v := range questions {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			s := c.askMetric(ctx, c.catalog.metrics[q.metric], v, w)
			s.Metric, s.Version = q.metric, q.version
			mu.Lock()
			defer mu.Unlock()
			answers[q] = s
		})
	}
	wg.Wait()
	return answers
}

// askMetric asks for one metric of one version, where the metric says.
func (c *Client) askMetric(ctx context.Context, m metric, v experiment.Version, w window) experiment.Sample {
	if !m.isPrometheus() {
		return c.askForeign(ctx, m, v, w)
	}
	query := substitute(m.query(), values(v, w.elapsed()))
	if m.number != nil {
		return c.askRaw(ctx, m, query, w.now)
	}
	return c.ask(ctx, query, w.now)
}

// ask asks one question under a deadline. Prometheus is told the deadline too, so that it does not
// go on computing an answer that nobody waits for.
func (c *Client) ask(ctx context.Context, query string, now time.Time) experiment.Sample {
	answer, err := c.instant(ctx, query, now)
	s := experiment.Sample{Query: query}
	if err != nil {
		s.Missing, s.Detail = c.why(err)
		return s
	}
	s.Value, s.Missing, s.Detail = read(answer)
	if at, old := outdated(answer, now); old {
		s.Value, s.Missing, s.Detail = nil, experiment.Stale, "an answer of "+stamp(at)
	}
	return s
}

// read makes a value of an answer, or says why it is none.
func read(answer model.Value) (value *float64, missing experiment.Missing, detail string) {
	var v float64
	switch a := answer.(type) {
	case model.Vector:
		switch {
		case len(a) == 0:
			return nil, experiment.NoSeries, ""
		case len(a) > 1:
			return nil, experiment.Ambiguous, fmt.Sprintf("%d series where one is due", len(a))
		case a[0].Histogram != nil:
			return nil, experiment.NotANumber, "a histogram"
		}
		v = float64(a[0].Value)
	case *model.Scalar:
		v = float64(a.Value)
	default:
		return nil, experiment.NotANumber, "a " + answer.Type().String()
	}
	return finite(v)
}

// finite makes a value of a number, or says why it is none: 0 divided by 0 are no requests.
func finite(v float64) (value *float64, missing experiment.Missing, detail string) {
	switch {
	case math.IsNaN(v):
		return nil, experiment.NoRequests, ""
	case math.IsInf(v, 0):
		return nil, experiment.NotANumber, fmt.Sprintf("%v", v)
	}
	return &v, experiment.Unmeasured, ""
}
