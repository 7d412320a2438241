package faults

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"time"
)

// Target is the server that a request is for.
type Target string

// The servers of a sandbox that have a proxy.
const (
	API        Target = "api"
	Prometheus Target = "prometheus"
	Charts     Target = "charts"
)

// Rule says which requests come to grief, and how. What is left out matches every request.
type Rule struct {
	Target Target         `json:"target"`
	Method string         `json:"method,omitempty"`
	Path   *regexp.Regexp `json:"path,omitempty"`
	// Query is matched against the query, unescaped, and against the fields of a form, the way in
	// which most clients send PromQL.
	Query *regexp.Regexp `json:"query,omitempty"`
	Body  *regexp.Regexp `json:"body,omitempty"`
	// Skip is how many matching requests pass unharmed first.
	Skip int `json:"skip,omitempty"`
	// Times is how many requests come to grief after those; 0 is all of them.
	Times int `json:"times,omitempty"`
	// Delay is how long a request waits first, whatever becomes of it then.
	Delay Duration `json:"delay,omitzero"`
	Do    Effect   `json:"do"`
	// Code is the HTTP status of the effect Status.
	Code int `json:"code,omitempty"`
	// RetryAfter is in seconds, and goes with the effect Status; 0 sends no such header.
	RetryAfter int `json:"retryAfter,omitempty"`
}

// Duration is a time.Duration that is written as Go writes it: 1.5s.
type Duration time.Duration

// MarshalText writes 1500 ms as 1.5s.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration does.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// Parse reads a JSON list of rules; the error names everything that is wrong with them.
func Parse(text []byte) ([]Rule, error) {
	var rules []Rule
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&rules); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	if decoder.More() {
		return nil, errors.New("rules: more than one list")
	}
	var mistakes []error
	for i := range rules {
		for _, mistake := range rules[i].check() {
			mistakes = append(mistakes, fmt.Errorf("rule %d: %w", i+1, mistake))
		}
	}
	return rules, errors.Join(mistakes...)
}

func (r *Rule) check() (mistakes []error) {
	wrong := func(format string, arguments ...any) {
		mistakes = append(mistakes, fmt.Errorf(format, arguments...))
	}
	if !slices.Contains([]Target{API, Prometheus, Charts}, r.Target) {
		wrong("target %q: api, prometheus or charts", r.Target)
	}
	if !slices.Contains(effects(), r.Do) {
		wrong("do %q: one of %q", r.Do, effects())
	}
	if of := r.Do.of(); of != "" && of != r.Target {
		wrong("do %q: only for target %s", r.Do, of)
	}
	if (r.Do == Status) != (r.Code != 0) {
		wrong("do %q with code %d: status has a code, and nothing else has", r.Do, r.Code)
	}
	if r.Code != 0 && (r.Code < http.StatusBadRequest || r.Code > 599) {
		wrong("code %d: 400 to 599", r.Code)
	}
	if (r.Do == Latency) && r.Delay == 0 {
		wrong("do %q: needs a delay", r.Do)
	}
	if r.RetryAfter != 0 && r.Do != Status {
		wrong("do %q: retryAfter goes with status", r.Do)
	}
	if r.Skip < 0 || r.Times < 0 || r.Delay < 0 || r.RetryAfter < 0 {
		wrong("skip, times, delay and retryAfter are never negative")
	}
	return mistakes
}

// matches tells whether the rule is about a request, however often it has struck.
func (r *Rule) matches(c *call) bool {
	return r.Target == c.target &&
		(r.Method == "" || r.Method == c.request.Method) &&
		(r.Do != DropWatch || c.watches()) &&
		found(r.Path, c.request.URL.Path) &&
		found(r.Query, c.query) &&
		found(r.Body, string(c.body))
}

func found(pattern *regexp.Regexp, text string) bool {
	return pattern == nil || pattern.MatchString(text)
}
