package metricsq

import (
	"context"
	"strings"
	"time"

	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"perch/experiment"
)

// A partialError is an answer that the backend itself says is not whole: a warning of Prometheus,
// a partial response of Thanos. What is missing of it cannot be known, so nothing of it is used.
type partialError struct{ warning string }

// Error is what the backend said.
func (e partialError) Error() string { return e.warning }

// instant asks for the value of a query at one time; a zero time is the backend's now.
func (c *Client) instant(ctx context.Context, query string, at time.Time) (model.Value, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return retry(ctx, c.backoff, func(ctx context.Context) (model.Value, error) {
		answer, warnings, err := c.prometheus.Query(ctx, query, at, prometheus.WithTimeout(c.timeout))
		return whole(answer, warnings, err)
	})
}

// ranged asks for the values of a query at many times.
func (c *Client) ranged(ctx context.Context, query string, r prometheus.Range) (model.Value, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return retry(ctx, c.backoff, func(ctx context.Context) (model.Value, error) {
		answer, warnings, err := c.prometheus.QueryRange(ctx, query, r, prometheus.WithTimeout(c.timeout))
		return whole(answer, warnings, err)
	})
}

func whole(answer model.Value, warnings []string, err error) (model.Value, error) {
	if err == nil && len(warnings) > 0 {
		err = partialError{strings.Join(warnings, "; ")}
	}
	return answer, err
}

// why says why a query has no answer, in one line.
func (c *Client) why(err error) (missing experiment.Missing, detail string) {
	missing, detail = classify(err)
	return missing, c.said(detail)
}

// said is what a backend said, for people: in one line, and without a secret. A secret is looked for
// before the line is cut, or a half of one would be left at its end.
func (c *Client) said(text string) string { return shorten(c.scrub.Replace(text)) }
