//go:build e2e || faults

package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A row is a line of the table that is printed at the end.
type row struct {
	name       string
	runs       int
	kills      int
	resumes    int
	violations int
	took       time.Duration
	remark     string
}

// A report collects the rows of tests that run side by side.
type report struct {
	out  io.Writer
	mu   sync.Mutex
	rows []*row
}

// trial begins a row, which is complete when the test ends. Its name is what it has in common with
// others: they become one line.
func (r *report) trial(t *testing.T, w *world, name string) *trial {
	t.Helper()
	x := &trial{T: t, row: &row{name: name}, world: w}
	began := time.Now()
	t.Cleanup(func() {
		x.took = time.Since(began)
		if t.Failed() && x.violations == 0 {
			x.violations = 1 // it could not go on
		}
		r.add(x.row)
		if t.Failed() {
			fmt.Fprintf(r.out, "FAILED %s\n", t.Name())
		}
	})
	return x
}

func (r *report) add(one *row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.rows, func(other *row) bool { return other.name == one.name })
	if i < 0 {
		r.rows = append(r.rows, one)
		return
	}
	sum := r.rows[i]
	sum.runs += one.runs
	sum.kills += one.kills
	sum.resumes += one.resumes
	sum.violations += one.violations
	sum.took += one.took
}

// print shows every row, and what they sum up to.
func (r *report) print() {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortFunc(r.rows, func(a, b *row) int { return strings.Compare(a.name, b.name) })
	const format = "%-58s %5v %6v %8v %11v %7v  %s\n"
	fmt.Fprintf(r.out, format, "", "runs", "kills", "resumes", "violations", "time", "")
	total := row{name: fmt.Sprintf("%d rows", len(r.rows))}
	for _, one := range append(r.rows, &total) {
		fmt.Fprintf(r.out, format, one.name, one.runs, one.kills, one.resumes, one.violations,
			one.took.Round(100*time.Millisecond), one.remark)
		total.runs += one.runs
		total.kills += one.kills
		total.resumes += one.resumes
		total.violations += one.violations
		total.took += one.took
	}
}
