// Package cluster puts the parts of a sandbox together: a control plane, Knative Serving, the data
// plane, Jobs, Prometheus and a chart repository, all in this process and all on loopback. One
// cluster per process.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"knative.dev/pkg/injection"

	"perch/sandbox/assets"
	"perch/sandbox/charts"
	"perch/sandbox/controlplane"
	"perch/sandbox/dataplane"
	"perch/sandbox/jobs"
	"perch/sandbox/journal"
	"perch/sandbox/knative"
	"perch/sandbox/prometheus"
)

// abandoned is how long a start that was interrupted may take to notice.
const abandoned = 3 * time.Second

// Options are what a cluster is started with.
type Options struct {
	// Dir is where the cluster keeps its files; it exists.
	Dir string
	// ScrapeInterval is how often Prometheus scrapes each revision.
	ScrapeInterval time.Duration
	// CandidateTag is the image tag of the candidate in the values files that are served.
	CandidateTag string
	// Journal is where everything is logged.
	Journal *journal.Journal
	// Progress is told of each stage as it begins.
	Progress func(stage string)
}

// Cluster is a running sandbox.
type Cluster struct {
	// Kubeconfig is the path of a kubeconfig with the contexts sandbox and perch.
	Kubeconfig string
	// Gateway is the address, host:port, that answers for the hosts of all services.
	Gateway string
	// Prometheus answers PromQL.
	Prometheus *prometheus.Server
	// Charts serves the tutorial's chart and values.
	Charts *charts.Repository
	// Jobs runs the Jobs.
	Jobs *jobs.Manager
	// Client may do everything.
	Client kubernetes.Interface
	// Objects may too, with objects of every kind.
	Objects dynamic.Interface

	options      Options
	controlPlane *controlplane.ControlPlane
	fleet        *dataplane.Fleet
	gateway      *dataplane.Gateway
	http         *http.Server
	cancel       context.CancelFunc
}

// Start starts a cluster that runs until Stop. It returns when Knative and everything else answers.
func Start(ctx context.Context, options Options) (*Cluster, error) {
	// The parts must outlive a signal, so that Stop can stop them in order.
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c := &Cluster{
		Kubeconfig: filepath.Join(options.Dir, "kubeconfig"),
		options:    options,
		cancel:     cancel,
	}
	started := make(chan error, 1) // sent to once, by start
	go func() { started <- c.start(running) }()
	select {
	case err := <-started:
		if err != nil {
			cancel()
			return nil, err
		}
		return c, nil
	case <-ctx.Done():
		cancel()
		select { // else its files would come up again behind whoever removes the folder
		case <-started: //nolint:errcheck // it was to end
		case <-time.After(abandoned):
		}
		return nil, context.Cause(ctx)
	}
}

func (c *Cluster) start(ctx context.Context) error {
	c.options.Progress("etcd and the API server")
	state := filepath.Join(c.options.Dir, "state")
	if err := os.MkdirAll(state, 0o700); err != nil {
		return err
	}
	var err error
	if c.controlPlane, err = controlplane.Start(ctx, state, c.options.Journal.Zap); err != nil {
		return err
	}
	if c.Client, err = kubernetes.NewForConfig(c.controlPlane.Config); err != nil {
		return err
	}
	if c.Objects, err = dynamic.NewForConfig(c.controlPlane.Config); err != nil {
		return err
	}
	if err := c.controlPlane.WriteKubeconfig(c.Kubeconfig); err != nil {
		return err
	}
	c.options.Progress("definitions, roles, Prometheus and charts")
	usable, err := c.install(ctx)
	if err != nil {
		return err
	}
	if err := c.startServers(ctx, state); err != nil {
		return err
	}
	c.options.Progress("Knative Serving")
	if err := c.startKnative(ctx, usable); err != nil {
		return err
	}
	c.Jobs = jobs.NewManager(c.Client, c.Gateway, filepath.Join(c.options.Dir, "jobs"), c.options.Journal.Log)
	if err := c.Jobs.Run(ctx); err != nil {
		return err
	}
	return controlplane.CollectGarbage(ctx, c.controlPlane.Config)
}

// startServers starts Prometheus, the chart repository and the gateway.
func (c *Cluster) startServers(ctx context.Context, state string) error {
	var err error
	c.Prometheus, err = prometheus.Start(ctx, filepath.Join(state, "prometheus"), c.options.ScrapeInterval, c.options.Journal.Log)
	if err != nil {
		return err
	}
	tutorial, err := fs.Sub(assets.Tutorial, "tutorial")
	if err != nil {
		return err
	}
	c.Charts, err = charts.Serve(ctx, tutorial, filepath.Join(state, "charts"), c.options.CandidateTag)
	if err != nil {
		return err
	}
	c.fleet = dataplane.NewFleet(c.scrape)
	c.gateway = dataplane.NewGateway(c.fleet)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for the gateway: %w", err)
	}
	c.Gateway = listener.Addr().String()
	c.http = &http.Server{Handler: c.gateway, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = c.http.Serve(listener) }()
	return nil
}

func (c *Cluster) scrape(targets []dataplane.Target) {
	labelled := map[string]map[string]string{}
	for _, target := range targets {
		labelled[target.Address] = map[string]string{
			"namespace": target.Revision.Namespace,
			"pod":       target.Revision.Name,
		}
	}
	c.Prometheus.SetTargets(labelled)
}

func (c *Cluster) startKnative(ctx context.Context, usable time.Time) error {
	certificate, err := c.controlPlane.Authority.Server(knative.WebhookHost)
	if err != nil {
		return err
	}
	manifests, err := fs.Sub(assets.Knative, "knative")
	if err != nil {
		return err
	}
	serving := &knative.Serving{
		Config:    c.controlPlane.Config,
		Manifests: manifests,
		Log:       c.options.Journal.Zap.Sugar(),
		Cert:      certificate.Cert,
		Key:       certificate.Key,
		Authority: c.controlPlane.Authority.PEM,
		Usable:    usable,
		Surroundings: []injection.ControllerConstructor{
			dataplane.Autoscaler, dataplane.Ingress(c.gateway), dataplane.Kubelet(c.fleet),
		},
	}
	return serving.Run(ctx)
}

// Stop ends the loads, whose results are then written, and what has files open. The rest, above all
// the API server, ends with the process.
func (c *Cluster) Stop() error {
	c.cancel()
	c.Jobs.Wait()
	return errors.Join(c.http.Close(), c.Charts.Stop(), c.Prometheus.Stop())
}
