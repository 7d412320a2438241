package tui

import (
	"fmt"
	"strings"

	"perch/experiment"
)

// counted says what each version did since the last scrape.
func (n *entry) counted(s experiment.State, f experiment.Counted) {
	n.quiet = true
	var words []string
	for _, v := range s.Spec().Versions {
		words = append(words, talliesWords(v.Name, f.Tallies))
	}
	n.text = strings.Join(words, "; ")
}

// talliesWords sums up a version's tallies: "candidate 412 requests, 3 failed".
func talliesWords(version string, tallies []experiment.Tally) string {
	var requests, errors int64
	missing := ""
	for _, t := range tallies {
		if t.Version != version {
			continue
		}
		requests, errors = requests+t.Requests, errors+t.Errors
		if t.Missing != "" {
			missing = ", no data (" + string(t.Missing) + ")"
		}
	}
	text := fmt.Sprintf("%s %s", version, plural(int(requests), "request"))
	if errors > 0 {
		text += fmt.Sprintf(", %d failed", errors)
	}
	return text + missing
}
