// Package charts serves the tutorial's files over HTTP on loopback, at the paths that they have in
// the tutorial: a Helm repository with the chart sample-app, and the values files beside it.
package charts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/repo"
	"sigs.k8s.io/yaml"
)

const (
	// Origin is where the tutorial's own files are on the internet.
	Origin = "https://raw.githubusercontent.com/iter8-tools/iter8/master/samples/knative/canaryprogressive"
	// DefaultTag is the image tag of the candidate in the tutorial.
	DefaultTag = "green"

	root = "/canaryprogressive"
)

// tag is what may follow the colon of an image.
var tag = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)

// image is the line of a values file that names the candidate's image.
var image = regexp.MustCompile(`(?m)^(image: \S+):` + DefaultTag + `$`)

// Repository serves the chart and its values.
type Repository struct {
	// URL stands for Origin.
	URL string
	// Chart is the chart that is served.
	Chart *chart.Chart

	tutorial fs.FS
	mu       sync.RWMutex
	files    map[string][]byte // by path
	server   *http.Server
}

// CheckTag tells whether an image can have the tag.
func CheckTag(name string) error {
	if !tag.MatchString(name) {
		return fmt.Errorf("%q is no image tag", name)
	}
	return nil
}

// Serve serves the files of the tutorial until Stop, the chart's archive being built in dir. The
// candidate's image has the tag given.
func Serve(ctx context.Context, tutorial fs.FS, dir, candidateTag string) (*Repository, error) {
	r := &Repository{tutorial: tutorial, files: map[string][]byte{}}
	if err := r.SetTag(candidateTag); err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the chart repository: %w", err)
	}
	r.URL = "http://" + listener.Addr().String() + root
	if err := r.pack(dir); err != nil {
		return nil, fmt.Errorf("chart sample-app: %w", err)
	}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = r.server.Serve(listener) }()
	return r, nil
}

// SetTag has the values files, those YAML files beside the chart, name the candidate's image with
// the tag given from now on.
func (r *Repository) SetTag(candidateTag string) error {
	if err := CheckTag(candidateTag); err != nil {
		return err
	}
	names, err := fs.Glob(r.tutorial, "*.yaml")
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range names {
		content, err := fs.ReadFile(r.tutorial, name)
		if err != nil {
			return fmt.Errorf("tutorial's files: %w", err)
		}
		r.files[root+"/"+name] = image.ReplaceAll(content, []byte("${1}:"+candidateTag))
	}
	return nil
}

// pack builds the archive of the chart, and the index with its digest.
func (r *Repository) pack(dir string) error {
	var err error
	if r.Chart, err = load(r.tutorial); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	archive, err := chartutil.Save(r.Chart, dir)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(archive)
	if err != nil {
		return err
	}
	index, err := repo.IndexDirectory(dir, "") // relative URLs lead through a proxy too
	if err != nil {
		return err
	}
	listing, err := yaml.Marshal(index)
	if err != nil {
		return err
	}
	r.files[root+"/helm-repo/index.yaml"] = listing
	r.files[root+"/helm-repo/"+filepath.Base(archive)] = content
	return nil
}

func load(tutorial fs.FS) (*chart.Chart, error) {
	folder, err := fs.Sub(tutorial, "chart")
	if err != nil {
		return nil, err
	}
	var files []*loader.BufferedFile
	err = fs.WalkDir(folder, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(folder, path)
		files = append(files, &loader.BufferedFile{Name: path, Data: content})
		return err
	})
	if err != nil {
		return nil, err
	}
	return loader.LoadFiles(files)
}

// Values are the values of a file that is served, such as experimental-values.yaml.
func (r *Repository) Values(name string) (map[string]any, error) {
	content, served := r.file(root + "/" + name)
	if !served {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	values, err := chartutil.ReadValues(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return values, nil
}

func (r *Repository) file(path string) (content []byte, served bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	content, served = r.files[path]
	return content, served
}

// ServeHTTP serves a file.
func (r *Repository) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	content, served := r.file(request.URL.Path)
	if !served {
		http.NotFound(w, request)
		return
	}
	http.ServeContent(w, request, request.URL.Path, time.Time{}, bytes.NewReader(content))
}

// Stop ends serving.
func (r *Repository) Stop() error {
	if err := r.server.Close(); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
