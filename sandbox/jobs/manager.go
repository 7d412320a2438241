// Package jobs stands in for the Job controller and the kubelet: it runs the Jobs of a cluster in
// this process. A container with Fortio's image sends its load to the gateway with Fortio's own
// library; any other container counts as done at once. There are no pods and no logs, and a Job
// runs once: backoffLimit, parallelism, deadlines and suspension are not heeded.
//
// A volume of kind emptyDir is a folder of the sandbox, which outlives the Job.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// reportDeadline bounds the writing of a Job's status.
const reportDeadline = 10 * time.Second

// Manager runs Jobs.
type Manager struct {
	client  kubernetes.Interface
	gateway string // host:port
	dir     string
	log     *slog.Logger

	running sync.WaitGroup
	mu      sync.Mutex
	stops   map[types.UID]context.CancelFunc
	totals  map[string]Totals // by namespace/name
}

// NewManager makes a manager whose loads go to the gateway, an address with port, and whose volumes
// are below dir.
func NewManager(client kubernetes.Interface, gateway, dir string, log *slog.Logger) *Manager {
	return &Manager{
		client:  client,
		gateway: gateway,
		dir:     dir,
		log:     log,
		stops:   map[types.UID]context.CancelFunc{},
		totals:  map[string]Totals{},
	}
}

// Run watches Jobs, and runs each until it is through, deleted, or ctx ends. It returns when it has
// seen the Jobs that exist; Wait returns when all have ended.
func (m *Manager) Run(ctx context.Context) error {
	factory := informers.NewSharedInformerFactory(m.client, 0)
	informer := factory.Batch().V1().Jobs().Informer()
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) {
			if job, isJob := object.(*batchv1.Job); isJob {
				m.start(ctx, job)
			}
		},
		DeleteFunc: func(object any) {
			if tombstone, isTombstone := object.(cache.DeletedFinalStateUnknown); isTombstone {
				object = tombstone.Obj
			}
			if job, isJob := object.(*batchv1.Job); isJob {
				m.stop(job.UID)
			}
		},
	})
	if err != nil {
		return fmt.Errorf("watch jobs: %w", err)
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	return ctx.Err()
}

// Wait returns when the Jobs have ended, after the context of Run has.
func (m *Manager) Wait() { m.running.Wait() }

// Totals are what the loads of a Job that has ended counted. A Job of the same name replaces them.
func (m *Manager) Totals(namespace, name string) (Totals, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	totals, known := m.totals[namespace+"/"+name]
	return totals, known
}

func (m *Manager) start(ctx context.Context, job *batchv1.Job) {
	if isFinished(job) || job.DeletionTimestamp != nil || ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	m.mu.Lock()
	m.stops[job.UID] = cancel
	m.mu.Unlock()
	m.running.Go(func() {
		defer m.stop(job.UID)
		m.run(ctx, job)
	})
}

func (m *Manager) stop(job types.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if cancel, running := m.stops[job]; running {
		cancel()
		delete(m.stops, job)
	}
}

// run keeps the status of one Job while its containers run. A Job that was stopped gets none: it
// is deleted, or the whole sandbox ends.
func (m *Manager) run(ctx context.Context, job *batchv1.Job) {
	start := metav1.Now()
	m.tell(ctx, job, started(start))
	totals, err := m.runContainers(ctx, job)
	m.mu.Lock()
	m.totals[job.Namespace+"/"+job.Name] = totals
	m.mu.Unlock()
	if ctx.Err() == nil {
		m.tell(ctx, job, ended(start, metav1.Now(), err))
	}
}

func (m *Manager) tell(ctx context.Context, job *batchv1.Job, status batchv1.JobStatus) {
	ctx, cancel := context.WithTimeout(ctx, reportDeadline)
	defer cancel()
	err := m.report(ctx, job, status)
	if err != nil && !apierrors.IsNotFound(err) && !errors.Is(err, context.Canceled) {
		m.log.Error("report a job", "job", job.Name, "namespace", job.Namespace, "error", err)
	}
}

func (m *Manager) runContainers(ctx context.Context, job *batchv1.Job) (Totals, error) {
	var (
		containers sync.WaitGroup
		mu         sync.Mutex
		sum        Totals
		failed     error
	)
	for _, container := range job.Spec.Template.Spec.Containers {
		if !isFortio(container.Image) {
			continue
		}
		containers.Go(func() {
			totals, err := m.runFortio(ctx, job, container)
			mu.Lock()
			defer mu.Unlock()
			sum.Requests += totals.Requests
			sum.OK += totals.OK
			if err != nil {
				failed = errors.Join(failed, fmt.Errorf("container %s: %w", container.Name, err))
			}
		})
	}
	containers.Wait()
	return sum, failed
}

func (m *Manager) runFortio(ctx context.Context, job *batchv1.Job, container corev1.Container) (Totals, error) {
	l, err := parseLoad(container)
	if err != nil {
		return Totals{}, err
	}
	output, err := m.hostPath(job, container, l.output)
	if err != nil {
		return Totals{}, err
	}
	return l.send(ctx, m.gateway, output)
}

// hostPath finds the file that a path in a container stands for: one on a mounted emptyDir. Other
// paths stand for none, since nobody could read there.
func (m *Manager) hostPath(job *batchv1.Job, container corev1.Container, path string) (string, error) {
	if path == "" || path == "-" {
		return "", nil
	}
	for _, mount := range container.VolumeMounts {
		below, err := filepath.Rel(mount.MountPath, path)
		if err != nil || !filepath.IsLocal(below) {
			continue
		}
		for _, volume := range job.Spec.Template.Spec.Volumes {
			if volume.Name == mount.Name && volume.EmptyDir != nil {
				return filepath.Join(m.dir, job.Namespace, job.Name, volume.Name, below), nil
			}
		}
	}
	return "", fmt.Errorf("%s is not on a volume of kind emptyDir", path)
}

// isFortio tells whether an image is fortio/fortio, of any registry and tag.
func isFortio(image string) bool {
	name, _, _ := strings.Cut(image, "@")
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name = name[:colon]
	}
	return name == "fortio/fortio" || strings.HasSuffix(name, "/fortio/fortio")
}
