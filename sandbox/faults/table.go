package faults

import (
	"context"
	"sync"
)

// Table holds the rules that are in force. Rules are asked in their order: each that matches counts
// the request, and the first that is neither before its Skip nor past its Times strikes.
type Table struct {
	mu   sync.Mutex
	rows []*Row
	// changed is closed, and made anew, whenever a rule strikes or the rules are replaced.
	changed chan struct{}
	// replaced is closed, and made anew, whenever the rules are replaced.
	replaced chan struct{}
}

// Row is a rule with what it has done so far.
type Row struct {
	Rule

	// Matched is how many requests the rule was about.
	Matched int `json:"matched"`
	// Struck is how many of those came to grief by it.
	Struck int `json:"struck"`
}

// strike is one request's misfortune. Over is closed when its rule is removed.
type strike struct {
	*call
	Rule

	over <-chan struct{}
}

// NewTable makes a table without rules.
func NewTable() *Table {
	return &Table{changed: make(chan struct{}), replaced: make(chan struct{})}
}

// Replace puts rules in the place of those before. Requests that hang by one of those go on.
func (t *Table) Replace(rules []Rule) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = nil
	for _, rule := range rules {
		t.rows = append(t.rows, &Row{Rule: rule})
	}
	close(t.replaced)
	t.replaced = make(chan struct{})
	t.signal()
}

// Rows are the rules in their order.
func (t *Table) Rows() []Row {
	rows, _, _ := t.look()
	return rows
}

// WaitStruck returns when the rules together have struck n times, or ctx ends.
func (t *Table) WaitStruck(ctx context.Context, n int) error {
	for {
		_, struck, changed := t.look()
		if struck >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (t *Table) look() (rows []Row, struck int, changed <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rows = []Row{}
	for _, r := range t.rows {
		rows = append(rows, *r)
		struck += r.Struck
	}
	return rows, struck, t.changed
}

// judge counts a call, and tells whether it comes to grief.
func (t *Table) judge(c *call) (s strike, struck bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.rows {
		if !r.matches(c) {
			continue
		}
		r.Matched++
		if r.Matched <= r.Skip || r.Times > 0 && r.Struck >= r.Times {
			continue
		}
		r.Struck++
		t.signal()
		return strike{call: c, Rule: r.Rule, over: t.replaced}, true
	}
	return strike{}, false
}

// signal wakes those who wait for a change; the lock is held.
func (t *Table) signal() {
	close(t.changed)
	t.changed = make(chan struct{})
}
