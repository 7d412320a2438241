//go:build e2e || faults

package cli

import (
	"syscall"
	"time"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	secrets "helm.sh/helm/v3/pkg/storage/driver"
	helmtime "helm.sh/helm/v3/pkg/time"

	"perch/experiment"
)

// What of a promotion is broken.
const (
	onChart      = `"target":"charts","path":"index.yaml$"`
	onValues     = `"target":"charts","path":"-values.yaml$"`
	onNewRelease = `"target":"api","method":"POST","path":"/namespaces/iter8-system/secrets$"`
	onOldRelease = `"target":"api","method":"PUT","path":"/namespaces/iter8-system/secrets/"`
	onUpgrade    = onPatch + `,"body":"null"` // which takes spec.traffic away
)

// helmScenarios break the promotion of a candidate that has won.
func helmScenarios() []scenario {
	behindShift := func(rule string) []step { return []step{{after: "shifted 1", rules: `[{` + rule + `}]`}} }
	return []scenario{
		{
			name: "helm: the chart is gone", short: true, steps: behindShift(onChart + `,"do":"status","code":404`),
			want: notPromoted(), never: []string{"promoting"}, then: promoted(), upgrades: 1,
		},
		{
			name: "helm: the values are gone", steps: behindShift(onValues + `,"do":"status","code":404`),
			want: notPromoted(), never: []string{"promoting"}, then: promoted(), upgrades: 1,
		},
		{
			name: "helm: the values hang for a while", want: promoted(), upgrades: 1,
			steps: append(behindShift(onValues+`,"do":"hang"`), step{after: "struck 1", rules: heal}),
		},
		{
			name: "helm: another Helm has begun an upgrade", steps: []step{{after: "shifted 1", do: occupy}},
			want: notPromoted(), never: []string{"promoting", "promoted"}, says: []string{"revision 3 is pending-upgrade", "helm rollback sample-app -n iter8-system"},
			also: vacate,
		},
		{
			name: "helm: a dead Helm's upgrade is recovered", steps: []step{{after: "shifted 1", do: occupy}},
			args: []string{"--helm-recover"}, want: promoted(), facts: []string{"recovered"}, upgrades: 2, also: vacate,
		},
		{
			name: "helm: the new revision cannot be written", steps: behindShift(onNewRelease + `,"do":"status","code":500`),
			want: notPromoted(), facts: []string{"promoting"}, also: keepsTraffic, then: promoted(), upgrades: 1,
		},
		{
			name: "helm: its end cannot be written for a while", steps: behindShift(onOldRelease + `,"times":4,"do":"status","code":500`),
			want: ending{experiment.OutcomePromotionFailed, codePromotionFailed, "0/100"}, then: promoted(), upgrades: 1,
		},
		{
			name: "helm: a signal during the upgrade", want: promoted(), facts: []string{"refused"}, upgrades: 1,
			steps: append(behindShift(onNewRelease+`,"do":"hold-answer"`),
				step{after: "struck 1", kill: syscall.SIGTERM}, step{after: "refused 1", rules: heal}),
		},
		{
			name: "helm: the API server hangs during the upgrade", want: promoted(), upgrades: 1,
			steps: append(behindShift(onUpgrade+`,"do":"hang"`), step{after: "struck 1", rules: heal}),
		},
		{
			name: "helm: killed while the upgrade hangs", want: ending{code: -1}, then: promoted(), upgrades: 1,
			steps: append(behindShift(onUpgrade+`,"do":"hang"`), step{after: "struck 1", kill: syscall.SIGKILL}),
		},
	}
}

// history is where Helm keeps its releases, past everything that is broken.
func (w *world) history() *storage.Storage {
	return storage.Init(secrets.NewSecrets(w.typed.CoreV1().Secrets("iter8-system")))
}

// occupy leaves a revision as a Helm does that is killed in an upgrade.
func occupy(p *stage) {
	p.Helper()
	last, err := p.world.history().Last("sample-app")
	if err != nil {
		p.Fatal(err)
	}
	last.Version++
	last.Labels = nil
	last.Info = &release.Info{
		FirstDeployed: last.Info.FirstDeployed, LastDeployed: helmtime.Time{Time: time.Now().Add(-time.Hour)},
		Status: release.StatusPendingUpgrade, Description: "Preparing upgrade",
	}
	if err := p.world.history().Create(last); err != nil {
		p.Fatal(err)
	}
}

// vacate removes that revision, which is none of Perch's.
func vacate(p *stage) {
	p.Helper()
	if _, err := p.world.history().Delete("sample-app", 3); err != nil {
		p.Fatal(err)
	}
}

// keepsTraffic sees that a failed promotion moved nothing.
func keepsTraffic(p *stage) {
	p.Helper()
	if moved := p.writes(p.reach("promoting", 1).At); len(moved) > 0 {
		p.violate("a promotion that failed wrote %v", moved)
	}
}
