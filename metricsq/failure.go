package metricsq

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"

	"perch/experiment"
)

// maxMessage bounds, in characters, what is repeated of a message of the backend.
const maxMessage = 200

// A statusError is an HTTP answer that is neither success nor one of the statuses by which
// Prometheus says that it cannot run a query.
type statusError struct {
	code       int
	message    string        // Prometheus' own, "" when the answer was not Prometheus'
	login      string        // how it was asked: "with the token of /run/token"
	retryAfter time.Duration // how long it wants to be left alone
}

// Error names the status, the login where that was refused, and what Prometheus said.
func (e statusError) Error() string {
	text := fmt.Sprintf("HTTP %d %s", e.code, http.StatusText(e.code))
	if e.login != "" && (e.code == http.StatusUnauthorized || e.code == http.StatusForbidden) {
		text += ", asked " + e.login
	}
	if e.message != "" {
		text += ": " + e.message
	}
	return text
}

// An unanswered error is one of the way to the backend: no whole answer came back.
type unanswered struct{ error }

// Unwrap gives the error of the transport.
func (e unanswered) Unwrap() error { return e.error }

// statusChecked tells apart why there is no answer; the client library forgets the status.
type statusChecked struct {
	api.Client
	getOnly bool   // an API server lets many users get services/proxy, and few create it
	login   string // in words
}

// Do sends one request. The response is returned beside the error, because the library looks at it
// to ask again by GET where POST is forbidden, as on the way through a Kubernetes API server.
func (c statusChecked) Do(ctx context.Context, r *http.Request) (*http.Response, []byte, error) {
	if c.getOnly && r.Method == http.MethodPost {
		notAllowed := statusError{code: http.StatusMethodNotAllowed}
		return &http.Response{StatusCode: notAllowed.code, Body: http.NoBody}, nil, notAllowed
	}
	resp, body, err := c.Client.Do(ctx, r)
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return resp, nil, err
	}
	if err != nil {
		return resp, nil, unanswered{err}
	}
	switch code := resp.StatusCode; {
	case code/100 == 2:
		return resp, body, admission(body)
	case code == http.StatusBadRequest, code == http.StatusUnprocessableEntity:
		return resp, body, nil
	default:
		var answer struct {
			Error string `json:"error"`
		}
		_ = json.Unmarshal(body, &answer) // what is no JSON has no message for people
		return resp, nil, statusError{
			code, answer.Error, c.login, retryAfter(resp.Header.Get("Retry-After"), time.Now()),
		}
	}
}

// admission is an error when a backend says of its own answer that a part is missing, in a place
// where the client library does not look: VictoriaMetrics in a flag, others among the remarks. Most
// remarks are no such thing: Prometheus makes one about each counter whose name is unusual.
func admission(body []byte) error {
	if !bytes.Contains(body, []byte(`"isPartial"`)) && !bytes.Contains(body, []byte(`"infos"`)) {
		return nil // nearly always, and cheaper than to read it twice
	}
	var answer struct {
		IsPartial bool     `json:"isPartial"`
		Infos     []string `json:"infos"`
	}
	_ = json.Unmarshal(body, &answer) // what is no JSON is found out later
	for _, info := range answer.Infos {
		if strings.Contains(strings.ToLower(info), "partial") {
			return partialError{info}
		}
	}
	if answer.IsPartial {
		return partialError{"some of its storage nodes did not answer"}
	}
	return nil
}

// classify says what an error of a query means for a sample, and what happened, in words that may be
// long and may repeat a secret: only why makes of them what people see.
func classify(err error) (missing experiment.Missing, detail string) {
	if e, ok := errors.AsType[partialError](err); ok {
		return experiment.Partial, e.warning
	}
	if e, ok := errors.AsType[statusError](err); ok {
		switch e.code {
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return experiment.Unreachable, e.Error()
		}
		return experiment.Rejected, e.Error()
	}
	if e, ok := errors.AsType[unanswered](err); ok {
		return experiment.Unreachable, e.words()
	}
	if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return experiment.Rejected, fmt.Sprintf("the answer is larger than %d MiB", e.Limit>>20)
	}
	if isForeign(err) {
		return experiment.Rejected, "the answer is not Prometheus' JSON"
	}
	return experiment.Rejected, err.Error()
}

// words leave out the URL of the request: it is long, and it may repeat the query.
func (e unanswered) words() string {
	network, ok := errors.AsType[net.Error](e)
	switch {
	case errors.Is(e, context.Canceled):
		return "the query was cancelled"
	case errors.Is(e, context.DeadlineExceeded), ok && network.Timeout():
		return "no answer in time"
	}
	if u, ok := errors.AsType[*url.Error](e); ok {
		return u.Err.Error()
	}
	return e.Error()
}

// isForeign tells whether an answer came that Prometheus does not send: anything but an error that
// Prometheus itself has worded.
func isForeign(err error) bool {
	e, ok := errors.AsType[*prometheus.Error](err)
	return !ok || e.Type == prometheus.ErrBadResponse
}

// shorten makes one line of at most maxMessage characters.
func shorten(text string) string {
	line := []rune(strings.Join(strings.Fields(text), " "))
	if len(line) > maxMessage {
		return string(line[:maxMessage-1]) + "…"
	}
	return string(line)
}
