//go:build e2e || faults

package cli

import "perch/experiment"

// What of the API server is broken: requests about the service, its writes by Perch, Helm's by their
// bodies, the lease, the checkpoint.
const (
	onService    = `"target":"api","path":"/services/sample-app$"`
	onPatch      = onService + `,"method":"PATCH"`
	onShift      = onPatch + `,"body":"^.\"metadata\":.\"resourceVersion\""`
	onLease      = `"target":"api","method":"PUT","path":"/leases/perch-sample-app$"`
	onCheckpoint = `"target":"api","path":"/configmaps","body":"checkpoint"`
)

// apiScenarios break the API server in the middle of a run.
func apiScenarios() []scenario {
	// until heals behind an event what was broken behind the first shift.
	until := func(rule, event string) []step {
		return []step{{after: "shifted 1", rules: `[{` + rule + `}]`}, {after: event, rules: heal}}
	}
	always := func(rule string) []step { return []step{{rules: `[{` + rule + `}]`}} }
	list := []scenario{
		{name: "api: one conflict on the shift", short: true, steps: always(onShift + `,"times":1,"do":"status","code":409`)},
		{name: "api: conflicts until it is told", steps: until(onShift+`,"do":"status","code":409`, "troubled/shift 1"), says: []string{"changes faster than Perch can write it"}},
		{name: "api: 429, come back in 2 s", steps: always(onShift + `,"times":2,"do":"status","code":429,"retryAfter":2`)},
		{name: "api: 500 for a while", steps: until(`"target":"api","do":"status","code":500`, "troubled 1")},
		{name: "api: 503 for a while", steps: until(`"target":"api","do":"status","code":503`, "troubled 1")},
		{name: "api: reading the service hangs", steps: until(onService+`,"method":"GET","do":"hang"`, "troubled/observe 1")},
		{name: "api: the shift hangs, and arrives late", steps: until(onShift+`,"times":1,"do":"hang"`, "struck 1")},
		{name: "api: the shift hangs, and is given up", iterations: 6, steps: until(onShift+`,"do":"hang"`, "struck 2")},
		{name: "api: the answer of each shift is lost", short: true, steps: always(onShift + `,"do":"lose-answer"`)},
		{name: "api: connections are reset", steps: until(`"target":"api","do":"reset"`, "troubled 1")},
		{name: "api: one reset of the shift", steps: always(onShift + `,"times":1,"do":"reset"`)},
		{name: "api: answers break off", steps: until(onService+`,"do":"truncate"`, "troubled 1")},
		{name: "api: 3 s for everything", iterations: 6, steps: until(`"target":"api","do":"latency","delay":"3s"`, "shifted 2")},
		{name: "api: 401 for a while", steps: until(`"target":"api","do":"status","code":401`, "troubled 1"), says: []string{"does not accept the credentials"}},
		{name: "api: shifting is forbidden", short: true, steps: until(onShift+`,"do":"status","code":403`, "troubled/shift 1"),
			says: []string{"patch on services.serving.knative.dev in default"}},
	}
	for i := range list {
		list[i].want, list[i].upgrades = promoted(), 1
	}
	return append(list,
		scenario{
			name: "api: the lease cannot be renewed", iterations: 30, want: takenOver(),
			steps: []step{{after: "shifted 1", rules: `[{` + onLease + `,"do":"status","code":500}]`}},
			also:  writesNothingMore,
		},
		scenario{
			name: "api: no checkpoint can be kept", want: promoted(), upgrades: 1,
			steps: []step{
				{rules: `[{` + onCheckpoint + `,"do":"status","code":500}]`},
				{after: "troubled/shift 1", do: func(p *stage) {
					if n := len(p.world.splits(p.T)); n > 1 {
						p.violate("%d splits were written before a checkpoint", n-1)
					}
				}},
				{rules: heal},
			},
		})
}

// writesNothingMore sees that no split came after the last word of a run.
func writesNothingMore(p *stage) {
	p.Helper()
	last := p.run.events[len(p.run.events)-1]
	if later := p.writes(last.At); len(later) > 0 {
		p.violate("after it %s: %v", last.Fact.(experiment.Ended).Outcome, later)
	}
}
