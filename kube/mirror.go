package kube

import (
	"errors"
	"fmt"
	"strings"

	"perch/experiment"
)

// A Mirror rewrites the start of URLs of charts and values, for sites that have copies of them. The
// zero value rewrites nothing.
type Mirror struct{ rules []rewrite }

type rewrite struct{ from, to string }

// What bounds a mirror: how many rules it has, and how many bytes one of them. No URL is longer.
const (
	maxRules = 1000
	maxRule  = 16 << 10
)

// ParseMirror reads rules of the form FROM=TO. Empty rules are left out, so that the parts of an
// unset variable may be passed on. All mistakes are reported at once.
func ParseMirror(rules []string) (Mirror, error) {
	var m Mirror
	if len(rules) > maxRules {
		return m, fmt.Errorf("%d rules are too many for a mirror: want at most %d", len(rules), maxRules)
	}
	var mistakes []error
	for _, rule := range rules {
		if rule = strings.TrimSpace(rule); rule == "" {
			continue
		}
		if len(rule) > maxRule {
			mistakes = append(mistakes, fmt.Errorf("a mirror rule has %d KiB: want at most %d", len(rule)>>10, maxRule>>10))
			continue
		}
		from, to, ok := strings.Cut(rule, "=")
		if !ok || from == "" || to == "" {
			mistakes = append(mistakes, fmt.Errorf("mirror %q is not of the form FROM=TO", redact(rule)))
			continue
		}
		if !strings.Contains(from, "://") {
			mistakes = append(mistakes, fmt.Errorf("mirror %q does not rewrite the start of a URL", redact(rule)))
			continue
		}
		m.rules = append(m.rules, rewrite{from, to})
	}
	if len(mistakes) > 0 {
		return Mirror{}, experiment.WithHint(errors.Join(mistakes...),
			"for example --mirror https://charts.example.com/=https://mirror.example.org/charts/")
	}
	return m, nil
}

// Rewrite gives where to fetch a URL from: by the rule with the longest matching start, the first
// of equal ones. It is applied once.
func (m Mirror) Rewrite(url string) string {
	var best rewrite
	for _, r := range m.rules {
		if strings.HasPrefix(url, r.from) && len(r.from) > len(best.from) {
			best = r
		}
	}
	if best.from == "" {
		return url
	}
	return best.to + strings.TrimPrefix(url, best.from)
}
