package tutorial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"knative.dev/serving/pkg/apis/serving"

	"perch/sandbox/cluster"
	"perch/sandbox/knative"
)

// Reset takes the tutorial back to where Run left it: experiments, leases and config maps are gone,
// Helm knows the first two revisions of the release alone, all traffic is on the first version, and
// the second one is new, with none of its requests counted and its behaviour at the beginning. The
// first version serves all the while, so the load goes on unharmed.
func (t *Tutorial) Reset(ctx context.Context, c *cluster.Cluster) error {
	release, err := newRelease(c, t.Dir, t.Log)
	if err != nil {
		return fmt.Errorf("prepare Helm: %w", err)
	}
	if err := removeTraces(ctx, c); err != nil {
		return err
	}
	if err := release.forget(); err != nil {
		return fmt.Errorf("forget release %s: %w", Service, err)
	}
	if err := release.withdraw(ctx); err != nil {
		return fmt.Errorf("take service %s back: %w", Service, err)
	}
	if err := release.install(ctx); err != nil { // which takes over the service that is there
		return err
	}
	if err := release.upgrade(ctx, "experimental-values.yaml"); err != nil {
		return err
	}
	return t.startLoad(ctx, c, release)
}

// removeTraces removes what a run of an experiment leaves. Nobody else keeps such objects in the
// tutorial's namespaces.
func removeTraces(ctx context.Context, c *cluster.Cluster) error {
	for _, kind := range []schema.GroupVersionResource{
		{Group: "iter8.tools", Version: "v2alpha2", Resource: "experiments"},
		{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"},
		{Version: "v1", Resource: "configmaps"},
	} {
		for _, namespace := range []string{metav1.NamespaceDefault, cluster.ReleaseNamespace} {
			objects := c.Objects.Resource(kind).Namespace(namespace)
			if err := objects.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
				return fmt.Errorf("remove %s: %w", kind.Resource, err)
			}
		}
	}
	return nil
}

// forget removes Helm's records of the release, whatever state they are in.
func (r *release) forget() error {
	history, err := r.config.Releases.History(Service)
	if err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
		return err
	}
	for _, each := range history {
		if _, err := r.config.Releases.Delete(each.Name, each.Version); err != nil {
			return err
		}
	}
	return nil
}

// withdraw takes the service, if it is there, back to the version that it was installed with, and
// removes every other revision. The rest of its spec stays: Knative set some of it at creation alone.
func (r *release) withdraw(ctx context.Context) error {
	first, err := r.render(ctx)
	if err != nil {
		return err
	}
	template, name, err := templateOf(first)
	if err != nil {
		return err
	}
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"template": template, "traffic": nil}})
	if err != nil {
		return err
	}
	services := r.objects.Resource(serving.ServicesResource.WithVersion("v1")).Namespace(metav1.NamespaceDefault)
	_, err = services.Patch(ctx, Service, types.MergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := r.waitReady(ctx); err != nil {
		return err
	}
	return r.removeRevisions(ctx, name)
}

// templateOf is a service's template, and the name that it gives its revision.
func templateOf(service *unstructured.Unstructured) (template map[string]any, name string, err error) {
	template, _, err = unstructured.NestedMap(service.Object, "spec", "template")
	if err != nil {
		return nil, "", err
	}
	name, _, err = unstructured.NestedString(template, "metadata", "name")
	return template, name, err
}

// render is the service as it was first installed.
func (r *release) render(ctx context.Context) (*unstructured.Unstructured, error) {
	install := action.NewInstall(&action.Configuration{Log: r.config.Log}) // it would spoil ours
	install.ReleaseName, install.Namespace = Service, cluster.ReleaseNamespace
	install.DryRun, install.ClientOnly = true, true
	rendered, err := install.RunWithContext(ctx, r.charts.Chart, nil)
	if err != nil {
		return nil, err
	}
	objects, err := knative.Decode([]byte(rendered.Manifest))
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		if object.GetName() == Service {
			return object, nil
		}
	}
	return nil, errors.New("the chart has no such service")
}

// removeRevisions removes the service's revisions but for the one called kept, and returns when all
// that belonged to them is gone too: a new one of that name must not find it.
func (r *release) removeRevisions(ctx context.Context, kept string) error {
	revisions := r.objects.Resource(serving.RevisionsResource.WithVersion("v1")).Namespace(metav1.NamespaceDefault)
	list := metav1.ListOptions{LabelSelector: serving.ServiceLabelKey + "=" + Service}
	foreground := metav1.DeletePropagationForeground
	return wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, readyDeadline, true, func(ctx context.Context) (gone bool, err error) {
		found, err := revisions.List(ctx, list)
		if err != nil {
			return false, err
		}
		gone = true
		for _, each := range found.Items {
			if each.GetName() == kept {
				continue
			}
			gone = false
			if each.GetDeletionTimestamp() != nil {
				continue
			}
			err := revisions.Delete(ctx, each.GetName(), metav1.DeleteOptions{PropagationPolicy: &foreground})
			if err != nil && !apierrors.IsNotFound(err) {
				return false, err
			}
		}
		return gone, nil
	})
}
