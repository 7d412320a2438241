package knative

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
)

// settings are the sandbox's own values, laid over the config maps as Knative ships them.
func settings() map[string]map[string]string {
	return map[string]map[string]string{
		"config-autoscaler": {
			"pod-autoscaler-class": AutoscalerClass,
			"enable-scale-to-zero": "false",
		},
		"config-deployment": {
			"queue-sidecar-image":               "sandbox.local/queue-proxy",
			"registries-skipping-tag-resolving": registries,
		},
		"config-domain":  {Domain: ""},
		"config-network": {"ingress-class": IngressClass},
	}
}

// registries are those whose images are not looked up: a sandbox reaches none of them.
const registries = "gcr.io,ghcr.io,docker.io,index.docker.io,quay.io,registry.k8s.io,mcr.microsoft.com," +
	"kind.local,ko.local,dev.local,sandbox.local"

// held is how long the API server holds back a create that comes soon after its kind was
// established: two seconds, each time (apiextensions-apiserver, customresource_handler.go).
const held = 2 * time.Second

// InstallDefinitions creates Knative's custom resource definitions, and more if given. It returns
// when all are established, with the time at which objects of these kinds can be created without
// being held back.
func InstallDefinitions(ctx context.Context, client dynamic.Interface, manifests fs.FS, more ...*unstructured.Unstructured) (time.Time, error) {
	definitions, err := ReadManifests(manifests, "crds")
	if err != nil {
		return time.Time{}, err
	}
	definitions = append(definitions, more...)
	if err := create(ctx, client, definitions); err != nil {
		return time.Time{}, err
	}
	var usable time.Time
	err = wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		list, err := client.Resource(resources()["CustomResourceDefinition"]).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		since := established(list.Items)
		if len(since) < len(definitions) {
			return false, nil
		}
		usable = slices.MaxFunc(since, time.Time.Compare).Add(held)
		return true, nil
	})
	if err != nil {
		return usable, fmt.Errorf("custom resource definitions are not established: %w", err)
	}
	return usable, nil
}

// established tells when each of the definitions became usable, less those that are not yet.
func established(definitions []unstructured.Unstructured) []time.Time {
	var since []time.Time
	for _, definition := range definitions {
		conditions, _, _ := unstructured.NestedSlice(definition.Object, "status", "conditions")
		for _, each := range conditions {
			condition, isMap := each.(map[string]any)
			if !isMap || condition["type"] != "Established" || condition["status"] != "True" {
				continue
			}
			text, _, _ := unstructured.NestedString(condition, "lastTransitionTime")
			if at, err := time.Parse(time.RFC3339, text); err == nil {
				since = append(since, at)
			}
		}
	}
	return since
}

// installConfig creates the config maps.
func installConfig(ctx context.Context, client dynamic.Interface, manifests fs.FS) error {
	maps, err := ReadManifests(manifests, "config")
	if err != nil {
		return err
	}
	overlay := settings()
	for _, each := range maps {
		for key, value := range overlay[each.GetName()] {
			if err := unstructured.SetNestedField(each.Object, value, "data", key); err != nil {
				return err
			}
		}
	}
	return create(ctx, client, maps)
}

// installWebhooks registers the webhook that listens on the loopback port.
func installWebhooks(ctx context.Context, client dynamic.Interface, manifests fs.FS, port int, authority []byte) error {
	hooks, err := ReadManifests(manifests, "webhooks")
	if err != nil {
		return err
	}
	for _, hook := range hooks {
		if err := pointAt(hook, port, authority); err != nil {
			return err
		}
	}
	return create(ctx, client, hooks)
}

// installFixtures creates what Knative's controllers expect to find: the webhook's Service, which
// the API server resolves to loopback by its external name; its key; and the endpoints of the
// activator, of which there is none.
func installFixtures(ctx context.Context, client kubernetes.Interface, key map[string][]byte) error {
	meta := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Namespace: Namespace}
	}
	core := client.CoreV1()
	_, secretErr := core.Secrets(Namespace).Create(ctx, &corev1.Secret{ObjectMeta: meta(keySecret), Data: key}, metav1.CreateOptions{})
	_, serviceErr := core.Services(Namespace).Create(ctx, &corev1.Service{
		ObjectMeta: meta(webhookService),
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"},
	}, metav1.CreateOptions{})
	//nolint:staticcheck // Knative's serverlessservice reconciler still reads Endpoints.
	_, endpointsErr := core.Endpoints(Namespace).Create(ctx, &corev1.Endpoints{ObjectMeta: meta("activator-service")}, metav1.CreateOptions{})
	return errors.Join(secretErr, serviceErr, endpointsErr)
}
