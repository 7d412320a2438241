package metricsq

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"
)

// attempts is how often a query is sent within its deadline, at most.
const attempts = 3

// defaultBackoff is the wait before the first repetition; before the second it is twice as long. Half
// of it is left to chance, so that many clients do not come back at once.
const defaultBackoff = 250 * time.Millisecond

// retry repeats a question that was not answered, or that the backend was too busy for. A query
// changes nothing, so that it may be asked again. It never waits beyond the deadline of ctx: where
// the wait would be longer, it is over at once.
func retry[T any](ctx context.Context, backoff time.Duration, ask func(context.Context) (T, error)) (T, error) {
	for attempt := 1; ; attempt++ {
		answer, err := ask(ctx)
		if err == nil || backoff < 0 || attempt == attempts || !isPassing(err) {
			return answer, err
		}
		wait := backoff << (attempt - 1)
		wait = wait/2 + rand.N(wait/2+1)
		if e, ok := errors.AsType[statusError](err); ok {
			wait = max(wait, e.retryAfter)
		}
		if !rest(ctx, wait) {
			return answer, err
		}
	}
}

// isPassing tells whether the same question may well be answered in a moment.
func isPassing(err error) bool {
	if e, ok := errors.AsType[statusError](err); ok {
		switch e.code {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	_, silent := errors.AsType[unanswered](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	lookup, ok := errors.AsType[*net.DNSError](err)
	return silent && !untrusted && (!ok || !lookup.IsNotFound) && !errors.Is(err, http.ErrSchemeMismatch) &&
		!errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// rest waits, and tells whether there is time left to ask again.
func rest(ctx context.Context, wait time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// retryAfter reads how long a backend wants to be left alone: seconds, or a date.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(min(max(seconds, 0), 3600)) * time.Second
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(date.Sub(now), 0)
	}
	return 0
}
