package runner

import (
	"sync"

	"perch/experiment"
)

// An outbox delivers events in order to a receiver of any speed. The sender never waits: a screen
// that is slow must not delay a rollback.
type outbox struct {
	events chan experiment.Event // sent and closed by deliver
	mu     sync.Mutex
	queue  []experiment.Event
	closed bool
	wake   chan struct{} // buffered: one wake-up is enough for any number of events
}

func newOutbox() *outbox {
	o := &outbox{events: make(chan experiment.Event), wake: make(chan struct{}, 1)}
	go o.deliver()
	return o
}

func (o *outbox) send(e experiment.Event) {
	o.mu.Lock()
	o.queue = append(o.queue, e)
	o.mu.Unlock()
	o.nudge()
}

// close lets deliver end once everything is received.
func (o *outbox) close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.nudge()
}

func (o *outbox) nudge() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outbox) deliver() {
	defer close(o.events)
	for range o.wake {
		o.mu.Lock()
		batch, closed := o.queue, o.closed
		o.queue = nil
		o.mu.Unlock()
		for _, e := range batch {
			o.events <- e
		}
		if closed {
			return
		}
	}
}
