package experiment

import "errors"

// hinted is an error that knows the way out.
type hinted struct {
	error
	hint string
}

// Unwrap gives the error under the hint.
func (h hinted) Unwrap() error { return h.error }

// WithHint adds to an error the one line that says what to do about it. The error itself says, in
// one line, what happened.
func WithHint(err error, hint string) error { return hinted{err, hint} }

// HintOf is the hint nearest to the surface of an error, "" when it has none.
func HintOf(err error) string {
	if h, ok := errors.AsType[hinted](err); ok {
		return h.hint
	}
	return ""
}
