package faults

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// staleness is how far back Stale sets the time of a sample, twice as far as Prometheus looks.
const staleness = 10 * time.Minute

// promAnswer is what Prometheus answers to a query.
type promAnswer struct {
	Status   string   `json:"status"`
	Data     promData `json:"data"`
	Warnings []string `json:"warnings,omitempty"`
	Infos    []string `json:"infos,omitempty"`
}

type promData struct {
	ResultType string       `json:"resultType"`
	Result     []promSeries `json:"result"`
}

// promSeries is one series of a vector: its labels, the time in seconds and the number as text.
type promSeries struct {
	Metric map[string]string `json:"metric"`
	Value  [2]any            `json:"value"`
}

// rewrite puts another answer in the place of the one to a query. Answers of any other kind, such
// as errors, scalars and ranges, stay as they are.
func (s *strike) rewrite(answer *http.Response) error {
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	var found promAnswer
	if err := json.Unmarshal(content, &found); err == nil && found.Data.ResultType == "vector" {
		if content, err = json.Marshal(s.distort(found)); err != nil {
			return err
		}
	}
	answer.Body = io.NopCloser(bytes.NewReader(content))
	answer.ContentLength = int64(len(content))
	answer.Header.Set("Content-Length", strconv.Itoa(len(content)))
	return nil
}

func (s *strike) distort(found promAnswer) any {
	switch s.Do {
	case Empty:
		found.Data.Result = []promSeries{}
	case NaN:
		found.Data.Result = atLeastOne(found.Data.Result)
		for i := range found.Data.Result {
			found.Data.Result[i].Value[1] = "NaN"
		}
	case Several:
		found.Data.Result = atLeastOne(found.Data.Result)
		again := found.Data.Result[0]
		again.Metric = maps.Clone(again.Metric)
		again.Metric["replica"] = "another"
		found.Data.Result = append(found.Data.Result, again)
	case Stale:
		for i := range found.Data.Result {
			if at, isNumber := found.Data.Result[i].Value[0].(float64); isNumber {
				found.Data.Result[i].Value[0] = at - staleness.Seconds()
			}
		}
	case Warning:
		found.Warnings = append(found.Warnings, "PromQL warning: a store could not be reached, the result is partial")
	default: // WrongJSON
		return map[string]any{"status": "success", "data": []string{"not", "a", "vector"}}
	}
	return found
}

// atLeastOne is what a query found, or a series without labels if it found none.
func atLeastOne(found []promSeries) []promSeries {
	if len(found) > 0 {
		return found
	}
	return []promSeries{{Metric: map[string]string{}, Value: [2]any{time.Now().Unix(), "0"}}}
}
