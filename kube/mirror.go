package kube

import (
	"fmt"
	"strings"

	"perch/experiment"
)

// A Mirror rewrites how addresses of charts and values begin, for sites that keep copies of them.
// The zero Mirror changes nothing.
type Mirror struct{ rules []mirrorRule }

type mirrorRule struct{ from, to string }

// ParseMirror reads rules FROM=TO; empty ones are skipped. The "=" that divides a rule is the one in
// front of TO's scheme, since addresses may have others.
func ParseMirror(rules []string) (Mirror, error) {
	var m Mirror
	for _, rule := range rules {
		rule = strings.TrimSpace(rule)
		if rule == "" {
			continue
		}
		at := max(strings.LastIndex(rule, "=http://"), strings.LastIndex(rule, "=https://"), strings.LastIndex(rule, "=file://"))
		if at <= 0 {
			return Mirror{}, experiment.WithHint(fmt.Errorf("mirror %q is not FROM=TO", redacted(rule)),
				"write it as --mirror https://charts.example.com=http://127.0.0.1:8080/charts")
		}
		m.rules = append(m.rules, mirrorRule{rule[:at], strings.TrimSuffix(rule[at+1:], "/")})
	}
	return m, nil
}

// apply rewrites an address by the longest rule that it begins with.
func (m Mirror) apply(address string) string {
	best := mirrorRule{}
	for _, r := range m.rules {
		if strings.HasPrefix(address, r.from) && len(r.from) > len(best.from) {
			best = r
		}
	}
	return best.to + strings.TrimPrefix(address, best.from)
}
