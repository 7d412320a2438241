// Package jobs runs the Jobs of a cluster that has no nodes: those whose image is fortio/fortio send
// their load with Fortio's own library; containers of any other image are taken as done at once.
package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
)

// A Runner runs the Jobs of a cluster.
type Runner struct {
	client  kubernetes.Interface
	gateway string // host:port
	dir     string // emptyDir volumes live below it
	log     *slog.Logger

	mu      sync.Mutex
	running map[types.UID]context.CancelFunc
	results map[string]Result // by namespace/name
	done    sync.WaitGroup
}

// Start watches Jobs until ctx ends. A volume of type emptyDir is a folder,
// DIR/jobs/NAMESPACE/NAME/VOLUME, that a container sees at its mount path.
func Start(ctx context.Context, config *rest.Config, gateway, dir string, log *slog.Logger) (*Runner, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	r := &Runner{
		client: client, gateway: gateway, dir: filepath.Join(dir, "jobs"), log: log,
		running: map[types.UID]context.CancelFunc{}, results: map[string]Result{},
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	jobs := factory.Batch().V1().Jobs().Informer()
	_, err = jobs.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) {
			if job, ok := object.(*batchv1.Job); ok {
				r.start(ctx, job)
			}
		},
		DeleteFunc: func(object any) {
			if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = gone.Obj
			}
			if job, ok := object.(*batchv1.Job); ok {
				r.stop(job.UID)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	return r, nil
}

// start runs a Job that is not finished.
func (r *Runner) start(ctx context.Context, job *batchv1.Job) {
	if finished(job) {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running[job.UID] != nil {
		cancel()
		return
	}
	r.running[job.UID] = cancel
	r.done.Go(func() {
		defer cancel()
		r.run(ctx, job.DeepCopy())
	})
}

func (r *Runner) stop(uid types.UID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cancel := r.running[uid]; cancel != nil {
		cancel()
	}
}

// run takes a Job through its life.
func (r *Runner) run(ctx context.Context, job *batchv1.Job) {
	key := job.Namespace + "/" + job.Name
	if err := r.begin(ctx, job); err != nil {
		r.log.Error("mark a job as active", "job", key, "error", err)
		return
	}
	var failure error
	for _, c := range job.Spec.Template.Spec.Containers {
		if !isFortio(c.Image) {
			continue
		}
		result, err := r.send(ctx, job, c)
		r.mu.Lock()
		r.results[key] = result
		r.mu.Unlock()
		if err != nil {
			failure = fmt.Errorf("container %s: %w", c.Name, err)
		}
	}
	// The process or the Job may be on its way out: the status is worth a last try.
	if err := r.finish(context.WithoutCancel(ctx), job, failure); err != nil {
		r.log.Warn("mark a job as finished", "job", key, "error", err)
	}
}

func isFortio(image string) bool {
	name, _, _ := strings.Cut(image, ":")
	return name == "fortio/fortio" || strings.HasSuffix(name, "/fortio/fortio")
}

// send runs Fortio as the container's command line says.
func (r *Runner) send(ctx context.Context, job *batchv1.Job, c corev1.Container) (Result, error) {
	variables := map[string]string{}
	mapping := expansion.MappingFuncFor(variables)
	for _, e := range c.Env {
		variables[e.Name] = expansion.Expand(e.Value, mapping)
	}
	var args []string
	for _, a := range append(append([]string{}, c.Command...), c.Args...) {
		args = append(args, expansion.Expand(a, mapping))
	}
	l, err := parseLoad(args)
	if err != nil {
		return Result{}, err
	}
	for _, m := range c.VolumeMounts {
		if rest, ok := strings.CutPrefix(l.output, m.MountPath+"/"); ok {
			l.output = filepath.Join(m.Name, rest)
			break
		}
	}
	return l.run(ctx, r.gateway, filepath.Join(r.dir, job.Namespace, job.Name))
}

// Result is what a Job's load came to; false while it runs, or when there is none.
func (r *Runner) Result(namespace, name string) (Result, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	result, ok := r.results[namespace+"/"+name]
	return result, ok
}

// Stop ends all loads and waits until their results are written.
func (r *Runner) Stop() {
	r.mu.Lock()
	for _, cancel := range r.running {
		cancel()
	}
	r.mu.Unlock()
	r.done.Wait()
}
