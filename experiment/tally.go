package experiment

import "time"

// A Tally is what one version did between two scrapes, in counts: the increments of its raw
// counters, and none of the extrapolation of PromQL's increase.
type Tally struct {
	Family   string    `json:"family"` // of series: the metric pack's name for them
	Version  string    `json:"version"`
	From     time.Time `json:"from,omitzero"` // the scrape before: what is counted came in (From, To]
	To       time.Time `json:"to,omitzero"`
	Requests int64     `json:"requests"`
	Errors   int64     `json:"errors"`
	Bounds   []float64 `json:"bounds,omitempty"`  // upper bounds of the buckets in ms, ascending, without +Inf
	Buckets  []int64   `json:"buckets,omitempty"` // not cumulative; one more than Bounds, the last is the open one
	Sum      float64   `json:"sum,omitempty"`     // of all latencies, ms
	Reset    bool      `json:"reset,omitempty"`   // a counter began anew, as after a restart
	Missing  Missing   `json:"missing,omitempty"` // why there are no counts; then all of them are 0
	Detail   string    `json:"detail,omitempty"`  // what the backend said, for people
	Query    string    `json:"query,omitempty"`   // as it was sent
}

// A Kind says what a metric is about, as far as counts can tell it.
type Kind string

// The kinds. A metric of no kind gives only values, and is judged by them.
const (
	ErrorRate    Kind = "errorRate"
	TailQuantile Kind = "quantile"
	MeanLatency  Kind = "mean"
)
