package metricsq

import (
	"maps"
	"regexp"
	"strconv"
	"strings"
	"time"

	"perch/experiment"
)

// placeholder is what Python's string.Template recognises: $$, $name and ${name}.
var placeholder = regexp.MustCompile(`\$(?:\$|([_a-zA-Z][_a-zA-Z0-9]*)|\{([_a-zA-Z][_a-zA-Z0-9]*)\})`)

// substitute fills the placeholders of a text as Python's safe_substitute does: $$ becomes $, and
// a placeholder without a value stays as it is.
func substitute(text string, values map[string]string) string {
	return placeholder.ReplaceAllStringFunc(text, func(match string) string {
		if match == "$$" {
			return "$"
		}
		groups := placeholder.FindStringSubmatch(match)
		if value, ok := values[groups[1]+groups[2]]; ok {
			return value
		}
		return match
	})
}

// values is what the placeholders of a version's query stand for, ready to stand inside a PromQL
// string. As in Iter8, a variable wins over the version's name, and the elapsed time over both.
func values(v experiment.Version, elapsed time.Duration) map[string]string {
	filled := plain(v, elapsed)
	for name, value := range filled {
		filled[name] = escape(value)
	}
	return filled
}

// plain is what the placeholders stand for, as it is.
func plain(v experiment.Version, elapsed time.Duration) map[string]string {
	filled := map[string]string{"name": v.Name}
	maps.Copy(filled, v.Variables)
	// Prometheus has no window of zero seconds.
	filled["elapsedTime"] = strconv.Itoa(max(1, int(elapsed/time.Second)))
	return filled
}

// escape keeps a value inside the PromQL string that it is put into, whatever quotes that string
// has. Quotes become \x escapes, since PromQL refuses \" between single quotes and \' between
// double ones; between backticks nothing is an escape, but no backtick is left to end them.
func escape(value string) string {
	return strings.NewReplacer(
		`\`, `\\`, "\n", `\n`, `'`, `\x27`, `"`, `\x22`, "`", `\x60`,
	).Replace(value)
}
