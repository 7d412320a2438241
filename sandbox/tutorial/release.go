// Package tutorial does, in a running cluster, what the first two steps of the progressive canary
// tutorial ask of a person: it installs the release sample-app with Helm, makes its second version,
// and starts the load.
package tutorial

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"helm.sh/helm/v3/pkg/action"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/dynamic"
	"knative.dev/serving/pkg/apis/serving"

	"perch/sandbox/charts"
	"perch/sandbox/cluster"
)

const (
	// Service is the name of the tutorial's service, in the namespace default, and of its release.
	Service = "sample-app"

	readyDeadline = 60 * time.Second
)

// release does what the helm commands of the tutorial do.
type release struct {
	config  *action.Configuration
	charts  *charts.Repository
	objects dynamic.Interface
}

func newRelease(c *cluster.Cluster, dir string, log *slog.Logger) (*release, error) {
	flags := genericclioptions.NewConfigFlags(true)
	*flags.KubeConfig = c.Kubeconfig
	*flags.Namespace = cluster.ReleaseNamespace
	*flags.CacheDir = filepath.Join(dir, "helm")
	r := &release{config: new(action.Configuration), charts: c.Charts, objects: c.Objects}
	debug := func(format string, arguments ...any) {
		log.Debug(fmt.Sprintf(format, arguments...), "from", "helm")
	}
	return r, r.config.Init(flags, cluster.ReleaseNamespace, "secret", debug)
}

// install makes the release with the chart's own values, as helm install does.
func (r *release) install(ctx context.Context) error {
	install := action.NewInstall(r.config)
	install.ReleaseName, install.Namespace = Service, cluster.ReleaseNamespace
	if _, err := install.RunWithContext(ctx, r.charts.Chart, nil); err != nil {
		return fmt.Errorf("helm install %s: %w", Service, err)
	}
	return r.waitReady(ctx)
}

// upgrade changes the release to the values of a file that is served, as helm upgrade does.
func (r *release) upgrade(ctx context.Context, file string) error {
	values, err := r.charts.Values(file)
	if err != nil {
		return err
	}
	upgrade := action.NewUpgrade(r.config)
	upgrade.Namespace = cluster.ReleaseNamespace
	if _, err := upgrade.RunWithContext(ctx, Service, r.charts.Chart, values); err != nil {
		return fmt.Errorf("helm upgrade %s with %s: %w", Service, file, err)
	}
	return r.waitReady(ctx)
}

// waitReady returns when the service is ready as it is now, not as it was before.
func (r *release) waitReady(ctx context.Context) error {
	services := r.objects.Resource(serving.ServicesResource.WithVersion("v1")).Namespace(metav1.NamespaceDefault)
	var service *unstructured.Unstructured
	err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, readyDeadline, true, func(ctx context.Context) (ready bool, err error) {
		service, err = services.Get(ctx, Service, metav1.GetOptions{})
		return err == nil && isReady(service), err
	})
	if err != nil && service != nil {
		conditions, _, _ := unstructured.NestedSlice(service.Object, "status", "conditions")
		return fmt.Errorf("service %s is not ready: %w: %v", Service, err, conditions)
	}
	return err
}

func isReady(service *unstructured.Unstructured) bool {
	observed, _, _ := unstructured.NestedInt64(service.Object, "status", "observedGeneration")
	if observed != service.GetGeneration() {
		return false
	}
	conditions, _, _ := unstructured.NestedSlice(service.Object, "status", "conditions")
	for _, each := range conditions {
		condition, isMap := each.(map[string]any)
		if isMap && condition["type"] == "Ready" {
			return condition["status"] == string(metav1.ConditionTrue)
		}
	}
	return false
}

// url is where the service is reached within the cluster.
func (r *release) url(ctx context.Context) (string, error) {
	services := r.objects.Resource(serving.ServicesResource.WithVersion("v1")).Namespace(metav1.NamespaceDefault)
	service, err := services.Get(ctx, Service, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	url, found, err := unstructured.NestedString(service.Object, "status", "address", "url")
	if err != nil || !found {
		return "", errors.Join(fmt.Errorf("service %s has no address", Service), err)
	}
	return url, nil
}
