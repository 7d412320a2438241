package runner

import (
	"context"
	"time"

	"perch/experiment"
)

// longestPause bounds the pause between two events of a replay, so that nobody has to sit through
// the hour in which a run waited for its approval.
const longestPause = 15 * time.Second

// Replay tells the events of a recorded run as they happened, speed times as fast; a speed of 0
// tells them at once. The channel is closed after the last event, or when ctx ends.
func Replay(ctx context.Context, events []experiment.Event, speed float64) <-chan experiment.Event {
	out := make(chan experiment.Event) // sent and closed by the goroutine below
	go func() {
		defer close(out)
		for i, e := range events {
			if i > 0 && !pause(ctx, e.At.Sub(events[i-1].At), speed) {
				return
			}
			select {
			case out <- e:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// pause waits for a recorded gap; false when ctx ends before.
func pause(ctx context.Context, gap time.Duration, speed float64) bool {
	if speed <= 0 || gap <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(time.Duration(float64(min(gap, longestPause)) / speed))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
