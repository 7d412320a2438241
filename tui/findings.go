package tui

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"perch/experiment"
)

// Findings writes what a pre-flight has found: a row each, with the way out and the details below
// those that are not fine.
func Findings(w io.Writer, list []experiment.Finding, a Appearance) error {
	sc := scene{styles: newStyles(a)}
	width := 0
	for _, f := range list {
		width = max(width, len([]rune(f.Subject)))
	}
	width = min(width, subjectMost)
	var out strings.Builder
	for _, f := range list {
		t := findingTone(f.Grade)
		fmt.Fprintf(&out, " %s %-*s  %s\n", sc.paint(t, sc.markOf(t)), width, sc.clean(f.Subject), sc.paint(t, f.What))
		if f.Grade == experiment.Fine {
			continue
		}
		for _, line := range f.Detail {
			fmt.Fprintf(&out, "%*s%s\n", width+findingIndent, "", sc.paint(dim, line))
		}
		if f.Hint != "" {
			fmt.Fprintf(&out, "%*s%s\n", width+findingIndent, "", sc.paint(plain, "hint: "+f.Hint))
		}
	}
	wrong, doubtful := count(list, experiment.Wrong), count(list, experiment.Doubtful)
	switch {
	case wrong > 0:
		fmt.Fprintf(&out, "\n %d wrong, %d doubtful, of %s: a run would not do\n", wrong, doubtful, plural(len(list), "finding"))
	case doubtful > 0:
		fmt.Fprintf(&out, "\n nothing is wrong, %d doubtful, of %s\n", doubtful, plural(len(list), "finding"))
	default:
		fmt.Fprintf(&out, "\n all is well: %s\n", plural(len(list), "finding"))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// The columns of a finding.
const (
	subjectMost   = 32
	findingIndent = 5 // the mark, and what stands around it and behind the subject
)

// FindingsJSON writes each finding as a line of JSON.
func FindingsJSON(w io.Writer, list []experiment.Finding) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	for _, f := range list {
		if err := encoder.Encode(f); err != nil {
			return err
		}
	}
	return nil
}

func count(list []experiment.Finding, g experiment.Grade) (n int) {
	for _, f := range list {
		if f.Grade == g {
			n++
		}
	}
	return n
}

func findingTone(g experiment.Grade) tone {
	switch g {
	case experiment.Wrong:
		return missed
	case experiment.Doubtful:
		return unknown
	case experiment.Fine:
	}
	return met
}
