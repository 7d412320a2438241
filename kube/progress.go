package kube

import (
	"context"
	"fmt"

	"helm.sh/helm/v3/pkg/release"

	"perch/experiment"
)

// A Stage says how far an upgrade came. The zero value is the one that needs a person most, and a
// whole promotion is as far as its least upgrade.
type Stage int

// The stages.
const (
	StagePending  Stage = iota // a Helm is at work, or was killed midway: Recover
	StageFailed                // this run's upgrade failed: a person chooses
	StageNotBegun              // this run wrote nothing that still counts: Promote
	StageDone                  // this run's revision is deployed
)

func (s Stage) words() []string { return []string{"pending", "failed", "not begun", "done"} }

// String is the stage's words.
func (s Stage) String() string { return s.words()[s] }

// A Progress says how far a run came in promoting a version.
type Progress struct {
	Stage    Stage // the least of the upgrades'; StageDone when there are none
	Upgrades []UpgradeProgress
}

// An UpgradeProgress says how far one upgrade came.
type UpgradeProgress struct {
	Release  string
	Stage    Stage
	Revision int    // that the stage is about; 0: none
	What     string // for people: "revision 3 of this run is deployed"
}

// Progress finds out how far a run, which may have been killed, came in promoting a version. The run
// is that of Guard or Mark.
func (h *Helm) Progress(ctx context.Context, spec experiment.Spec, version string) (Progress, error) {
	progress := Progress{Stage: StageDone}
	upgrades, err := upgradesOf(spec, version)
	if err != nil {
		return Progress{}, fmt.Errorf("look how far the promotion of %s came: %w", version, err)
	}
	for _, u := range upgrades {
		one, err := h.progress(ctx, u, mark{h.run, version})
		if err != nil {
			return Progress{}, fmt.Errorf("look how far the promotion of %s came: release %s: %w", version, u.Release, err)
		}
		progress.Upgrades = append(progress.Upgrades, one)
		progress.Stage = min(progress.Stage, one.Stage)
	}
	return progress, nil
}

func (h *Helm) progress(ctx context.Context, u experiment.HelmUpgrade, m mark) (UpgradeProgress, error) {
	if err := ctx.Err(); err != nil {
		return UpgradeProgress{}, err
	}
	p, err := h.open(u)
	if err != nil {
		return UpgradeProgress{}, err
	}
	history, err := p.config.Releases.History(p.Release)
	if err := ignoreAbsent(err); err != nil {
		return UpgradeProgress{}, explain(err, h.context)
	}
	one := UpgradeProgress{Release: u.Release, Stage: StageNotBegun, What: "there is no such release yet"}
	var ours *release.Release
	for _, r := range history {
		if p.last == nil || r.Version > p.last.Version {
			p.last = r
		}
		if m.on(r) && (ours == nil || r.Version > ours.Version) {
			ours = r
		}
	}
	if p.last == nil {
		return one, nil
	}
	one.Stage, one.Revision, one.What = p.stage(ours)
	return one, nil
}

// stage judges by the last revision, and by the last one of this run, which may be nil.
func (p *promotion) stage(ours *release.Release) (stage Stage, revision int, what string) {
	last := p.last.Version
	switch {
	case p.last.Info.Status.IsPending():
		return StagePending, last, p.pending().Error()
	case ours == nil:
		return StageNotBegun, last, fmt.Sprintf("revision %d is not of this run", last)
	case ours.Info.Status == release.StatusDeployed:
		return StageDone, ours.Version, fmt.Sprintf("revision %d of this run is deployed", ours.Version)
	case ours.Info.Status == release.StatusFailed:
		return StageFailed, ours.Version, fmt.Sprintf("revision %d of this run failed%s: %s", ours.Version,
			p.since(ours), description(ours))
	}
	return StageNotBegun, ours.Version, fmt.Sprintf("revision %d of this run is %s%s", ours.Version, ours.Info.Status, p.since(ours))
}

// since says what came after a revision.
func (p *promotion) since(ours *release.Release) string {
	if p.last.Version == ours.Version {
		return ""
	}
	return fmt.Sprintf(", and revision %d is %s", p.last.Version, p.last.Info.Status)
}
