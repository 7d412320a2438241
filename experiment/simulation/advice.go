package simulation

import (
	"context"
	"time"

	"perch/experiment/evidence"
)

// Advice says whether an experiment can tell its first candidate from its last one, and what would
// let it: more iterations, or a wider limit. Telling means that nine of ten good ones are promoted on
// proof, not on an estimate, and nine of ten bad ones are not promoted.
type Advice struct {
	From       float64 `json:"from"` // what the first candidate has, in the objective that Trial.Aim names
	To         float64 `json:"to"`   // what the last one has
	Enough     bool    `json:"enough"`
	Iterations int     `json:"iterations,omitempty"` // that would be enough; 0: none found
	Limit      float64 `json:"limit,omitempty"`      // that would be wide enough; 0: none found
	Requests   int64   `json:"requests,omitempty"`   // that the candidate has to answer then
}

const (
	adviceRuns = 60
	adviceGoal = 0.9
	adviceMost = 64  // times the iterations
	widest     = 0.2 // limit of the error rate: beyond, it is none
)

// Advise searches. It takes a few seconds.
func (t Trial) Advise(ctx context.Context) (Advice, error) {
	if len(t.Candidates) > 1 {
		t.Candidates = []Candidate{t.Candidates[0], t.Candidates[len(t.Candidates)-1]}
	}
	t.Runs = min(t.Runs, adviceRuns)
	odds, err := t.judged(ctx)
	if err != nil {
		return Advice{}, err
	}
	a := Advice{From: odds[0].Value, To: odds[len(odds)-1].Value}
	if a.Enough = tells(odds); a.Enough {
		a.Requests = needed(odds)
		return a, nil
	}
	if err := t.lengthen(ctx, &a); err != nil {
		return a, err
	}
	return a, t.widen(ctx, &a)
}

func (t Trial) judged(ctx context.Context) ([]Odds, error) {
	return t.play(ctx, []Rule{Perch("evidence", t.Settings)}, func(int, int) {})
}

// tells: good and bad ones are told apart nearly always.
func tells(odds []Odds) bool {
	for _, o := range odds {
		if o.Told.Of < adviceGoal {
			return false
		}
	}
	return true
}

// needed is how many requests of the candidate its verdict takes.
func needed(odds []Odds) int64 {
	most := 0.0
	for _, o := range odds {
		most = max(most, o.Requests)
	}
	return int64(most)
}

// lengthen doubles the iterations until they are enough, and then tries the middle.
func (t Trial) lengthen(ctx context.Context, a *Advice) error {
	iterations := int(t.Plan.Budget / t.Plan.Interval)
	for factor := 2; factor <= adviceMost; factor *= 2 {
		ok, err := t.lasting(ctx, factor*iterations, a)
		if err != nil {
			return err
		}
		if ok {
			_, err := t.lasting(ctx, factor*iterations*3/4, a)
			return err
		}
	}
	return nil
}

// lasting tries a number of iterations, and notes it if it is enough.
func (t Trial) lasting(ctx context.Context, iterations int, a *Advice) (bool, error) {
	t.Plan.Budget = t.Plan.Interval * time.Duration(iterations)
	odds, err := t.judged(ctx)
	if err != nil || !tells(odds) {
		return false, err
	}
	a.Iterations, a.Requests = iterations, needed(odds)
	return true, nil
}

// widen tries wider limits of the error rate. The baseline stays as it is.
func (t Trial) widen(ctx context.Context, a *Advice) error {
	o, err := t.Aim()
	if err != nil || o.Kind != evidence.ErrorRate {
		return err
	}
	for _, factor := range []float64{2, 5, 10} {
		if factor*o.Limit > widest {
			return nil
		}
		wider := t
		wider.Objectives = widened(t.Objectives, o, factor)
		odds, err := wider.judged(ctx)
		if err != nil {
			return err
		}
		if tells(odds) {
			a.Limit = factor * o.Limit
			return nil
		}
	}
	return nil
}
