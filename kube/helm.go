package kube

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/cli"
	helmkube "helm.sh/helm/v3/pkg/kube"

	"perch/experiment"
)

// A Helm promotes versions with Helm's own library: no helm program, no shell. The environment
// counts as it does for helm (HELM_DRIVER, HELM_REPOSITORY_CONFIG, …), except that the cluster is
// always the one whose traffic is shifted, never that of HELM_KUBECONTEXT and its like.
type Helm struct {
	mirror    Mirror
	settings  *cli.EnvSettings
	namespace string
	context   access
	driver    string // HELM_DRIVER: where releases are kept
	fetch     time.Duration
	lease     *Lease
	run       string // that marks what is written; "": none
	configure func(namespace string) (*action.Configuration, error)
}

// NewHelm promotes in a cluster, with charts and values fetched by way of a mirror. It makes Helm
// sign what it writes as Perch's in the whole process, so call it before anything runs.
func NewHelm(c *Cluster, m Mirror) *Helm {
	if helmkube.ManagedFieldsManager != FieldManager {
		helmkube.ManagedFieldsManager = FieldManager
	}
	storage := os.Getenv("HELM_DRIVER")
	return &Helm{mirror: m, settings: cli.New(), namespace: c.namespace, context: c.context, driver: storage, fetch: fetchTimeout,
		configure: func(namespace string) (*action.Configuration, error) {
			config := new(action.Configuration)
			err := config.Init(newGetter(c, namespace), namespace, storage, logHelm)
			return config, err
		}}
}

// logHelm takes what Helm has to say off the terminal.
func logHelm(format string, args ...any) {
	slog.Debug("helm", "says", oneLine(fmt.Sprintf(format, args...)))
}

// Plan finds out what promoting a version will do, without doing it. The chart is fetched and
// rendered, so that a chart or a value that cannot work is an error now and not after the approval.
func (h *Helm) Plan(ctx context.Context, spec experiment.Spec, version string) (experiment.Plan, error) {
	plan := experiment.Plan{Version: version}
	upgrades, err := upgradesOf(spec, version)
	if err != nil {
		return plan, fmt.Errorf("plan the promotion of %s: %w", version, err)
	}
	for _, u := range upgrades {
		upgrade, err := h.plan(ctx, u)
		if err != nil {
			return plan, fmt.Errorf("plan the promotion of %s: release %s: %w", version, u.Release, err)
		}
		plan.Upgrades = append(plan.Upgrades, upgrade)
	}
	return plan, nil
}

// Promote carries out the finish actions for a version, one after the other, and says in a few
// words what was done. An upgrade that has begun is not interrupted by the context, because Helm
// would mark the release failed with the cluster half changed; Helm's own timeouts hold.
func (h *Helm) Promote(ctx context.Context, spec experiment.Spec, version string) (string, error) {
	upgrades, err := upgradesOf(spec, version)
	if err != nil {
		return "", fmt.Errorf("promote %s: %w", version, err)
	}
	var done []string
	for _, u := range upgrades {
		revision, err := h.upgrade(ctx, spec.Target, u, version)
		if err != nil {
			return strings.Join(done, "; "), fmt.Errorf("promote %s: release %s: %w", version, u.Release, err)
		}
		done = append(done, fmt.Sprintf("release %s, revision %d", u.Release, revision))
	}
	return strings.Join(done, "; "), nil
}

// upgradesOf are the finish actions for a version.
func upgradesOf(spec experiment.Spec, version string) ([]experiment.HelmUpgrade, error) {
	v, ok := spec.Version(version)
	if !ok {
		return nil, fmt.Errorf("the experiment has no version %q", version)
	}
	var upgrades []experiment.HelmUpgrade
	for _, task := range spec.Finish {
		if task.Name != experiment.ExecTask || task.Cmd != "helm" { // programs are not for Helm
			continue
		}
		u, err := task.Helm(v)
		if err != nil {
			return nil, err
		}
		upgrades = append(upgrades, u)
	}
	return upgrades, nil
}

// upgrade looks at the release while the lease is held, and asks for the lease once more before it
// begins: when another driver promoted meanwhile, Helm finds the next revision taken.
func (h *Helm) upgrade(
	ctx context.Context, t experiment.Target, u experiment.HelmUpgrade, version string,
) (revision int, err error) {
	pass, err := h.lease.enter(t)
	if err != nil {
		return 0, err
	}
	if err := h.abandon(ctx, u, pass); err != nil {
		return 0, err
	}
	p, err := h.prepare(u)
	if err != nil {
		return 0, err
	}
	p.mark = mark{h.run, version}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := pass.confirm(ctx); err != nil {
		return 0, err
	}
	ctx = context.WithoutCancel(ctx)
	released, err := p.run(ctx, "none")
	if err != nil {
		return 0, h.explain(p.settle(ctx, err), p)
	}
	return released.Version, nil
}

// explain says what an error of Helm's means, and what to do about it.
func (h *Helm) explain(err error, p *promotion) error {
	if strings.Contains(err.Error(), "another operation (install/upgrade/rollback) is in progress") {
		return experiment.WithHint(said{"another Helm operation has just begun on it", err},
			"wait for it: helm history "+p.Release+" -n "+p.Namespace)
	}
	if p.notReady(err) {
		return experiment.WithHint(said{p.unready(err), err}, "kubectl get events -n "+p.Namespace+" says why; helm history "+
			p.Release+" -n "+p.Namespace+" shows how it stands")
	}
	explained := explain(said{p.hide(err.Error()), err}, h.context)
	if experiment.HintOf(explained) != "" || errors.Is(err, context.Canceled) {
		return explained
	}
	return experiment.WithHint(explained, "helm history "+p.Release+" -n "+p.Namespace+" shows how it stands")
}
