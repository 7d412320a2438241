package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	"perch/sandbox/assets"
	"perch/sandbox/iter8"
	"perch/sandbox/knative"
)

// ReleaseNamespace is where the tutorial's Helm release is kept.
const ReleaseNamespace = "iter8-system"

// install creates the namespaces, all custom resource definitions and the roles of the narrow user.
// It returns when custom resources can be created without delay.
func (c *Cluster) install(ctx context.Context) (time.Time, error) {
	knativeFiles, err := fs.Sub(assets.Knative, "knative")
	if err != nil {
		return time.Time{}, err
	}
	kinds, err := iter8.Definitions()
	if err != nil {
		return time.Time{}, err
	}
	usable, err := knative.InstallDefinitions(ctx, c.Objects, knativeFiles, kinds...)
	if err != nil {
		return time.Time{}, err
	}
	for _, name := range []string{metav1.NamespaceDefault, ReleaseNamespace, knative.Namespace} {
		if err := createNamespace(ctx, c.Client, name); err != nil {
			return time.Time{}, err
		}
	}
	return usable, createRoles(ctx, c.Client)
}

// createNamespace makes a namespace; the API server may have made the one called default already.
func createNamespace(ctx context.Context, client kubernetes.Interface, name string) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	_, err := client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("namespace %s: %w", name, err)
	}
	return nil
}

// createRoles makes what role.yaml says.
func createRoles(ctx context.Context, client kubernetes.Interface) error {
	content, err := assets.Tutorial.ReadFile("tutorial/role.yaml")
	if err != nil {
		return err
	}
	objects, err := knative.Decode(content)
	if err != nil {
		return fmt.Errorf("role.yaml: %w", err)
	}
	for _, object := range objects {
		if err := createRole(ctx, client, object); err != nil {
			return fmt.Errorf("role.yaml: %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

func createRole(ctx context.Context, client kubernetes.Interface, object *unstructured.Unstructured) error {
	convert := runtime.DefaultUnstructuredConverter.FromUnstructured
	switch object.GetKind() {
	case "Role":
		var role rbacv1.Role
		if err := convert(object.Object, &role); err != nil {
			return err
		}
		_, err := client.RbacV1().Roles(role.Namespace).Create(ctx, &role, metav1.CreateOptions{})
		return err
	case "RoleBinding":
		var binding rbacv1.RoleBinding
		if err := convert(object.Object, &binding); err != nil {
			return err
		}
		_, err := client.RbacV1().RoleBindings(binding.Namespace).Create(ctx, &binding, metav1.CreateOptions{})
		return err
	default:
		return errors.New("neither a Role nor a RoleBinding")
	}
}
