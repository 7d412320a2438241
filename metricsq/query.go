package metricsq

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"perch/experiment"
)

// placeholder is Python's string.Template: $$, $name or ${name}.
var placeholder = regexp.MustCompile(`\$(?:\$|(\w+)|\{(\w+)\})`)

// escaped makes a value safe inside a PromQL string, whichever quotes it stands in.
func escaped(value string) string {
	return strings.NewReplacer(`\`, `\\`, `'`, `\'`, `"`, `\"`, "`", "", "\n", `\n`).Replace(value)
}

// resolve fills the placeholders of a query for a version: its variables, its name as $name, and the
// whole seconds since the start, at least 1, as $elapsedTime. A word that stands for nothing stays
// as it is, as in Iter8.
func resolve(query string, v experiment.Version, since, now time.Time) string {
	elapsed := strconv.Itoa(max(1, int(now.Sub(since).Seconds())))
	return placeholder.ReplaceAllStringFunc(query, func(match string) string {
		if match == "$$" {
			return "$"
		}
		word := strings.Trim(match, "${}")
		if word == "elapsedTime" {
			return elapsed
		}
		if value, ok := v.Lookup(word); ok {
			return escaped(value)
		}
		return match
	})
}
