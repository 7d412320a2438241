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
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/cli"
	"helm.sh/helm/v3/pkg/cli/values"
	"helm.sh/helm/v3/pkg/getter"
	helmkube "helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"perch/experiment"
)

// Helm promotes a version: it does the helm upgrades of an experiment's finish actions with the Helm
// SDK, in this process.
type Helm struct {
	settings *cli.EnvSettings
	mirror   Mirror
	// open connects to the releases of a namespace.
	open func(namespace string) (*action.Configuration, error)
}

// NewHelm works on a cluster, with addresses rewritten by a mirror.
func NewHelm(c *Cluster, m Mirror) *Helm {
	helmkube.ManagedFieldsManager = fieldManager // the SDK has no other place for it
	h := &Helm{settings: c.settings, mirror: m}
	h.open = func(namespace string) (*action.Configuration, error) {
		settings := *c.settings
		settings.SetNamespace(namespace)
		client := settings.RESTClientGetter()
		if flags, ok := client.(*genericclioptions.ConfigFlags); ok {
			timeout := requestTimeout.String()
			flags.Timeout = &timeout
			flags.Namespace = &namespace
		}
		config := &action.Configuration{}
		err := config.Init(client, namespace, os.Getenv("HELM_DRIVER"), func(format string, args ...any) {
			slog.Debug("helm", "message", fmt.Sprintf(format, args...))
		})
		return config, err
	}
	return h
}

// An upgrade is one helm upgrade with all that it needs fetched.
type upgrade struct {
	experiment.HelmUpgrade
	config *action.Configuration
	chart  *chart.Chart
	values map[string]any
	last   *release.Release // nil: not installed
}

// Plan finds out what promoting a version will do: it fetches charts and values, compares them with
// the releases as they are, and renders the charts, but changes nothing.
func (h *Helm) Plan(ctx context.Context, spec experiment.Spec, version string) (experiment.Plan, error) {
	plan := experiment.Plan{Version: version}
	err := h.each(spec, version, func(u upgrade) error {
		described, err := u.describe()
		if err != nil {
			return err
		}
		plan.Upgrades = append(plan.Upgrades, described)
		_, err = u.run(ctx, true)
		return err
	})
	return plan, err
}

// Promote carries out the upgrades in their order, and says what became of each release.
func (h *Helm) Promote(ctx context.Context, spec experiment.Spec, version string) (string, error) {
	var done []string
	err := h.each(spec, version, func(u upgrade) error {
		r, err := u.run(ctx, false)
		if err == nil {
			done = append(done, fmt.Sprintf("release %s, revision %d", r.Name, r.Version))
		}
		return err
	})
	return strings.Join(done, "; "), err
}

// each prepares the upgrades one after the other: the second may rest on what the first has done.
func (h *Helm) each(spec experiment.Spec, version string, do func(upgrade) error) error {
	v, ok := spec.Version(version)
	if !ok {
		return fmt.Errorf("the experiment has no version %s", version)
	}
	for _, task := range spec.Finish {
		wanted, err := task.Helm(v)
		if err != nil {
			return err
		}
		u, err := h.prepare(wanted)
		if err == nil {
			err = do(u)
		}
		if err != nil {
			return helmError(wanted, err)
		}
	}
	return nil
}

func (h *Helm) prepare(wanted experiment.HelmUpgrade) (upgrade, error) {
	u := upgrade{HelmUpgrade: wanted}
	if u.Namespace == "" {
		u.Namespace = h.settings.Namespace()
	}
	u.Repo, u.Chart = h.mirror.apply(u.Repo), h.mirror.apply(u.Chart)
	for i, file := range u.Values {
		u.Values[i] = h.mirror.apply(file)
	}
	var err error
	if u.config, err = h.open(u.Namespace); err != nil {
		return u, err
	}
	if u.last, err = u.config.Releases.Last(u.Release); err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
		return u, err
	}
	if err := u.free(); err != nil {
		return u, err
	}
	path := action.ChartPathOptions{RepoURL: u.Repo, Version: u.ChartVersion}
	file, err := path.LocateChart(u.Chart, h.settings)
	if err != nil {
		return u, fmt.Errorf("find chart %s: %w", u.Chart, err)
	}
	if u.chart, err = loader.Load(file); err != nil {
		return u, fmt.Errorf("load chart %s: %w", u.Chart, err)
	}
	sources := values.Options{ValueFiles: u.Values, Values: u.Set, StringValues: u.SetString}
	if u.values, err = sources.MergeValues(getter.All(h.settings)); err != nil {
		return u, fmt.Errorf("read values: %w", err)
	}
	return u, nil
}

// free refuses a release that another Helm works on, or did when it was killed.
func (u upgrade) free() error {
	if u.last == nil {
		if u.Install {
			return nil
		}
		return experiment.WithHint(errors.New("it is not installed"), "install it first, or add --install to the task")
	}
	info := u.last.Info
	if !info.Status.IsPending() {
		return nil
	}
	age := time.Since(info.LastDeployed.Time).Round(time.Second)
	return experiment.WithHint(
		fmt.Errorf("it is locked: revision %d is %s since %s (%s)", u.last.Version, info.Status, age, info.Description),
		fmt.Sprintf("if no other Helm works on it any more: helm rollback %s -n %s, then approve again", u.Release, u.Namespace))
}

// run installs or upgrades; a dry run renders and changes nothing.
func (u upgrade) run(ctx context.Context, dry bool) (*release.Release, error) {
	if u.last == nil {
		return u.install(ctx, dry)
	}
	up := action.NewUpgrade(u.config)
	up.Namespace, up.Timeout = u.Namespace, u.Timeout
	up.Wait, up.Atomic = u.Wait || u.Atomic, u.Atomic
	up.ReuseValues, up.ResetValues = u.ReuseValues, u.ResetValues
	up.MaxHistory = 10 // as Helm's command line has it
	if dry {
		up.DryRun, up.DryRunOption = true, "client"
	}
	return up.RunWithContext(ctx, u.Release, u.chart, u.values)
}

func (u upgrade) install(ctx context.Context, dry bool) (*release.Release, error) {
	in := action.NewInstall(u.config)
	in.ReleaseName, in.Namespace, in.CreateNamespace = u.Release, u.Namespace, u.CreateNamespace
	in.Timeout, in.Wait, in.Atomic = u.Timeout, u.Wait || u.Atomic, u.Atomic
	if dry {
		in.DryRun, in.DryRunOption = true, "client"
	}
	return in.RunWithContext(ctx, u.chart, u.values)
}

// helmError says which release is in trouble, without the passwords of addresses.
func helmError(u experiment.HelmUpgrade, err error) error {
	explained := explain(err)
	hint := experiment.HintOf(explained)
	if hint == "" {
		switch text := err.Error(); {
		case strings.Contains(text, "find chart"), strings.Contains(text, "read values"):
			hint = "is the address right and reachable? --mirror FROM=TO leads to a copy of it"
		default:
			hint = fmt.Sprintf("look at helm history %s and at what the chart renders", u.Release)
		}
	}
	text := strings.Join(strings.Fields(redacted(explained.Error())), " ")
	return experiment.WithHint(fmt.Errorf("upgrade release %s: %s", u.Release, text), hint)
}
