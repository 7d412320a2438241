package metricsq

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/itchyny/gojq"

	"perch/experiment"
)

// compile prepares the metric's jqExpression, unless it is the one of which nothing is left to do.
// An expression sees the answer and nothing else: no environment, no files.
func (m *metric) compile() error {
	text := strings.Join(strings.Fields(m.Spec.JQExpression), " ")
	if m.isPrometheus() && (text == "" || text == prometheusValue) {
		return nil
	}
	parsed, err := gojq.Parse(m.Spec.JQExpression)
	if err != nil {
		return fmt.Errorf("metric %s: jqExpression: %w", m.ref(), err)
	}
	if m.number, err = gojq.Compile(parsed); err != nil {
		return fmt.Errorf("metric %s: jqExpression: %w", m.ref(), err)
	}
	return nil
}

// extract takes a value out of an answer, as Iter8 did: the first output counts, and it must be a
// number.
func extract(ctx context.Context, code *gojq.Code, body []byte) (value *float64, missing experiment.Missing, detail string) {
	var answer any
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, experiment.Rejected, "the answer is not JSON"
	}
	output, ok := code.RunWithContext(ctx, answer).Next()
	if !ok {
		return nil, experiment.NoSeries, "jqExpression: no output"
	}
	var v float64
	switch x := output.(type) {
	case error:
		return nil, whyNoOutput(x), "jqExpression: " + x.Error()
	case int:
		v = float64(x)
	case float64:
		v = x
	case *big.Int:
		v, _ = new(big.Float).SetInt(x).Float64()
	case nil:
		return nil, experiment.NoSeries, "jqExpression: null"
	default:
		return nil, experiment.NotANumber, fmt.Sprintf("jqExpression: a %s", gojq.TypeOf(x))
	}
	return finite(v)
}

// whyNoOutput: an expression over the deadline is a slow backend to those who wait for it; any other
// failure is that the answer is not of the shape that the expression expects. An empty answer of
// Prometheus is the usual case: null is not a number.
func whyNoOutput(err error) experiment.Missing {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return experiment.Unreachable
	}
	return experiment.NotANumber
}
