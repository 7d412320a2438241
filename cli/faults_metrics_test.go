//go:build e2e || faults

package cli

import "fmt"

// onMetrics is what Perch asks Prometheus.
const onMetrics = `"target":"prometheus","path":"^/api/v1/query"`

// outages are the ways in which Prometheus fails to measure.
func outages() map[string]string {
	return map[string]string{
		"is down": `"do":"reset"`, "hangs": `"do":"hang"`, "500": `"do":"status","code":500`, "503": `"do":"status","code":503`,
		"401": `"do":"status","code":401`, "finds nothing": `"do":"empty"`, "NaN": `"do":"nan"`, "several series": `"do":"several"`,
		"stale": `"do":"stale"`, "a warning": `"do":"warning"`, "no JSON of its own": `"do":"wrong-json"`, "breaks off": `"do":"truncate"`,
	}
}

// metricsScenarios break Prometheus once the candidate has traffic: for two looks, behind which the
// run goes on, and for longer than is tolerated.
func metricsScenarios() []scenario {
	var list []scenario
	for name, rule := range outages() {
		rules := fmt.Sprintf(`[{%s,%s}]`, onMetrics, rule)
		list = append(list, scenario{
			name: "prometheus: " + name, iterations: 7, want: promoted(), upgrades: 1,
			short: name == "is down" || name == "stale",
			steps: []step{{after: "shifted 1", rules: rules}, {after: "decided/hold 2", do: neverRose}, {rules: heal}},
			facts: []string{"decided/hold"}, never: []string{"rolledBack", "decided/withdraw"},
		})
	}
	for _, name := range []string{"is down", "hangs", "503", "401", "finds nothing", "NaN"} {
		list = append(list, scenario{
			name: "prometheus: " + name + ", for too long", iterations: 7, args: []string{"--outage-budget=2"}, want: undecided(),
			short: name == "503",
			steps: []step{{after: "shifted 1", rules: fmt.Sprintf(`[{%s,%s}]`, onMetrics, outages()[name])}},
			never: []string{"rolledBack", "promoting", "decided/withdraw"},
			also:  writesNothingMore,
		})
	}
	return list
}

// neverRose sees that the weights stayed since the first look without data.
func neverRose(p *stage) {
	p.Helper()
	first, last := p.reach("decided/hold", 1), p.run.events[len(p.run.events)-1]
	if rises := p.rises(first.At, last.At); len(rises) > 0 {
		p.violate("without data the candidate rose: %v", rises)
	}
}
