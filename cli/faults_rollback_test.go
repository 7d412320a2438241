//go:build e2e || faults

package cli

import (
	"time"

	"perch/experiment"
)

// promptly is how soon a roll back is served where the API server is well.
const promptly = 2 * time.Second

// rollbackScenarios roll back from every state of a run.
func rollbackScenarios() []scenario {
	states := map[string][]step{
		"while it runs":   {{after: "decided 2"}},
		"while held":      {{after: "shifted 2", say: experiment.Hold}, {after: "obeyed/hold 1"}},
		"while it asks":   {{after: "asked/promote 1"}},
		"in a hung query": {{after: "shifted 2", rules: `[{` + onMetrics + `,"do":"hang"}]`}, {after: "struck 1"}},
		"in an outage":    {{after: "shifted 2", rules: `[{` + onMetrics + `,"do":"reset"}]`}, {after: "decided/hold 1"}},
		"after an outage": {{after: "asked/promote 1", rules: `[{` + onMetrics + `,"do":"reset"}]`}, {after: "decided/hold 1"}},
		"held, in outage": {{after: "shifted 2", say: experiment.Hold}, {after: "obeyed/hold 1", rules: `[{` + onMetrics + `,"do":"reset"}]`}, {after: "struck 1"}},
	}
	var list []scenario
	for name, steps := range states {
		list = append(list, rollback("roll back: "+name, append(steps, step{say: experiment.RollBack}), inTime))
	}
	slow := step{rules: `[{"target":"api","do":"latency","delay":"500ms"}]`}
	for _, name := range []string{"while it runs", "while held", "while it asks"} {
		list = append(list, rollback("roll back: "+name+", slow API server", append(states[name], slow, step{say: experiment.RollBack}), nil))
	}
	broken := step{rules: `[{` + onShift + `,"do":"status","code":500}]`}
	unplanned := []step{
		{after: "shifted 2", rules: `[{` + onChart + `,"do":"status","code":404}]`},
		{after: "asked/retry 1", say: experiment.RollBack},
		{after: "asked/retry 2", rules: heal}, {say: experiment.Approve},
	}
	return append(list, rollback("roll back: when a plan has failed, and the baseline's as well", unplanned, inTime), rollback("roll back: not before the API server heals",
		append(states["while it asks"], broken, step{say: experiment.RollBack}, step{after: "troubled/roll back 1", rules: heal}), nil))
}

func rollback(name string, steps []step, also func(*stage)) scenario {
	return scenario{
		name: name, args: []string{"--approve=ask"}, steps: steps, want: rolledBack(), upgrades: 1, also: also,
		facts: []string{"obeyed/rollback", "rolledBack", "promoting/current"}, never: []string{"promoting/candidate"},
	}
}

// inTime sees that the candidate lost its traffic soon after the wish.
func inTime(p *stage) {
	p.Helper()
	took := p.reach("rolledBack", 1).At.Sub(p.reach("obeyed/rollback", 1).At)
	p.remark += ", served after " + took.Round(time.Millisecond).String()
	if took > promptly {
		p.violate("rolled back %s after the wish", took)
	}
}
