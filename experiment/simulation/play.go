package simulation

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// A game is one release that all rules decide.
type game struct {
	service func() Service
	seed    uint64
}

// Progress is told how many releases of how many have been played.
type Progress func(done, total int)

// play decides every game by every rule, on all cores, and returns the runs game by game. It ends
// early only when ctx does.
func play(ctx context.Context, games []game, rules []Rule, tell Progress) ([][]Run, error) {
	results := make([][]Run, len(games))
	done := make(chan struct{}) // each worker sends once a game; closed by nobody
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(games)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(games)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				s := games[i].service()
				results[i] = runs(&s, rules, games[i].seed)
				select {
				case done <- struct{}{}:
				case <-ctx.Done():
				}
			}
		})
	}
	defer workers.Wait()
	for i := range games {
		select {
		case <-done:
			tell(i+1, len(games))
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return results, nil
}
