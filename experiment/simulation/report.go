package simulation

import (
	"fmt"
	"math"
	"slices"
)

// A Report is what a suite found out.
type Report struct {
	Seed   uint64   `json:"seed"`
	Runs   int      `json:"runs"`   // of each scenario
	Random int      `json:"random"` // random services
	Cells  []Cell   `json:"cells"`
	Better []Better `json:"better,omitempty"` // where a peer is better than Perch
}

// A Cell is what one rule made of one scenario.
type Cell struct {
	Scenario  string  `json:"scenario"`
	Truth     Truth   `json:"truth"`
	Rule      string  `json:"rule"`
	Runs      int     `json:"runs"`
	Wrong     Share   `json:"wrong"`
	Right     Share   `json:"right"`
	Undecided Share   `json:"undecided"`
	Promoted  Share   `json:"promoted"`
	Seconds   float64 `json:"seconds"`    // median to the end; of a bad candidate, to be taken off
	P90       float64 `json:"secondsP90"` // the same, nine tenths
	Harm      float64 `json:"harm"`       // mean number of requests answered worse than by the baseline
}

// A Share of all runs, with its 95 % interval.
type Share struct {
	Count int     `json:"count"`
	Of    float64 `json:"of"` // as a fraction
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// ShareOf counts k of n, with Wilson's score interval.
func ShareOf(k, n int) Share {
	if n == 0 {
		return Share{High: 1}
	}
	const z = 1.959964
	p, m := float64(k)/float64(n), float64(n)
	middle := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return Share{k, p, min(p, max(0, middle-half)), max(p, min(1, middle+half))}
}

// above tells whether a share is larger than another beyond chance.
func (s Share) above(o Share) bool { return s.Low > o.High }

// Better is a scenario in which a peer is better than Perch, and in what.
type Better struct {
	Scenario string   `json:"scenario"`
	Rule     string   `json:"rule"`
	In       []string `json:"in"`
}

// add sums up the runs of one scenario, game by game and rule by rule.
func (r *Report) add(name string, truth Truth, rules []Rule, games [][]Run) {
	if len(games) == 0 {
		return
	}
	for i, rule := range rules {
		list := make([]Run, len(games))
		for k, g := range games {
			list[k] = g[i]
		}
		r.Cells = append(r.Cells, cellOf(name, truth, rule.Name, list))
	}
}

func cellOf(scenario string, truth Truth, rule string, runs []Run) Cell {
	var wrong, right, promoted int
	var seconds []float64
	c := Cell{Scenario: scenario, Truth: truth, Rule: rule, Runs: len(runs)}
	for _, r := range runs {
		wrong += one(r.Wrong(truth))
		right += one(r.Right(truth))
		promoted += one(r.Outcome == Promoted)
		c.Harm += r.Harm / float64(len(runs))
		if truth != Bad || r.Outcome != Promoted {
			seconds = append(seconds, r.Took.Seconds())
		}
	}
	c.Wrong, c.Right = ShareOf(wrong, len(runs)), ShareOf(right, len(runs))
	c.Undecided, c.Promoted = ShareOf(len(runs)-wrong-right, len(runs)), ShareOf(promoted, len(runs))
	slices.Sort(seconds)
	c.Seconds, c.P90 = quantile(seconds, 0.5), quantile(seconds, 0.9)
	return c
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// quantile of a sorted list, 0 of an empty one.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(q*float64(len(sorted)-1))]
}

// Cell finds what a rule made of a scenario.
func (r *Report) Cell(scenario, rule string) (Cell, bool) {
	i := slices.IndexFunc(r.Cells, func(c Cell) bool { return c.Scenario == scenario && c.Rule == rule })
	if i < 0 {
		return Cell{}, false
	}
	return r.Cells[i], true
}

// compare finds where peers are better than the first rule, if that is Perch's.
func (r *Report) compare(rules []Rule) {
	if len(rules) == 0 || rules[0].Peer {
		return
	}
	for _, c := range r.Cells {
		ours, ok := r.Cell(c.Scenario, rules[0].Name)
		i := slices.IndexFunc(rules, func(rule Rule) bool { return rule.Name == c.Rule })
		if !ok || !rules[i].Peer {
			continue
		}
		if in := c.betterThan(ours); len(in) > 0 {
			r.Better = append(r.Better, Better{c.Scenario, c.Rule, in})
		}
	}
}

// betterThan says in what a cell beats another: in wrong decisions, or, with no more of those, in
// promotions of a good candidate, in harm by a bad one, or in time (each beyond chance, or by a tenth).
// A bad candidate that nothing is proven of has been taken off all the same.
func (c Cell) betterThan(o Cell) []string {
	var list []string
	if o.Wrong.above(c.Wrong) {
		list = append(list, fmt.Sprintf("wrong %s instead of %s", c.Wrong.percent(), o.Wrong.percent()))
	}
	if c.Wrong.above(o.Wrong) {
		return list
	}
	if c.Truth == Good && c.Right.above(o.Right) {
		list = append(list, fmt.Sprintf("right %s instead of %s", c.Right.percent(), o.Right.percent()))
	}
	if c.Truth == Bad && o.Harm > 1 && c.Harm < 0.9*o.Harm {
		list = append(list, fmt.Sprintf("harm %.0f instead of %.0f", c.Harm, o.Harm))
	}
	if c.Seconds < 0.9*o.Seconds {
		list = append(list, fmt.Sprintf("after %.0f s instead of %.0f s", c.Seconds, o.Seconds))
	}
	return list
}

// percent writes a share with one decimal.
func (s Share) percent() string { return fmt.Sprintf("%.1f %%", 100*s.Of) }
