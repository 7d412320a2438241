package experiment

import (
	"fmt"
	"math"
	"strconv"
)

// A Metric is what can be asked of a metrics backend, as people see it.
type Metric struct {
	Ref   string `json:"ref"`             // namespace/name
	Label string `json:"label"`           // short, for a table: "p95 latency"
	Units Units  `json:"units,omitempty"` // of its values

	// What the metric's value could be computed from, where there are counts for it.
	Family   string  `json:"family,omitempty"` // of series; "": the backend gives only the value
	Kind     Kind    `json:"kind,omitempty"`
	Quantile float64 `json:"quantile,omitempty"` // of a TailQuantile, 0 to 1
}

// Units say how a value is written for people.
type Units string

// The units that Perch knows how to write; any other is written behind the bare number.
const (
	Milliseconds Units = "milliseconds"
	Fraction     Units = "fraction" // 0 to 1, shown in percent
)

// Format writes a value with its unit, "181 ms" or "0.31 %".
func (u Units) Format(v float64) string {
	switch {
	case u == Fraction:
		return fmt.Sprintf("%.2f %%", 100*v)
	case u == Milliseconds && v < 9.95:
		return fmt.Sprintf("%.1f ms", v)
	case u == Milliseconds:
		return fmt.Sprintf("%.0f ms", v)
	}
	number := fmt.Sprintf("%.4g", v)
	if math.Abs(v) >= 9999.5 { // a count of 12345 is no 1.234e+04
		number = fmt.Sprintf("%.0f", v)
	}
	if u == "" {
		return number
	}
	return number + " " + string(u)
}

// formatPair writes two different values with a sign between them, in full where the short forms
// do not show the difference: "2.10 % > 1.00 %", but "0.010001 > 0.01".
func (u Units) formatPair(v float64, sign string, w float64) string {
	left, right := u.Format(v), u.Format(w)
	if left == right {
		left, right = strconv.FormatFloat(v, 'g', -1, 64), strconv.FormatFloat(w, 'g', -1, 64)
	}
	return left + " " + sign + " " + right
}

// Missing is why a sample has no value. The reasons are kept apart because they mean different
// things: a version without requests is not a backend that is down.
type Missing string

// The reasons. The zero value says that nobody has asked.
const (
	Unmeasured  Missing = ""
	NoRequests  Missing = "no requests"  // the backend answered NaN: nothing to divide by
	NoSeries    Missing = "no series"    // the backend answered, with an empty vector
	Stale       Missing = "stale"        // the newest point is older than a few scrapes
	Ambiguous   Missing = "ambiguous"    // several series where one is due
	Rejected    Missing = "rejected"     // the backend answered with an error
	Unreachable Missing = "unreachable"  // the backend did not answer
	NotANumber  Missing = "not a number" // an answer that is no finite number
	Partial     Missing = "partial"      // the backend warned that its answer is not whole
)

// NoTraffic tells whether the reason is one that a version without any requests would show.
func (m Missing) NoTraffic() bool { return m == NoRequests || m == NoSeries }

// Outage tells whether the reason lies with the backend: it says nothing of the versions, so an
// iteration without data for such a reason does not count.
func (m Missing) Outage() bool {
	switch m {
	case Stale, Ambiguous, Rejected, Unreachable, NotANumber, Partial:
		return true
	case Unmeasured, NoRequests, NoSeries:
	}
	return false
}

// A Sample is one reading of one metric for one version. Its zero value has no data, so that a
// measurement that was forgotten can never look like a good one.
type Sample struct {
	Metric   string   `json:"metric"` // namespace/name
	Version  string   `json:"version"`
	Value    *float64 `json:"value,omitempty"`    // finite, in the metric's units; nil: no data
	Missing  Missing  `json:"missing,omitempty"`  // why there is no value
	Detail   string   `json:"detail,omitempty"`   // what the backend said, for people
	Requests *float64 `json:"requests,omitempty"` // what the value rests on; nil: not known
	Query    string   `json:"query,omitempty"`    // as it was sent
}

// Why says in words why the sample has no value, "" when it has one.
func (s Sample) Why() string {
	switch {
	case s.Value != nil:
		return ""
	case s.Missing == Unmeasured:
		return "not measured"
	case s.Detail != "" && s.Missing != NoRequests && s.Missing != NoSeries:
		return fmt.Sprintf("%s: %s", s.Missing, s.Detail)
	}
	return string(s.Missing)
}

// SampleOf finds the sample of a metric and a version; a sample that is not there is the zero one.
func SampleOf(samples []Sample, metric, version string) Sample {
	for _, s := range samples {
		if s.Metric == metric && s.Version == version {
			return s
		}
	}
	return Sample{Metric: metric, Version: version}
}
