package runner

import (
	"context"
	"time"
)

// The deadlines of what a worker does. Each adapter has shorter ones for its single requests.
const (
	initializeTimeout = 4 * time.Minute
	lookTimeout       = 30 * time.Second
	shiftTimeout      = 90 * time.Second
	rollBackTimeout   = 30 * time.Second // of one attempt; there is always another
	planTimeout       = time.Minute
	recoverTimeout    = 6 * time.Minute // a roll back of Helm's has its own, of five
	observeTimeout    = 5 * time.Second
	awaitTimeout      = 3 * time.Minute
)

// A worker does one slow thing. The channel is made with room for the one result, so that a worker
// whose answer nobody wants any more does not wait for a receiver.
type worker struct {
	cancel context.CancelFunc
	done   chan func() // sent once by the worker's goroutine, never closed
}

// result is where the worker's answer arrives; nil, for ever silent, when nobody works.
func (w *worker) result() <-chan func() {
	if w == nil {
		return nil
	}
	return w.done
}

// work runs do in the one worker, after cancelling whoever worked before, whose late answer is
// dropped. What do returns is called by the owner of the state.
func (r *Runner) work(ctx context.Context, timeout time.Duration, do func(context.Context) func()) {
	r.cancelWorker()
	r.closing, r.freeing, r.rising = false, false, false
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	w := &worker{cancel: cancel, done: make(chan func(), 1)}
	r.worker = w
	r.workers.Go(func() {
		defer cancel()
		w.done <- do(ctx)
	})
}

func (r *Runner) cancelWorker() {
	if r.worker != nil {
		r.worker.cancel()
		r.worker = nil
	}
}
