package runner

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"perch/experiment"
)

// How long keeping a checkpoint may take.
const (
	saveTimeout = 15 * time.Second
	lastTimeout = 2 * time.Second // where something is more urgent: a roll back, the end
)

// A saver keeps the checkpoint up to date without making the owner of the state wait. Before
// Perch writes to the cluster, the writer itself makes sure that the checkpoint is.
type saver struct {
	keeper Keeper
	saving chan struct{} // holds one token while a save is under way
	abort  context.CancelFunc
	done   chan struct{} // closed when run has ended

	mu     sync.Mutex // guards what follows
	latest experiment.State
	saved  int           // Seq that is safe
	wake   chan struct{} // buffered: one wake-up is enough; closed by the owner
}

// newSaver starts a saver; finish ends it.
func newSaver(ctx context.Context, k Keeper) *saver {
	ctx, abort := context.WithCancel(context.WithoutCancel(ctx))
	s := &saver{keeper: k, abort: abort, saving: make(chan struct{}, 1), done: make(chan struct{}), wake: make(chan struct{}, 1)}
	go s.run(ctx)
	return s
}

// note takes a newer state, to be saved soon.
func (s *saver) note(state experiment.State) {
	s.mu.Lock()
	s.latest = state
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run saves what is noted. An error is no event: the next save may do better, and nothing is
// written to the cluster before one has.
func (s *saver) run(ctx context.Context) {
	defer close(s.done)
	for range s.wake {
		if err := s.flush(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("checkpoint", "error", err.Error())
		}
	}
}

// flush returns when the latest state is safe.
func (s *saver) flush(ctx context.Context) error {
	select {
	case s.saving <- struct{}{}:
		defer func() { <-s.saving }()
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	state, saved := s.latest, s.saved
	s.mu.Unlock()
	if state.Seq == saved {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	if err := s.keeper.Save(ctx, state); err != nil {
		return err
	}
	s.mu.Lock()
	s.saved = state.Seq
	s.mu.Unlock()
	return nil
}

// finish saves the last state. It does not wait for a server that hangs.
func (s *saver) finish(ctx context.Context) {
	s.abort()
	close(s.wake)
	<-s.done
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTimeout)
	defer cancel()
	if err := s.flush(ctx); err != nil {
		slog.Warn("last checkpoint", "error", err.Error())
	}
}
