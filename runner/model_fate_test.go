package runner

import (
	"fmt"
	"math/rand/v2"
	"time"

	"perch/experiment"
)

// patience is how many things befall a life before everything works again and people want it to
// end, and stubborn is how often they say so before they give up.
const (
	patience = 14
	stubborn = 60
)

// befall is what happens to a life: people, other writers, moods, and its end.
func (l *life) befall() {
	d := l.dice[fate]
	for n := range patience + stubborn {
		pause := upTo(d, l.plan.pace)
		if n > patience {
			pause += 30 * time.Second
		}
		select {
		case <-time.After(pause):
		case <-l.over:
			return
		}
		switch {
		case n < patience:
			l.act(d)
		case n == patience:
			l.heal()
		case n%2 == 0 || !l.answer(0):
			l.wish(experiment.Stop, 0)
		}
	}
	l.watch.broken("the run does not end, however often it is asked to")
	l.kill()
}

// act lets one thing happen.
func (l *life) act(d *rand.Rand) {
	switch roll := d.IntN(100); {
	case roll < 30:
		l.answer(d.IntN(8))
	case roll < 38:
		l.wish(experiment.Hold, 0)
	case roll < 48:
		l.wish(experiment.Resume, 0)
	case roll < 54:
		l.wish(experiment.RollBack, 0)
	case roll < 58:
		l.wish(experiment.Recover, 0)
	case roll < 60:
		l.wish(experiment.Stop, 0)
	case roll < 61:
		l.wish("dance", 0)
	case roll < 68:
		l.meddle(anySplit(d), d.IntN(4) == 0)
	case roll < 71:
		l.meddle(l.splitNow(), false)
	case roll < 90:
		l.swing(d)
	case roll < 92:
		l.lose()
	case roll < 94:
		l.abandon()
	case roll < 96:
		l.lock()
	default:
		l.kill()
	}
}

// answer answers the open question, if there is one: rightly, or, for small numbers, with an older
// one or with any. Some answer one that is open no more.
func (l *life) answer(how int) bool {
	l.watch.mu.Lock()
	open, last := l.watch.open != nil, l.watch.last
	l.watch.mu.Unlock()
	switch {
	case last == 0 || !open && how != 3:
		return false
	case how == 1:
		l.wish(experiment.Approve, last-1)
	case how == 2:
		l.wish(experiment.Approve, 0)
	default:
		l.wish(experiment.Approve, last)
	}
	return true
}

// wish sends a command under a name of its own, unless the run ends first.
func (l *life) wish(w experiment.Wish, answers int) {
	l.watch.mu.Lock()
	by := fmt.Sprintf("%s %d", w, len(l.watch.sent))
	l.watch.sent[by] = 0
	l.watch.mu.Unlock()
	select {
	case l.send <- experiment.Command{Wish: w, By: by, Answers: answers}:
		l.watch.mu.Lock()
		l.watch.sent[by]++
		l.watch.mu.Unlock()
	case <-l.over:
	}
}

func (l *life) splitNow() experiment.Split {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.split
}

func anySplit(d *rand.Rand) experiment.Split {
	candidate := []int{0, 5, 25, d.IntN(101), 100}[d.IntN(5)]
	split, _ := experiment.NewSplit(100-candidate, candidate)
	return split
}

// swing changes the mood.
func (l *life) swing(d *rand.Rand) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mood = mood{bad: -1, of: -1}
	switch d.IntN(6) {
	case 0:
		l.mood.bad = 1
	case 1:
		l.mood.bad = 0
	case 2:
		l.mood.missing, l.mood.of = reasons()[d.IntN(len(reasons()))], d.IntN(3)-1
	}
}

// lose gives the lease to another driver.
func (l *life) lose() {
	if l.lostAt.Load() == nil {
		l.lostAt.Store(new(time.Now()))
		close(l.lost)
	}
}

// abandon leaves nobody to answer.
func (l *life) abandon() {
	select {
	case <-l.alone:
	default:
		close(l.alone)
	}
}

// lock leaves the release as a Helm does that was killed.
func (l *life) lock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.helm.locked = l.helm.busy == 0
}

// kill ends the process at once: nothing it does has an effect any more.
func (l *life) kill() {
	l.dead.Store(true)
	l.cancel()
}
