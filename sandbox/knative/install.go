package knative

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	serving "knative.dev/serving/pkg/apis/serving/v1"

	"perch/sandbox/assets"
	"perch/sandbox/manifests"
)

// overrides are the sandbox's settings, laid over the ones that Knative ships.
func overrides() map[string]map[string]string {
	return map[string]map[string]string{
		"config-autoscaler": {"pod-autoscaler-class": AutoscalerClass, "enable-scale-to-zero": "false"},
		"config-deployment": {
			"queue-sidecar-image": "sandbox.local/queue",
			// There is no registry to resolve a tag with.
			"registries-skipping-tag-resolving": "gcr.io,ghcr.io,docker.io,index.docker.io,quay.io,registry.k8s.io,kind.local,ko.local,dev.local,sandbox.local",
		},
		"config-domain":  {Domain: ""},
		"config-network": {"ingress-class": IngressClass},
	}
}

// install creates Knative's definitions, settings and webhook registrations, and says from when on
// resources can be created quickly.
func install(ctx context.Context, o Options, webhookPort int) (usable time.Time, err error) {
	crds, err := manifests.Load(assets.Files, "knative/crds")
	if err != nil {
		return usable, err
	}
	config, err := manifests.Load(assets.Files, "knative/config")
	if err != nil {
		return usable, err
	}
	for _, c := range config {
		for key, value := range overrides()[c.GetName()] {
			if err := unstructured.SetNestedField(c.Object, value, "data", key); err != nil {
				return usable, err
			}
		}
	}
	own, err := companions(o)
	if err != nil {
		return usable, err
	}
	hooks, err := manifests.Load(assets.Files, "knative/webhooks")
	if err != nil {
		return usable, err
	}
	for _, hook := range hooks {
		if err := pointHome(hook, webhookPort, o.CA); err != nil {
			return usable, fmt.Errorf("%s: %w", hook.GetName(), err)
		}
	}
	if err := manifests.Create(ctx, o.Config, slices.Concat(crds, config, own, hooks)...); err != nil {
		return usable, err
	}
	return manifests.Usable(ctx, o.Config)
}

// companions are the objects that Knative looks for beside its settings.
func companions(o Options) ([]*unstructured.Unstructured, error) {
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name, Namespace: Namespace} }
	var list []*unstructured.Unstructured
	for _, c := range []struct {
		kind   string
		object runtime.Object
	}{
		{"Secret", &corev1.Secret{ObjectMeta: meta("webhook-certs"), Data: map[string][]byte{
			"server-key.pem": o.Key, "server-cert.pem": o.Cert, "ca-cert.pem": o.CA,
		}}},
		// An external name makes the API server dial loopback.
		{"Service", &corev1.Service{ObjectMeta: meta("webhook"), Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeExternalName, ExternalName: "localhost",
		}}},
		{"Endpoints", &corev1.Endpoints{ObjectMeta: meta("activator-service")}}, //nolint:staticcheck // what Knative 1.20 reads
	} {
		object, err := manifests.Of(c.kind, c.object)
		if err != nil {
			return nil, err
		}
		list = append(list, object)
	}
	return list, nil
}

// pointHome sends a webhook's calls to this process. Knative sets the authority too, but some
// milliseconds after the first request may come.
func pointHome(config *unstructured.Unstructured, port int, ca []byte) error {
	hooks, _, err := unstructured.NestedSlice(config.Object, "webhooks")
	if err != nil {
		return err
	}
	for _, hook := range hooks {
		fields := hook.(map[string]any)
		if err := unstructured.SetNestedField(fields, int64(port), "clientConfig", "service", "port"); err != nil {
			return err
		}
		bundle := base64.StdEncoding.EncodeToString(ca)
		if err := unstructured.SetNestedField(fields, bundle, "clientConfig", "caBundle"); err != nil {
			return err
		}
	}
	return unstructured.SetNestedSlice(config.Object, hooks, "webhooks")
}

// waitAdmission returns once the webhook is asked: it tries, without creating anything, a Service
// that only the webhook would refuse.
func waitAdmission(ctx context.Context, config *rest.Config) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	impossible := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "serving.knative.dev/v1", "kind": "Service",
		"metadata": map[string]any{"name": "probe", "namespace": "default"},
		"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
			"containers": []any{map[string]any{"image": "no:image:at:all"}},
		}}},
	}}
	services := client.Resource(serving.SchemeGroupVersion.WithResource("services")).Namespace("default")
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := services.Create(ctx, impossible, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil && strings.Contains(err.Error(), "denied the request") {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("knative's webhook does not answer: %w", err)
		}
	}
}
