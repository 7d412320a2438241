// Package cluster puts the parts of the sandbox together: a control plane, Knative Serving, a data
// plane, Jobs, Prometheus and a chart repository, all in this process and on loopback. A process can
// start one.
package cluster

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"knative.dev/pkg/injection"

	"perch/sandbox/assets"
	"perch/sandbox/charts"
	"perch/sandbox/controlplane"
	"perch/sandbox/dataplane"
	"perch/sandbox/jobs"
	"perch/sandbox/knative"
	"perch/sandbox/manifests"
	"perch/sandbox/prometheus"
	"perch/sandbox/tutorial"
)

// Options choose what is started.
type Options struct {
	Dir            string        // files of the sandbox, sandbox.log among them
	ScrapeInterval time.Duration // of Prometheus
	Tutorial       string        // image tag of the tutorial's candidate; "": the tutorial is not prepared
	RPS            float64       // of the tutorial's load
	Progress       func(stage string)
}

// A Cluster is a running sandbox.
type Cluster struct {
	Kubeconfig string // with the contexts "sandbox" and "perch"
	Prometheus string // URL
	Mirror     string // value of PERCH_MIRROR
	Gateway    string // host:port

	control *controlplane.ControlPlane
	metrics *prometheus.Prometheus
	jobs    *jobs.Runner
	charts  *charts.Repository
	logs    *logs
	cancel  context.CancelFunc
}

// Start brings everything up and returns when it can be used. Stop must be called even when it
// returns an error.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	c := &Cluster{}
	ctx, c.cancel = context.WithCancel(ctx)
	var err error
	if c.logs, err = openLogs(filepath.Join(o.Dir, "sandbox.log")); err != nil {
		return c, err
	}
	o.Progress("etcd and kube-apiserver")
	if c.control, err = controlplane.Start(ctx, o.Dir); err != nil {
		return c, err
	}
	c.Kubeconfig = c.control.Kubeconfig
	o.Progress("Prometheus and charts")
	if err := c.startServers(ctx, o); err != nil {
		return c, err
	}
	o.Progress("Knative Serving")
	if err := c.startKnative(ctx, o); err != nil {
		return c, err
	}
	if o.Tutorial == "" {
		return c, nil
	}
	o.Progress("the tutorial's application")
	return c, c.prepare(ctx, o)
}

// startServers starts what needs nothing but a port.
func (c *Cluster) startServers(ctx context.Context, o Options) (err error) {
	c.metrics, err = prometheus.Start(ctx, filepath.Join(o.Dir, "prometheus"), o.ScrapeInterval, c.logs.slog)
	if err != nil {
		return fmt.Errorf("start Prometheus: %w", err)
	}
	c.Prometheus = c.metrics.URL
	tag := o.Tutorial
	if tag == "" {
		tag = charts.HealthyTag
	}
	if c.charts, err = charts.Start(ctx, o.Dir, tag); err != nil {
		return err
	}
	c.Mirror = c.charts.Mirror()
	return nil
}

func (c *Cluster) startKnative(ctx context.Context, o Options) error {
	if err := c.install(ctx); err != nil {
		return err
	}
	cert, key, ca, err := c.control.Issue("webhook", "localhost", "webhook."+knative.Namespace+".svc")
	if err != nil {
		return err
	}
	revisions := dataplane.NewRevisions(c.metrics.Scrape)
	gateway, err := dataplane.NewGateway(ctx, revisions)
	if err != nil {
		return err
	}
	c.Gateway = gateway.Address
	err = knative.Run(ctx, knative.Options{
		Config: c.control.Admin, Log: c.logs.zap, Cert: cert, Key: key, CA: ca,
		Classes: []injection.ControllerConstructor{
			dataplane.NewAutoscalerClass, dataplane.NewIngressClass(gateway), dataplane.NewKubelet(revisions),
		},
	})
	if err != nil {
		return err
	}
	if err := c.control.CollectGarbage(ctx); err != nil {
		return fmt.Errorf("start the garbage collector: %w", err)
	}
	c.jobs, err = jobs.Start(ctx, c.control.Admin, gateway.Address, o.Dir, c.logs.slog)
	return err
}

// install creates the namespaces, Iter8's definitions, and what the user perch may do.
func (c *Cluster) install(ctx context.Context) error {
	var list []*unstructured.Unstructured
	for _, name := range []string{knative.Namespace, tutorial.ReleaseNamespace} {
		namespace, err := manifests.Of("Namespace", &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
		if err != nil {
			return err
		}
		list = append(list, namespace)
	}
	definitions, err := manifests.Load(assets.Files, "iter8")
	if err != nil {
		return err
	}
	rights, err := assets.Files.ReadFile("tutorial/role.yaml")
	if err != nil {
		return err
	}
	roles, err := manifests.Parse(rights)
	if err != nil {
		return err
	}
	return manifests.Create(ctx, c.control.Admin, append(append(list, definitions...), roles...)...)
}

func (c *Cluster) prepare(ctx context.Context, o Options) error {
	t := tutorial.Tutorial{Config: c.control.Admin, Kubeconfig: c.Kubeconfig, Charts: c.charts, Log: c.logs.slog}
	if err := t.Deploy(ctx); err != nil {
		return err
	}
	if o.RPS <= 0 {
		return nil
	}
	return t.Load(ctx, o.RPS)
}

// Environment is what a program needs to use the cluster, as NAME=value.
func (c *Cluster) Environment() []string {
	return []string{"KUBECONFIG=" + c.Kubeconfig, "PERCH_PROMETHEUS=" + c.Prometheus, "PERCH_MIRROR=" + c.Mirror}
}

// Stop ends everything. It gives the result of the tutorial's load, if there was one.
func (c *Cluster) Stop() (load jobs.Result, loaded bool, err error) {
	if c.jobs != nil {
		c.jobs.Stop()
		load, loaded = c.jobs.Result(tutorial.Namespace, tutorial.LoadJob)
	}
	c.cancel()
	if c.metrics != nil {
		err = c.metrics.Stop()
	}
	if c.control != nil {
		c.control.Stop()
	}
	return load, loaded, err
}
