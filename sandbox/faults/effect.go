package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Effect is what becomes of a request, or of its answer.
type Effect string

// What can become of a request: those up to Reset never reach the server, or reach it late.
const (
	// Latency passes the request on after the delay of its rule.
	Latency Effect = "latency"
	// Hang passes the request on once the rule is removed, unless the client gives up before.
	Hang Effect = "hang"
	// Status answers with an error, worded as the server would.
	Status Effect = "status"
	// Reset resets the connection. Go's own client sends a GET again then, if it had used the
	// connection before: a rule may strike twice for one of its calls.
	Reset Effect = "reset"
	// LoseAnswer has the request carried out, and resets the connection instead of answering.
	LoseAnswer Effect = "lose-answer"
	// HoldAnswer has the request carried out, and answers once the rule is removed, unless the
	// client gives up before.
	HoldAnswer Effect = "hold-answer"
	// Truncate breaks the connection off in the middle of the answer.
	Truncate Effect = "truncate"
	// DropWatch ends a watch after its first event. Requests that do not watch do not match.
	DropWatch Effect = "drop-watch"
	// Empty has a query find nothing.
	Empty Effect = "empty"
	// NaN has a query find no number.
	NaN Effect = "nan"
	// Several has a query find a series more than it should.
	Several Effect = "several"
	// Stale sets the times of what a query found ten minutes back.
	Stale Effect = "stale"
	// Warning adds a warning to what a query found.
	Warning Effect = "warning"
	// WrongJSON is JSON of another shape than Prometheus'.
	WrongJSON Effect = "wrong-json"
)

// errReset is why an answer is not passed on: the client gets a reset instead.
var errReset = errors.New("connection reset on purpose")

func effects() []Effect {
	return []Effect{
		Latency, Hang, Status, Reset, LoseAnswer, HoldAnswer, Truncate, DropWatch,
		Empty, NaN, Several, Stale, Warning, WrongJSON,
	}
}

// of is the one target that an effect makes sense for; most have none.
func (e Effect) of() Target {
	switch e {
	case DropWatch:
		return API
	case Empty, NaN, Several, Stale, Warning, WrongJSON:
		return Prometheus
	default:
		return ""
	}
}

// before does to a request what comes before it is passed on, and tells whether it is.
func (s *strike) before(w http.ResponseWriter) (passOn bool) {
	if !s.wait() {
		return false
	}
	switch s.Do {
	case Hang:
		return s.hang()
	case Status:
		s.refuse(w)
		return false
	case Reset:
		reset(w)
		return false
	default:
		return true
	}
}

// after does to an answer what comes before it is passed on.
func (s *strike) after(answer *http.Response) error {
	switch s.Do {
	case LoseAnswer:
		return errReset
	case HoldAnswer:
		if !s.hang() {
			return context.Cause(s.request.Context())
		}
	case Truncate:
		answer.Body = &half{ReadCloser: answer.Body}
	case DropWatch:
		answer.Body = firstEvent(answer)
	case Empty, NaN, Several, Stale, Warning, WrongJSON:
		if err := s.rewrite(answer); err != nil {
			return fmt.Errorf("%s: %w", s.Do, err)
		}
	default:
	}
	return nil
}

// wait lets the delay pass, and tells whether the client still waits. Removing the rule ends it.
func (s *strike) wait() bool {
	timer := time.NewTimer(time.Duration(s.Delay))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.over:
	case <-s.request.Context().Done():
		return false
	}
	return true
}

// hang waits until the rule is removed, and tells whether the client still waits.
func (s *strike) hang() bool {
	select {
	case <-s.over:
		return true
	case <-s.request.Context().Done():
		return false
	}
}
