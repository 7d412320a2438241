package tutorial

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/yaml"

	"perch/sandbox/assets"
	"perch/sandbox/cluster"
)

// Load is the name of the tutorial's Job, in the namespace default.
const Load = "fortio"

// Tutorial says how the tutorial is done.
type Tutorial struct {
	// Dir is where Helm keeps what it caches.
	Dir string
	// Rate is the load, in requests a second.
	Rate int
	Log  *slog.Logger
	// Progress is told of each stage as it begins.
	Progress func(stage string)
}

// Run does the tutorial up to its experiment: two revisions that are ready, all traffic on the
// first, and a load that runs until the cluster stops.
func (t *Tutorial) Run(ctx context.Context, c *cluster.Cluster) error {
	t.Progress("release " + Service)
	release, err := newRelease(c, t.Dir, t.Log)
	if err != nil {
		return fmt.Errorf("prepare Helm: %w", err)
	}
	if err := release.install(ctx); err != nil {
		return err
	}
	t.Progress("second version of " + Service)
	if err := release.upgrade(ctx, "experimental-values.yaml"); err != nil {
		return err
	}
	t.Progress(fmt.Sprintf("load of %d requests a second", t.Rate))
	return t.startLoad(ctx, c, release)
}

// startLoad makes the Job, unless it is there, and returns when it runs: a sandbox that ends at once
// has a load to tell of too.
func (t *Tutorial) startLoad(ctx context.Context, c *cluster.Cluster, release *release) error {
	url, err := release.url(ctx)
	if err != nil {
		return err
	}
	job, err := t.load(url)
	if err != nil {
		return err
	}
	jobs := c.Client.BatchV1().Jobs(metav1.NamespaceDefault)
	_, err = jobs.Create(ctx, job, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create job %s: %w", job.Name, err)
	}
	err = wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, readyDeadline, true, func(ctx context.Context) (runs bool, err error) {
		found, err := jobs.Get(ctx, job.Name, metav1.GetOptions{})
		return err == nil && found.Status.StartTime != nil, err
	})
	if err != nil {
		return fmt.Errorf("job %s does not start: %w", job.Name, err)
	}
	return nil
}

// load is the tutorial's Job, but without an end and at our rate. It has a connection for every
// four requests a second, so that answers of a quarter of a second do not slow it.
func (t *Tutorial) load(url string) (*batchv1.Job, error) {
	content, err := assets.Tutorial.ReadFile("tutorial/fortio.yaml")
	if err != nil {
		return nil, err
	}
	job := &batchv1.Job{}
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(string(content), "URL_VALUE", strconv.Quote(url))), job); err != nil {
		return nil, fmt.Errorf("fortio.yaml: %w", err)
	}
	job.Name = Load
	for i := range job.Spec.Template.Spec.Containers {
		container := &job.Spec.Template.Spec.Containers[i]
		if container.Name != "fortio" {
			continue
		}
		container.Command = []string{
			"fortio", "load", "-t", "0",
			"-qps", strconv.Itoa(t.Rate), "-c", strconv.Itoa(max(8, t.Rate/4)),
			"-json", "/shared/fortiooutput.json", "$(URL)",
		}
	}
	return job, nil
}
