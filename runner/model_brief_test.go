package runner

import (
	"fmt"
	"strings"

	"perch/experiment"
)

// brief is an event in a few words, for failure texts.
func brief(e experiment.Event) string {
	text := fmt.Sprintf("%d %s", e.Seq, e.Name())
	switch f := e.Fact.(type) {
	case experiment.Started:
		return text
	case experiment.Resumed:
		return fmt.Sprintf("%s from event %d", text, f.Before.Seq)
	case experiment.Measured:
		var why []string
		for _, s := range f.Samples {
			word := string(s.Missing)
			if s.Value != nil {
				word = fmt.Sprint(*s.Value)
			}
			why = append(why, word)
		}
		text = fmt.Sprintf("%s %d: %s", text, f.Iteration, strings.Join(why, ", "))
		if f.Traffic != nil {
			text += fmt.Sprintf("; %s by %q", f.Traffic.Split, f.Traffic.ChangedBy)
		}
		return text
	case experiment.Decided:
		return text + ": " + f.Decision.Reason
	case experiment.Counted:
		return text
	case experiment.Shifted:
		return fmt.Sprintf("%s from %s to %s, seen %s", text, f.From, f.Asked, f.Traffic.Split)
	case experiment.Ended:
		text = fmt.Sprintf("%s %s: %s", text, f.Outcome, f.Reason)
		if f.Traffic != nil {
			text += "; " + f.Traffic.Split.String()
		}
		return text
	}
	return fmt.Sprintf("%s %+v", text, e.Fact)
}
