package knative

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
)

// ReadManifests reads every object of every YAML file in the folder dir of files.
func ReadManifests(files fs.FS, dir string) ([]*unstructured.Unstructured, error) {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for _, entry := range entries {
		content, err := fs.ReadFile(files, dir+"/"+entry.Name())
		if err != nil {
			return nil, err
		}
		more, err := Decode(content)
		if err != nil {
			return nil, fmt.Errorf("%s/%s: %w", dir, entry.Name(), err)
		}
		objects = append(objects, more...)
	}
	return objects, nil
}

// Decode reads every object of a YAML stream; empty documents are left out.
func Decode(stream []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(stream), 4096)
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		if object.GetKind() != "" {
			objects = append(objects, object)
		}
	}
}

// resources names the resource of each kind that is created from a manifest.
func resources() map[string]schema.GroupVersionResource {
	admission := schema.GroupVersion{Group: "admissionregistration.k8s.io", Version: "v1"}
	return map[string]schema.GroupVersionResource{
		"CustomResourceDefinition":       {Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"},
		"ConfigMap":                      {Version: "v1", Resource: "configmaps"},
		"MutatingWebhookConfiguration":   admission.WithResource("mutatingwebhookconfigurations"),
		"ValidatingWebhookConfiguration": admission.WithResource("validatingwebhookconfigurations"),
	}
}

func create(ctx context.Context, client dynamic.Interface, objects []*unstructured.Unstructured) error {
	kinds := resources()
	for _, object := range objects {
		resource, known := kinds[object.GetKind()]
		if !known {
			return fmt.Errorf("%s %s: no resource is known for this kind", object.GetKind(), object.GetName())
		}
		target := client.Resource(resource).Namespace(object.GetNamespace())
		if _, err := target.Create(ctx, object, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("create %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// pointAt lets the API server reach the webhooks of a configuration on a loopback port, through the
// Service named webhook. Knative sets the authority itself too, but some milliseconds after the
// first request.
func pointAt(configuration *unstructured.Unstructured, port int, authority []byte) error {
	hooks, _, err := unstructured.NestedSlice(configuration.Object, "webhooks")
	if err != nil {
		return err
	}
	for i := range hooks {
		hook, isMap := hooks[i].(map[string]any)
		if !isMap {
			return fmt.Errorf("webhook %d of %s is no object", i, configuration.GetName())
		}
		if err := unstructured.SetNestedField(hook, int64(port), "clientConfig", "service", "port"); err != nil {
			return err
		}
		bundle := base64.StdEncoding.EncodeToString(authority)
		if err := unstructured.SetNestedField(hook, bundle, "clientConfig", "caBundle"); err != nil {
			return err
		}
	}
	return unstructured.SetNestedSlice(configuration.Object, hooks, "webhooks")
}
