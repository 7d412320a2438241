package metricsq

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"perch/experiment"
)

// askRaw asks Prometheus for the answer as it stands, for a metric whose jqExpression wants more of
// it than the value.
func (c *Client) askRaw(ctx context.Context, m metric, query string, now time.Time) experiment.Sample {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	s := experiment.Sample{Query: query}
	u := c.api.URL("/api/v1/query", nil)
	form := u.Query()
	form.Set("query", query)
	form.Set("time", strconv.FormatFloat(float64(now.UnixMilli())/1000, 'f', -1, 64))
	u.RawQuery = form.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		s.Missing, s.Detail = experiment.Rejected, "the query makes no request"
		return s
	}
	body, err := retry(ctx, c.backoff, func(ctx context.Context) ([]byte, error) {
		_, body, err := c.api.Do(ctx, request) //nolint:bodyclose // Do has read it and closed it
		return body, err
	})
	return c.extracted(ctx, m, s, body, err)
}

// askForeign asks another backend than Prometheus, at the metric's own address and without the login
// of Prometheus.
func (c *Client) askForeign(ctx context.Context, m metric, v experiment.Version, w window) experiment.Sample {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := m.request(ctx, v, w.elapsed())
	if err != nil {
		return experiment.Sample{Missing: experiment.Rejected, Detail: err.Error()}
	}
	s := experiment.Sample{Query: m.shown(request, v, w.elapsed())}
	body, err := retry(ctx, c.backoff, func(ctx context.Context) ([]byte, error) {
		return c.fetch(request.Clone(ctx))
	})
	return c.extracted(ctx, m, s, body, err)
}

// extracted is a sample with what the metric's jqExpression makes of an answer, or with why there is none.
func (c *Client) extracted(ctx context.Context, m metric, s experiment.Sample, body []byte, err error) experiment.Sample {
	if err != nil {
		s.Missing, s.Detail = c.why(err)
		return s
	}
	s.Value, s.Missing, s.Detail = extract(ctx, m.number, body)
	s.Detail = c.said(s.Detail)
	return s
}

// fetch sends a request to another backend.
func (c *Client) fetch(request *http.Request) ([]byte, error) {
	if request.GetBody != nil {
		body, err := request.GetBody()
		if err != nil {
			return nil, err
		}
		request.Body = body
	}
	response, err := c.foreign.Do(request)
	if err != nil {
		return nil, unanswered{err}
	}
	defer func() { _ = response.Body.Close() }() // only read
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, unanswered{err}
	}
	if code := response.StatusCode; code/100 != 2 {
		return nil, statusError{code: code, retryAfter: retryAfter(response.Header.Get("Retry-After"), time.Now())}
	}
	return body, nil
}

// shown is the request for people: without its headers, and without the parameters that are in the
// address itself, which is where keys are.
func (m metric) shown(r *http.Request, v experiment.Version, elapsed time.Duration) string {
	parts := []string{r.Method, r.URL.Scheme + "://" + r.URL.Host + r.URL.Path}
	for _, p := range m.Spec.Params {
		parts = append(parts, p.Name+"="+strings.TrimSpace(substitute(p.Value, plain(v, elapsed))))
	}
	return strings.Join(parts, " ")
}

// request is the metric's HTTP request for a version. As in Iter8, parameters and the body are
// templates; the address and the headers would be filled from a secret alone, and stand as they are.
func (m metric) request(ctx context.Context, v experiment.Version, elapsed time.Duration) (*http.Request, error) {
	u, err := url.Parse(m.Spec.URLTemplate)
	if err != nil {
		return nil, errors.New("the urlTemplate is no URL")
	}
	form := u.Query()
	for _, p := range m.Spec.Params {
		form.Set(p.Name, substitute(p.Value, plain(v, elapsed)))
	}
	u.RawQuery = form.Encode()
	body := substitute(m.Spec.Body, inJSON(plain(v, elapsed)))
	if body != "" && !json.Valid([]byte(body)) {
		return nil, errors.New("the body is no JSON once its placeholders are filled")
	}
	method := m.Spec.Method
	if method == "" {
		method = http.MethodGet
	}
	request, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(body))
	if err != nil {
		return nil, errors.New("the urlTemplate makes no request")
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for _, h := range m.Spec.HeaderTemplates {
		request.Header.Set(h.Name, h.Value)
	}
	return request, nil
}

// inJSON makes values that may stand within a JSON string.
func inJSON(values map[string]string) map[string]string {
	quoted := map[string]string{}
	for name, value := range values {
		text, _ := json.Marshal(value) // of a string there is no error
		quoted[name] = string(text[1 : len(text)-1])
	}
	return quoted
}
