package experiment

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Mistake is one thing wrong with an experiment file.
type Mistake struct {
	Line  int    `json:"line"`            // from 1; 0: the file as a whole
	Field string `json:"field,omitempty"` // spec.strategy.testingPattern
	What  string `json:"what"`            // what is wrong, and the way out
}

// A SpecError is everything wrong with one experiment file, by line.
type SpecError struct {
	File     string
	Mistakes []Mistake
}

// Error writes one mistake a line, each as file:line: field: what.
func (e *SpecError) Error() string {
	lines := make([]string, len(e.Mistakes))
	for i, m := range e.Mistakes {
		lines[i] = e.File + ":"
		if m.Line > 0 {
			lines[i] += fmt.Sprintf("%d:", m.Line)
		}
		if m.Field != "" {
			lines[i] += " " + m.Field + ":"
		}
		lines[i] += " " + m.What
	}
	return strings.Join(lines, "\n")
}

// mistakes collects what is wrong while a file is read.
type mistakes struct {
	list    []Mistake
	allowed []Permission
}

func (m *mistakes) allows(p Permission) bool { return slices.Contains(m.allowed, p) }

func (m *mistakes) add(line int, field, format string, args ...any) {
	m.list = append(m.list, Mistake{line, field, fmt.Sprintf(format, args...)})
}

// Findings are the mistakes as a pre-flight tells them.
func (e *SpecError) Findings() []Finding {
	list := make([]Finding, len(e.Mistakes))
	for i, m := range e.Mistakes {
		subject := e.File
		if m.Line > 0 {
			subject += fmt.Sprintf(":%d", m.Line)
		}
		what := m.What
		if m.Field != "" {
			what = m.Field + " " + m.What
		}
		list[i] = Finding{Subject: subject, Grade: Wrong, What: what}
	}
	return list
}

// err is nil, or a SpecError with the mistakes in the order of the file.
func (m *mistakes) err(file string) error {
	if len(m.list) == 0 {
		return nil
	}
	slices.SortStableFunc(m.list, func(a, b Mistake) int { return cmp.Compare(a.Line, b.Line) })
	return &SpecError{file, m.list}
}
