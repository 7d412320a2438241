package kube

import (
	"context"
	"errors"
	"fmt"

	"perch/experiment"
)

// Guard makes every write depend on a lease. Without one, writes depend on nothing. Call it before
// the first write.
func (k *Knative) Guard(l *Lease) { k.lease = l }

// Guard makes every promotion depend on a lease, and marks what it writes with the lease's run. Call
// it before the first promotion. An upgrade is not begun without the lease; one that has begun when
// the lease is lost goes on, because Helm's own lock on the release keeps others away from it.
func (h *Helm) Guard(l *Lease) {
	h.lease = l
	if l != nil {
		h.Mark(l.driver.Run)
	}
}

// enter is the first half of guarding a write, before the reading that it is based on: it gives the
// term, whose confirm is the second half. A nil Lease guards nothing.
func (l *Lease) enter(target experiment.Target) (*term, error) {
	if l == nil {
		return nil, nil
	}
	t := l.current()
	if t == nil || t.target != target {
		return nil, experiment.WithHint(&LostError{Target: target, Why: "it was not taken"}, "nothing was written")
	}
	return t, t.gone()
}

// confirm is the second half of guarding a write, between the reading that it is based on and the
// write itself: it asks the server who has the lease. So the reading is younger than the last
// renewal by this run, or nobody else had the lease since; and whatever a later driver writes makes
// this write fail by its resourceVersion. A nil term guards nothing.
func (t *term) confirm(ctx context.Context) error {
	if t == nil {
		return nil
	}
	_, err := t.check(ctx)
	if _, lost := errors.AsType[*LostError](err); err == nil || lost {
		return err
	}
	return fmt.Errorf("look at the lease: %w", explain(err, t.context))
}
