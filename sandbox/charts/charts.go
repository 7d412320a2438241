// Package charts serves the tutorial's Helm chart repository and values files over HTTP on loopback,
// at the paths that the tutorial's addresses have below their common start.
package charts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/repo"

	"perch/sandbox/assets"
)

const (
	// Upstream is how the tutorial's addresses begin.
	Upstream = "https://raw.githubusercontent.com/iter8-tools/iter8/master/samples/knative/canaryprogressive"
	// HealthyTag is the image tag of the tutorial's candidate.
	HealthyTag = "green"
)

// A Repository is the folder of chart and values, and the server in front of it.
type Repository struct {
	URL string // what stands in for Upstream

	dir string
}

// Start writes the repository below dir and serves it until ctx ends. The candidate's values files
// carry the image tag given.
func Start(ctx context.Context, dir, tag string) (*Repository, error) {
	r := &Repository{dir: filepath.Join(dir, "charts")}
	if err := r.writeChart(); err != nil {
		return nil, fmt.Errorf("make the chart repository: %w", err)
	}
	if err := r.writeValues(tag); err != nil {
		return nil, fmt.Errorf("make the values files: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/canaryprogressive/", http.StripPrefix("/canaryprogressive/", http.FileServer(http.Dir(r.dir))))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // loopback's listener has failed
		}
	}()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	r.URL = "http://" + listener.Addr().String() + "/canaryprogressive"
	return r, nil
}

// Chart is the tutorial's chart.
func (r *Repository) Chart() (*chart.Chart, error) {
	return loader.Load(filepath.Join(r.dir, "helm-repo", "sample-app-0.1.0.tgz"))
}

// Values reads one of the values files, "experimental-values.yaml".
func (r *Repository) Values(name string) (map[string]any, error) {
	return chartutil.ReadValuesFile(filepath.Join(r.dir, name))
}

// Mirror is the value of PERCH_MIRROR that leads from the tutorial's addresses here.
func (r *Repository) Mirror() string { return Upstream + "=" + r.URL }

func (r *Repository) writeChart() error {
	folder := filepath.Join(r.dir, "helm-repo")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	files, err := chartFiles()
	if err != nil {
		return err
	}
	c, err := loader.LoadFiles(files)
	if err != nil {
		return err
	}
	if _, err := chartutil.Save(c, folder); err != nil {
		return err
	}
	index, err := repo.IndexDirectory(folder, "")
	if err != nil {
		return err
	}
	return index.WriteFile(filepath.Join(folder, "index.yaml"), 0o600)
}

// chartFiles reads the chart out of the assets.
func chartFiles() ([]*loader.BufferedFile, error) {
	var files []*loader.BufferedFile
	const root = "tutorial/chart"
	err := fs.WalkDir(assets.Files, root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(assets.Files, path)
		files = append(files, &loader.BufferedFile{Name: strings.TrimPrefix(path, root+"/"), Data: data})
		return err
	})
	return files, err
}

func (r *Repository) writeValues(tag string) error {
	for _, name := range []string{"baseline", "candidate", "experimental"} {
		file := name + "-values.yaml"
		data, err := fs.ReadFile(assets.Files, "tutorial/"+file)
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(string(data), "knative-route-demo:"+HealthyTag, "knative-route-demo:"+tag)
		if err := os.WriteFile(filepath.Join(r.dir, file), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
