package kube

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/cli"
	kubefake "helm.sh/helm/v3/pkg/kube/fake"
	"helm.sh/helm/v3/pkg/registry"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/repo"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	helmtime "helm.sh/helm/v3/pkg/time"
)

// A helmWorld is Helm with releases in memory, and a site with charts and values. The index of the
// charts is written for https://charts.test/, which only the mirror makes reachable.
type helmWorld struct {
	*Helm
	site string
	kept *action.Configuration
}

func newHelmWorld(t *testing.T) *helmWorld {
	t.Helper()
	dir := t.TempDir()
	for _, c := range []*chart.Chart{sampleChart("1.0.0", `name: {{ required "a name is needed" .Values.name }}`), brokenChart()} {
		if _, err := chartutil.Save(c, dir); err != nil {
			t.Fatal(err)
		}
	}
	index, err := repo.IndexDirectory(dir, "https://charts.test/repo")
	if err != nil {
		t.Fatal(err)
	}
	if err := index.WriteFile(filepath.Join(dir, "index.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, body := range map[string]string{
		"candidate-values.yaml": "name: v2\ndb: {password: two}\n",
		"baseline-values.yaml":  "name: v1\n",
		"odd-values.yaml":       "- no map\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/repo/", http.StripPrefix("/repo/", http.FileServer(http.Dir(dir))))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	m, err := ParseMirror([]string{"https://charts.test/=" + server.URL + "/"})
	if err != nil {
		t.Fatal(err)
	}
	w := &helmWorld{site: server.URL, kept: &action.Configuration{
		Releases: storage.Init(driver.NewMemory()), KubeClient: &kubefake.PrintingKubeClient{Out: io.Discard},
		Capabilities: chartutil.DefaultCapabilities.Copy(), Log: logHelm,
	}}
	settings := cli.New()
	settings.RepositoryCache, settings.RepositoryConfig = t.TempDir(), filepath.Join(dir, "repositories.yaml")
	settings.RegistryConfig = filepath.Join(dir, "registry.json")
	w.Helm = &Helm{
		mirror: m, settings: settings, namespace: "shop", context: access{name: "prod"}, fetch: fetchTimeout, configure: w.configure,
	}
	return w
}

func (w *helmWorld) configure(namespace string) (*action.Configuration, error) {
	w.kept.Releases.Driver.(*driver.Memory).SetNamespace(namespace)
	w.kept.RegistryClient = (*registry.Client)(nil)
	return w.kept, nil
}

func sampleChart(version, line string) *chart.Chart {
	return &chart.Chart{
		Metadata:  &chart.Metadata{APIVersion: "v2", Name: "sample-app", Version: version},
		Values:    object{"tVersion": "blue"},
		Raw:       []*chart.File{{Name: chartutil.ValuesfileName, Data: []byte("tVersion: blue\n")}},
		Templates: []*chart.File{{Name: "templates/app.yaml", Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  " + line + "\n")}},
	}
}

func brokenChart() *chart.Chart {
	c := sampleChart("1.0.0", "x: {{ .Values.a.b.c }}")
	c.Metadata.Name = "broken"
	return c
}

// has puts a release into the storage.
func (w *helmWorld) has(t *testing.T, revision int, status release.Status, config object) {
	t.Helper()
	if err := w.kept.Releases.Create(&release.Release{
		Name: "sample-app", Namespace: "shop", Version: revision, Config: config, Chart: sampleChart("0.9.0", "old: x"),
		Info: &release.Info{Status: status, Description: "Preparing upgrade", LastDeployed: helmtime.Time{Time: time.Now().Add(-3 * time.Minute)}},
	}); err != nil {
		t.Fatal(err)
	}
}
