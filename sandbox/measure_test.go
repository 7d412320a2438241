package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheusv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// query asks Prometheus; found is false for an empty vector.
func query(ctx context.Context, t *testing.T, text string) (value float64, found bool) {
	t.Helper()
	client, err := api.NewClient(api.Config{Address: shared.Prometheus.URL})
	if err != nil {
		t.Fatal(err)
	}
	result, _, _, err := prometheusv1.NewAPI(client).Query(ctx, text, time.Time{})
	if err != nil {
		t.Fatalf("query %s: %v", text, err)
	}
	vector, isVector := result.(model.Vector)
	if !isVector || len(vector) == 0 {
		return 0, false
	}
	return float64(vector[0].Value), true
}

// TestQueriesOfTheTutorial asks what Iter8's metrics ask, over a minute.
func TestQueriesOfTheTutorial(t *testing.T) {
	t.Parallel()
	const (
		count  = `sum(increase(revision_app_request_latencies_count{revision_name='$revision'}[60s])) or on() vector(0)`
		sum    = `sum(increase(revision_app_request_latencies_sum{revision_name='$revision'}[60s])) or on() vector(0)`
		errors = `sum(increase(revision_app_request_latencies_count{response_code_class!='2xx',revision_name='$revision'}[60s])) or on() vector(0)`
		tail   = `histogram_quantile(0.95, sum(rate(revision_app_request_latencies_bucket{revision_name='$revision'}[60s])) by (le))`
	)
	service := createService(t, "measured", "green-broken")
	ask200 := func(ctx context.Context) (bool, string) {
		for range 10 {
			ask(t, service.Status.URL.Host)
		}
		value, _ := query(ctx, t, strings.ReplaceAll(count, "$revision", "measured-v1"))
		return value > 100, "too few requests"
	}
	eventually(t, "more than 100 requests counted", ask200) // an extrapolation, which may sink again

	tests := map[string]struct {
		query    string
		min, max float64
	}{
		"request-count":                {count, 50, 1e6},
		"mean-latency":                 {"(" + sum + ") / (" + count + ")", 5, 100},
		"95th-percentile-tail-latency": {tail, 10, 500},
		"error-rate":                   {"(" + errors + ") / (" + count + ")", 0.1, 0.9},
		"error-count":                  {errors, 5, 1e6},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.ReplaceAll(test.query, "$revision", "measured-v1")
			if got, found := query(t.Context(), t, text); !found || got < test.min || got > test.max {
				t.Errorf("%s: got %g (found %t), want %g to %g", name, got, found, test.min, test.max)
			}
		})
	}
}

func TestSeriesCarryKnativesLabels(t *testing.T) {
	t.Parallel()
	service := createService(t, "labelled", "green")
	if status, _ := ask(t, service.Status.URL.Host); status != http.StatusOK {
		t.Fatalf("got %d", status)
	}
	const labels = `{namespace_name="default",service_name="labelled",configuration_name="labelled",` +
		`revision_name="labelled-v1",container_name="user-container",response_code="200",response_code_class="2xx"}`
	for _, series := range []string{"revision_app_request_count", "revision_app_request_latencies_count"} {
		eventually(t, series, func(ctx context.Context) (bool, string) {
			value, found := query(ctx, t, series+labels)
			return found && value == 1, "none"
		})
	}
	buckets := `count(revision_app_request_latencies_bucket{revision_name="labelled-v1"})`
	if got, _ := query(t.Context(), t, buckets); got != 27 {
		t.Errorf("%g buckets, want Knative's 26 and +Inf", got)
	}
}

func TestUnknownRevisionHasNoData(t *testing.T) {
	t.Parallel()
	if value, found := query(t.Context(), t, `revision_app_request_count{revision_name="nobody"}`); found {
		t.Errorf("got %g, want nothing", value)
	}
}
