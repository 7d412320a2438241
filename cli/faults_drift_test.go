//go:build e2e || faults

package cli

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"perch/experiment"
)

// outsider is another writer's field manager.
const outsider = "kubectl-edit"

// driftScenarios let somebody else change the traffic under each policy.
func driftScenarios() []scenario {
	meddle := []step{{after: "shifted 2", do: func(p *stage) { p.meddle(10) }}}
	stopped := ending{experiment.OutcomeStopped, codeUndecided, "90/10"}
	list := []scenario{
		{
			name: "drift: stop", short: true, args: []string{"--on-drift=stop"}, want: stopped, says: []string{"changed by " + outsider},
			also: func(p *stage) { writesNothingMore(p); p.leavesAlone() },
		},
		{name: "drift: adopt", args: []string{"--on-drift=adopt"}, want: promoted(), upgrades: 1},
		{name: "drift: repair", args: []string{"--on-drift=repair"}, want: promoted(), facts: []string{"decided/repair"}, upgrades: 1},
	}
	for i := range list {
		list[i].steps, list[i].iterations, list[i].writers = meddle, 6, []string{outsider}
		list[i].facts = append(list[i].facts, "drifted")
	}
	return list
}

// meddle gives the candidate some percent, as a person with kubectl does.
func (p *stage) meddle(percent int) {
	p.Helper()
	patch := fmt.Sprintf(`{"spec":{"traffic":[{"tag":"current","revisionName":%q,"latestRevision":false,"percent":%d},`+
		`{"tag":"candidate","revisionName":%q,"latestRevision":false,"percent":%d}]}}`, baselineRevision, 100-percent, candidateRevision, percent)
	_, err := p.world.services.Patch(p.Context(), "sample-app", types.MergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: outsider})
	if err != nil {
		p.Fatal(err)
	}
}

// leavesAlone sees that nothing was written over the other's split.
func (p *stage) leavesAlone() {
	p.Helper()
	splits := p.world.splits(p.T)
	if last := splits[len(splits)-1]; last.Manager != outsider {
		p.violate("%s wrote %v over %s", last.Manager, last.Percent, outsider)
	}
}
