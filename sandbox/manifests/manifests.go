// Package manifests applies YAML to a cluster, as an installer does: what is there already stays.
package manifests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"time"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// Load reads every object of every YAML file in a folder, in the order of the files' names.
func Load(files fs.FS, folder string) ([]*unstructured.Unstructured, error) {
	names, err := fs.Glob(files, path.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		more, err := Parse(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		objects = append(objects, more...)
	}
	return objects, nil
}

// Parse reads the objects of one YAML text.
func Parse(data []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
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

// resources of the kinds that the sandbox installs.
func resources() map[string]schema.GroupVersionResource {
	rbac := schema.GroupVersion{Group: "rbac.authorization.k8s.io", Version: "v1"}
	hooks := schema.GroupVersion{Group: "admissionregistration.k8s.io", Version: "v1"}
	core := schema.GroupVersion{Version: "v1"}
	return map[string]schema.GroupVersionResource{
		"ConfigMap":                      core.WithResource("configmaps"),
		"Endpoints":                      core.WithResource("endpoints"),
		"Namespace":                      core.WithResource("namespaces"),
		"Secret":                         core.WithResource("secrets"),
		"Service":                        core.WithResource("services"),
		"CustomResourceDefinition":       definitions(),
		"MutatingWebhookConfiguration":   hooks.WithResource("mutatingwebhookconfigurations"),
		"ValidatingWebhookConfiguration": hooks.WithResource("validatingwebhookconfigurations"),
		"Role":                           rbac.WithResource("roles"),
		"RoleBinding":                    rbac.WithResource("rolebindings"),
	}
}

func definitions() schema.GroupVersionResource {
	return apiextensions.SchemeGroupVersion.WithResource("customresourcedefinitions")
}

// Create creates objects; one that is there already is left as it is.
func Create(ctx context.Context, config *rest.Config, objects ...*unstructured.Unstructured) error {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	for _, object := range objects {
		resource, ok := resources()[object.GetKind()]
		if !ok {
			return fmt.Errorf("no resource is known for kind %s", object.GetKind())
		}
		var in dynamic.ResourceInterface = client.Resource(resource)
		if namespace := object.GetNamespace(); namespace != "" {
			in = client.Resource(resource).Namespace(namespace)
		}
		if _, err := in.Create(ctx, object, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("create %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// Of turns a typed object into one that Create takes.
func Of(kind string, object runtime.Object) (*unstructured.Unstructured, error) {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{Object: fields}
	u.SetAPIVersion(resources()[kind].GroupVersion().String())
	u.SetKind(kind)
	return u, nil
}

// holdBack is how long kube-apiserver holds back the first creates of a new kind: 2 s, flat, for
// each that comes within 2 s of its definition's being established (apiextensions-apiserver,
// customresource_handler.go). Whoever waits that long once need not wait for every create.
const holdBack = 2 * time.Second

// Usable waits until all resource definitions are established, and says from when on creating
// their resources is quick.
func Usable(ctx context.Context, config *rest.Config) (time.Time, error) {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return time.Time{}, err
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		list, err := client.Resource(definitions()).List(ctx, metav1.ListOptions{})
		if err != nil {
			return time.Time{}, err
		}
		if last, all := established(list.Items); all {
			return last.Add(holdBack), nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		}
	}
}

// established gives the time at which the last definition was, and whether all are.
func established(definitions []unstructured.Unstructured) (last time.Time, all bool) {
	for _, object := range definitions {
		var d apiextensions.CustomResourceDefinition
		if runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &d) != nil {
			return last, false
		}
		done := false
		for _, c := range d.Status.Conditions {
			if c.Type == apiextensions.Established && c.Status == apiextensions.ConditionTrue {
				done = true
				if c.LastTransitionTime.After(last) {
					last = c.LastTransitionTime.Time
				}
			}
		}
		if !done {
			return last, false
		}
	}
	return last, true
}
