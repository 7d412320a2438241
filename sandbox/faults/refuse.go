package faults

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
)

// refuse answers with the rule's status, in the words of the server that the request is for.
func (s *strike) refuse(w http.ResponseWriter) {
	if s.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(s.RetryAfter))
	}
	var body any
	switch s.Target {
	case API:
		body = kubernetesError(s.request, s.Code)
	case Prometheus:
		body = prometheusError(s.Code)
	default:
	}
	if body == nil {
		http.Error(w, plainError(s.Target, s.Code), s.Code)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(s.Code)
	_ = json.NewEncoder(w).Encode(body)
}

func plainError(target Target, code int) string {
	if target == API && code == http.StatusTooManyRequests {
		return "Too many requests, please try again later." // the API server's one answer that is no Status
	}
	return cmp.Or(http.StatusText(code), "status "+strconv.Itoa(code))
}

// promError is how Prometheus, and what is built on it, says that something is wrong.
type promError struct {
	Status    string `json:"status"`
	ErrorType string `json:"errorType"`
	Error     string `json:"error"`
}

// prometheusError is nil for what no Prometheus says, but a proxy in front of one: who may not.
func prometheusError(code int) any {
	texts := map[int]promError{
		http.StatusBadRequest:          {ErrorType: "bad_data", Error: `invalid parameter "query": 1:1: parse error: unexpected end of input`},
		http.StatusUnprocessableEntity: {ErrorType: "execution", Error: "query processing would load too many samples into memory in query execution"},
		http.StatusTooManyRequests:     {ErrorType: "too_many_requests", Error: "too many outstanding requests"},
		http.StatusInternalServerError: {ErrorType: "internal", Error: "error selecting series: unexpected error"},
		http.StatusServiceUnavailable:  {ErrorType: "timeout", Error: "query timed out in expression evaluation"},
	}
	text, known := texts[code]
	if !known {
		return nil
	}
	text.Status = "error"
	return text
}
