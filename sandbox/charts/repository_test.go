package charts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/repo"
	"sigs.k8s.io/yaml"
)

func serve(t *testing.T, tag string) *Repository {
	t.Helper()
	r, err := Serve(t.Context(), os.DirFS("../../testdata/canary-progressive"), t.TempDir(), tag)
	if err != nil {
		t.Fatalf("serve: %v", err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return r
}

func fetch(t *testing.T, url string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("get %s: %v", url, err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("get %s: %s, %v", url, response.Status, err)
	}
	return content
}

func TestIndexLeadsToTheChart(t *testing.T) {
	t.Parallel()
	r := serve(t, DefaultTag)
	var index repo.IndexFile
	if err := yaml.Unmarshal(fetch(t, r.URL+"/helm-repo/index.yaml"), &index); err != nil {
		t.Fatalf("index: %v", err)
	}
	version, err := index.Get("sample-app", "")
	if err != nil {
		t.Fatalf("index: %v", err)
	}
	where, err := repo.ResolveReferenceURL(r.URL+"/helm-repo", version.URLs[0])
	if err != nil {
		t.Fatalf("index: %v", err)
	}
	archive := fetch(t, where)
	sum := sha256.Sum256(archive)
	if got := hex.EncodeToString(sum[:]); got != version.Digest {
		t.Errorf("digest of the archive is %s, the index says %s", got, version.Digest)
	}
	loaded, err := loader.LoadArchive(strings.NewReader(string(archive)))
	if err != nil {
		t.Fatalf("load the archive: %v", err)
	}
	if loaded.Name() != "sample-app" || loaded.Metadata.Version != "0.1.0" {
		t.Errorf("chart is %s %s", loaded.Name(), loaded.Metadata.Version)
	}
}

func TestChartRendersEachValuesFile(t *testing.T) {
	t.Parallel()
	r := serve(t, "green-slow")
	const image = "gcr.io/knative-samples/knative-route-demo:"
	tests := []struct {
		file, name, image string
		targets           int
	}{
		{"baseline-values.yaml", "sample-app-v1", image + "blue", 0},
		{"candidate-values.yaml", "sample-app-v2", image + "green-slow", 0},
		{"experimental-values.yaml", "sample-app-v2", image + "green-slow", 2},
	}
	for _, test := range tests {
		values, err := chartutil.ReadValues(fetch(t, r.URL+"/"+test.file))
		if err != nil {
			t.Fatalf("%s: %v", test.file, err)
		}
		all, err := chartutil.ToRenderValues(r.Chart, values, chartutil.ReleaseOptions{}, nil)
		if err != nil {
			t.Fatalf("%s: %v", test.file, err)
		}
		rendered, err := engine.Render(r.Chart, all)
		if err != nil {
			t.Fatalf("%s: %v", test.file, err)
		}
		var service struct {
			Metadata struct{ Name, Namespace string }
			Spec     struct {
				Template struct {
					Metadata struct{ Name string }
					Spec     struct{ Containers []struct{ Image string } }
				}
				Traffic []map[string]any
			}
		}
		if err := yaml.Unmarshal([]byte(rendered["sample-app/templates/ksvc.yaml"]), &service); err != nil {
			t.Fatalf("%s: %v", test.file, err)
		}
		template := service.Spec.Template
		if service.Metadata.Name != "sample-app" || service.Metadata.Namespace != "default" ||
			template.Metadata.Name != test.name || template.Spec.Containers[0].Image != test.image ||
			len(service.Spec.Traffic) != test.targets {
			t.Errorf("%s: rendered %+v", test.file, service)
		}
	}
}

func TestUnknownPathsAreNotFound(t *testing.T) {
	t.Parallel()
	r := serve(t, DefaultTag)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.URL+"/chart/values.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusNotFound {
		t.Errorf("got %s, want 404", response.Status)
	}
}

func TestTagOfTheCandidateCanChange(t *testing.T) {
	t.Parallel()
	r := serve(t, DefaultTag)
	if err := r.SetTag("a b"); err == nil {
		t.Error("an odd tag is taken")
	}
	if err := r.SetTag("green-slow"); err != nil {
		t.Fatal(err)
	}
	for file, tag := range map[string]string{"baseline": "blue", "candidate": "green-slow", "experimental": "green-slow"} {
		values, err := r.Values(file + "-values.yaml")
		if image := "gcr.io/knative-samples/knative-route-demo:" + tag; err != nil || values["image"] != image {
			t.Errorf("%s: image is %v, %v, want %s", file, values["image"], err, image)
		}
	}
}

func TestCheckTag(t *testing.T) {
	t.Parallel()
	for tag, good := range map[string]bool{"green": true, "v1.2_3-x": true, "": false, "-x": false, "a b": false, "a:b": false} {
		if err := CheckTag(tag); (err == nil) != good {
			t.Errorf("CheckTag(%q) = %v", tag, err)
		}
	}
}
