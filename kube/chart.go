package kube

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/cli/values"
	"helm.sh/helm/v3/pkg/getter"
	"helm.sh/helm/v3/pkg/registry"
	"helm.sh/helm/v3/pkg/repo"

	"perch/experiment"
)

// fetchTimeout bounds each request for an index or for values. Helm's own two minutes are longer than
// a plan may take.
const fetchTimeout = 20 * time.Second

func (h *Helm) getters() getter.Providers {
	return getter.All(h.settings, getter.WithTimeout(h.fetch))
}

// loadChart finds a chart as helm does (a folder or archive here, a URL, a name in --repo or in a
// configured repository, an OCI reference), with every URL by way of the mirror.
func (h *Helm) loadChart(u experiment.HelmUpgrade, config *action.Configuration) (*chart.Chart, error) {
	path, err := h.locate(u, config)
	if err != nil {
		return nil, fetchError("chart "+u.Chart, u.Repo, err)
	}
	c, err := loader.Load(path)
	if err != nil {
		return nil, fetchError("chart "+u.Chart, u.Repo, err)
	}
	if c.Metadata.Type == "library" {
		return nil, fmt.Errorf("chart %s is a library: it cannot be installed", c.Name())
	}
	if err := action.CheckDependencies(c, c.Metadata.Dependencies); err != nil {
		return nil, experiment.WithHint(fmt.Errorf("chart %s lacks dependencies: %w", c.Name(), err),
			"helm dependency build fetches them")
	}
	return c, nil
}

func (h *Helm) locate(u experiment.HelmUpgrade, config *action.Configuration) (string, error) {
	client, err := registry.NewClient(registry.ClientOptWriter(io.Discard), registry.ClientOptEnableCache(true),
		registry.ClientOptCredentialsFile(h.settings.RegistryConfig))
	if err != nil {
		return "", err
	}
	config.RegistryClient = client
	finder := action.NewUpgrade(config)
	finder.Version = u.ChartVersion
	name := h.mirror.Rewrite(u.Chart)
	if fromRepo(u) {
		found, err := repo.FindChartInRepoURL(h.mirror.Rewrite(u.Repo), u.Chart, u.ChartVersion, "", "", "",
			h.getters())
		if err != nil {
			return "", err
		}
		name = h.mirror.Rewrite(found)
	}
	return finder.LocateChart(name, h.settings)
}

// fromRepo tells whether --repo counts: a chart of that name here comes first, as with helm.
func fromRepo(u experiment.HelmUpgrade) bool {
	_, err := os.Stat(u.Chart)
	return u.Repo != "" && err != nil
}

// loadValues merges the files and settings as helm does: the last one wins.
func (h *Helm) loadValues(u experiment.HelmUpgrade) (map[string]any, error) {
	files := h.valueFiles(u)
	options := values.Options{ValueFiles: files, Values: u.Set, StringValues: u.SetString}
	merged, err := options.MergeValues(h.getters())
	if err != nil {
		if strings.HasPrefix(err.Error(), "failed parsing --set") { // and quotes a part of it
			err = said{quoted.ReplaceAllString(err.Error(), `"`+mask+`"`), err}
		}
		return nil, fetchError("values "+strings.Join(files, ", "), "", err)
	}
	return merged, nil
}

func (h *Helm) valueFiles(u experiment.HelmUpgrade) []string {
	files := make([]string, len(u.Values))
	for i, file := range u.Values {
		files[i] = h.mirror.Rewrite(file)
	}
	return files
}

// quoted is what stands between quotes.
var quoted = regexp.MustCompile(`"[^"]*"`)

// httpStatus is how Helm's getter reports an answer other than 200.
var httpStatus = regexp.MustCompile(`failed to fetch (\S+) : (\d{3}.*)$`)

// fetchError says which file could not be had, and what to do about it.
func fetchError(what, repository string, err error) error {
	what = redact(what)
	if m := httpStatus.FindStringSubmatch(err.Error()); m != nil {
		return experiment.WithHint(said{what + ": " + redact(m[1]) + " answers " + m[2], err},
			"check the URL, or rewrite its start with --mirror FROM=TO")
	}
	if errors.Is(err, os.ErrNotExist) {
		return experiment.WithHint(said{what + ": there is no such file", err},
			"relative paths start where perch runs")
	}
	if _, ok := unreachable(err); ok {
		return experiment.WithHint(said{what + ": " + innermost(err), err},
			"check the URL and the network, or rewrite its start with --mirror FROM=TO")
	}
	hint := "look at the finish action of the experiment"
	if repository != "" {
		hint = "helm search repo, or the index.yaml of " + redact(repository) + ", shows what is there"
	}
	return experiment.WithHint(said{what + ": " + oneLine(err.Error()), err}, hint)
}
