package metricsq

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"

	"perch/experiment"
)

// longestDetail bounds what a backend's words take on a screen, in bytes.
const longestDetail = 160

// reason sorts an error: did the backend answer that it will not, or did it not answer?
func (c *Client) reason(err error) (experiment.Missing, string) {
	if errors.Is(err, context.DeadlineExceeded) {
		return experiment.Unreachable, "no answer within " + c.timeout.String()
	}
	if refused, ok := errors.AsType[*prometheus.Error](err); ok {
		return refusal(refused), c.scrub(words(refused))
	}
	at, ok := errors.AsType[*url.Error](err)
	if !ok {
		return experiment.Rejected, c.scrub("the answer is not Prometheus' (" + err.Error() + ")")
	}
	if dial, ok := errors.AsType[*net.OpError](at.Err); ok && dial.Op == "dial" {
		return experiment.Unreachable, c.scrub("connect to " + c.where + ": " + lastWords(dial.Err))
	}
	return experiment.Unreachable, c.scrub(at.Err.Error())
}

// refusal: a server in trouble, or a gateway in front of it, has said nothing about the question.
func refusal(e *prometheus.Error) experiment.Missing {
	switch e.Type { //nolint:exhaustive // the others are refusals
	case prometheus.ErrServer, prometheus.ErrTimeout, prometheus.ErrCanceled:
		return experiment.Unreachable
	}
	return experiment.Rejected
}

// words are Prometheus' own, and for the usual mistakes with credentials what they mean.
func words(e *prometheus.Error) string {
	switch {
	case strings.Contains(e.Msg, "401"):
		return http.StatusText(http.StatusUnauthorized) + " (401): the credentials are missing or wrong"
	case strings.Contains(e.Msg, "403"):
		return http.StatusText(http.StatusForbidden) + " (403): the credentials do not allow this"
	case e.Type == prometheus.ErrBadResponse:
		return "the answer is not Prometheus' (" + e.Msg + ")"
	}
	return e.Msg
}

func lastWords(err error) string {
	text := err.Error()
	return strings.TrimSpace(text[strings.LastIndex(text, ":")+1:])
}

// scrub keeps a text short, on one line, and free of the password.
func (c *Client) scrub(text string) string {
	if c.secret != "" {
		text = strings.ReplaceAll(text, c.secret, "xxxxx")
		text = strings.ReplaceAll(text, url.QueryEscape(c.secret), "xxxxx")
	}
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > longestDetail {
		text = text[:longestDetail] + "..."
	}
	return text
}
