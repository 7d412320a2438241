package experiment

import "testing"

func TestUnitsFormat(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		units Units
		value float64
		want  string
	}{
		{Milliseconds, 0, "0.0 ms"},
		{Milliseconds, 4.84, "4.8 ms"},
		{Milliseconds, 9.94, "9.9 ms"},
		{Milliseconds, 9.95, "10 ms"},
		{Milliseconds, 181.4, "181 ms"},
		{Milliseconds, 123456, "123456 ms"},
		{Fraction, 0, "0.00 %"},
		{Fraction, 0.0031, "0.31 %"},
		{Fraction, 1, "100.00 %"},
		{"", 454.523, "454.5"},
		{"", 0.000123456, "0.0001235"},
		{"", 9999.4, "9999"},
		{"", 12345.6, "12346"},
		{"", -12345.6, "-12346"},
		{"requests", 454.523, "454.5 requests"},
		{"requests", 1234567, "1234567 requests"},
	} {
		if got := row.units.Format(row.value); got != row.want {
			t.Errorf("%q of %v: want %q, got %q", row.units, row.value, row.want, got)
		}
	}
}

func TestSampleWhy(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		sample Sample
		want   string
	}{
		{"a value", Sample{Value: new(0.0), Detail: "warning: one store is away"}, ""},
		{"nobody asked", Sample{}, "not measured"},
		{"no requests", Sample{Missing: NoRequests, Detail: "NaN"}, "no requests"},
		{"no series", Sample{Missing: NoSeries}, "no series"},
		{"rejected", Sample{Missing: Rejected, Detail: "HTTP 401 Unauthorized"}, "rejected: HTTP 401 Unauthorized"},
		{"unreachable without words", Sample{Missing: Unreachable}, "unreachable"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := row.sample.Why(); got != row.want {
				t.Errorf("want %q, got %q", row.want, got)
			}
		})
	}
}

func TestOnlyVersionsWithoutRequestsShowNoTraffic(t *testing.T) {
	t.Parallel()
	want := map[Missing]bool{NoRequests: true, NoSeries: true}
	for _, m := range []Missing{Unmeasured, NoRequests, NoSeries, Stale, Ambiguous, Rejected, Unreachable, NotANumber} {
		if got := m.NoTraffic(); got != want[m] {
			t.Errorf("%q: want %v, got %v", m, want[m], got)
		}
	}
}

func TestSampleOf(t *testing.T) {
	t.Parallel()
	samples := []Sample{{Metric: "a", Version: "v1", Value: new(1.0)}, {Metric: "a", Version: "v2", Value: new(2.0)}}
	if got := SampleOf(samples, "a", "v2"); got.Value == nil || *got.Value != 2 {
		t.Errorf("want 2, got %+v", got)
	}
	if got := SampleOf(samples, "b", "v2"); got.Value != nil || got.Metric != "b" || got.Version != "v2" {
		t.Errorf("want no value of b for v2, got %+v", got)
	}
}
