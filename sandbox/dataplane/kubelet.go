package dataplane

import (
	"context"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	appslisters "k8s.io/client-go/listers/apps/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	kubeclient "knative.dev/pkg/client/injection/kube/client"
	deployments "knative.dev/pkg/client/injection/kube/informers/apps/v1/deployment"
	services "knative.dev/pkg/client/injection/kube/informers/core/v1/service"
	"knative.dev/pkg/configmap"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/injection"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/reconciler"
	"knative.dev/serving/pkg/apis/serving"
	servingnetwork "knative.dev/serving/pkg/networking"
)

// A kubelet plays all that turns a revision's Deployment into a server and into endpoints: the
// Deployment and Endpoints controllers, the scheduler and the node.
type kubelet struct {
	reconciler.LeaderAwareFuncs
	client      kubernetes.Interface
	deployments appslisters.DeploymentLister
	services    corelisters.ServiceLister
	revisions   *Revisions
}

const deploymentSuffix = "-deployment"

// NewKubelet is the controller that runs revisions.
func NewKubelet(revisions *Revisions) injection.ControllerConstructor {
	return func(ctx context.Context, _ configmap.Watcher) *controller.Impl {
		d, s := deployments.Get(ctx), services.Get(ctx)
		k := &kubelet{client: kubeclient.Get(ctx), deployments: d.Lister(), services: s.Lister(), revisions: revisions}
		impl := controller.NewContext(ctx, k, controller.ControllerOptions{
			WorkQueueName: "sandbox-kubelet", Logger: logging.FromContext(ctx),
		})
		mustHandle(d.Informer().AddEventHandler(cache.FilteringResourceEventHandler{
			FilterFunc: reconciler.LabelExistsFilterFunc(serving.RevisionLabelKey),
			Handler:    controller.HandleAll(impl.Enqueue),
		}))
		mustHandle(s.Informer().AddEventHandler(cache.FilteringResourceEventHandler{
			FilterFunc: reconciler.LabelFilterFunc(servingnetwork.ServiceTypeKey, string(servingnetwork.ServiceTypePrivate), false),
			Handler: controller.HandleAll(func(object any) {
				if s, ok := object.(*corev1.Service); ok {
					impl.EnqueueKey(types.NamespacedName{Namespace: s.Namespace, Name: s.Labels[servingnetwork.SKSLabelKey] + deploymentSuffix})
				}
			}),
		}))
		return impl
	}
}

// Reconcile makes the server of one Deployment come, or go.
func (k *kubelet) Reconcile(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return nil //nolint:nilerr // a key that cannot be read will not be readable later
	}
	d, err := k.deployments.Deployments(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		k.revisions.stop(namespace, strings.TrimSuffix(name, deploymentSuffix)) //nolint:contextcheck // it outlives the call
		return nil
	}
	if err != nil {
		return err
	}
	id, image, body := describe(d)
	if err := k.revisions.run(context.WithoutCancel(ctx), id, image, body); err != nil {
		return err
	}
	if err := k.available(ctx, d); err != nil {
		return err
	}
	return k.endpoints(ctx, d)
}

// describe finds the container of the user's, its image, and what it answers: the value of the
// environment's T_VERSION, as Knative's route demo does, or its image.
func describe(d *appsv1.Deployment) (id Identity, image, body string) {
	id = Identity{
		Namespace: d.Namespace, Service: d.Labels[serving.ServiceLabelKey],
		Configuration: d.Labels[serving.ConfigurationLabelKey], Revision: d.Labels[serving.RevisionLabelKey],
	}
	for _, c := range d.Spec.Template.Spec.Containers {
		if c.Name == "queue-proxy" {
			continue
		}
		id.Container, image, body = c.Name, c.Image, c.Image
		for _, e := range c.Env {
			if e.Name == "T_VERSION" {
				body = e.Value
			}
		}
		break
	}
	return id, image, body
}

// available marks a Deployment as a controller would whose pods all run.
func (k *kubelet) available(ctx context.Context, d *appsv1.Deployment) error {
	replicas := int32(1)
	if d.Spec.Replicas != nil {
		replicas = *d.Spec.Replicas
	}
	if d.Status.ObservedGeneration == d.Generation && d.Status.AvailableReplicas == replicas && len(d.Status.Conditions) == 2 {
		return nil
	}
	now := metav1.Now()
	condition := func(kind appsv1.DeploymentConditionType, reason string) appsv1.DeploymentCondition {
		return appsv1.DeploymentCondition{
			Type: kind, Status: corev1.ConditionTrue, Reason: reason, LastUpdateTime: now, LastTransitionTime: now,
		}
	}
	d = d.DeepCopy()
	d.Status = appsv1.DeploymentStatus{
		ObservedGeneration: d.Generation,
		Replicas:           replicas, UpdatedReplicas: replicas, ReadyReplicas: replicas, AvailableReplicas: replicas,
		Conditions: []appsv1.DeploymentCondition{
			condition(appsv1.DeploymentAvailable, "MinimumReplicasAvailable"),
			condition(appsv1.DeploymentProgressing, "NewReplicaSetAvailable"),
		},
	}
	_, err := k.client.AppsV1().Deployments(d.Namespace).UpdateStatus(ctx, d, metav1.UpdateOptions{})
	return err
}

// podIP stands for every pod: the API refuses loopback addresses, and the gateway needs none.
const podIP = "10.244.0.10"

// endpoints gives the revision's private Service its one pod.
func (k *kubelet) endpoints(ctx context.Context, d *appsv1.Deployment) error {
	service, err := k.services.Services(d.Namespace).Get(d.Labels[serving.RevisionLabelKey] + "-private")
	if apierrors.IsNotFound(err) {
		return nil // its creation brings the Deployment back here
	}
	if err != nil {
		return err
	}
	want := endpointsOf(service)
	client := k.client.CoreV1().Endpoints(d.Namespace)
	have, err := client.Get(ctx, service.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		_, err = client.Create(ctx, want, metav1.CreateOptions{})
		return err
	}
	if err != nil || equality.Semantic.DeepEqual(have.Subsets, want.Subsets) {
		return err
	}
	want.ResourceVersion = have.ResourceVersion
	_, err = client.Update(ctx, want, metav1.UpdateOptions{})
	return err
}

func endpointsOf(s *corev1.Service) *corev1.Endpoints { //nolint:staticcheck // what Knative 1.20 reads
	subset := corev1.EndpointSubset{Addresses: []corev1.EndpointAddress{{IP: podIP}}} //nolint:staticcheck // see above
	for _, p := range s.Spec.Ports {
		port := p.TargetPort.IntVal
		if port == 0 { // a named port of queue-proxy
			port = 8012
		}
		subset.Ports = append(subset.Ports, corev1.EndpointPort{Name: p.Name, Port: port, Protocol: corev1.ProtocolTCP})
	}
	return &corev1.Endpoints{ //nolint:staticcheck // see above
		ObjectMeta: metav1.ObjectMeta{Name: s.Name, Namespace: s.Namespace, Labels: s.Labels},
		Subsets:    []corev1.EndpointSubset{subset}, //nolint:staticcheck // see above
	}
}
