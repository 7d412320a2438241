package tui

import (
	"cmp"
	"strings"
)

// NeedsASCII tells from the environment whether a terminal has nothing but ASCII: a dumb one, the
// Linux console, or a locale that says so. Without any locale it is taken to be a terminal of today.
func NeedsASCII(getenv func(string) string) bool {
	if term := getenv("TERM"); term == "dumb" || term == "linux" {
		return true
	}
	locale := strings.ToUpper(cmp.Or(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG")))
	return locale != "" && !strings.Contains(locale, "UTF-8") && !strings.Contains(locale, "UTF8")
}
