package dataplane

import (
	"context"

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
	deploymentinformer "knative.dev/pkg/client/injection/kube/informers/apps/v1/deployment"
	serviceinformer "knative.dev/pkg/client/injection/kube/informers/core/v1/service"
	"knative.dev/pkg/configmap"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/injection"
	"knative.dev/pkg/kmeta"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/reconciler"
	"knative.dev/serving/pkg/apis/serving"
	servingnetworking "knative.dev/serving/pkg/networking"
)

const (
	// replicas is how many pods each Deployment claims to have.
	replicas int32 = 1
	// podAddress stands in Endpoints: the API refuses loopback addresses there, and nobody dials it.
	podAddress = "10.244.0.10"
	podPort    = 8012
)

// Kubelet plays the parts of deployment controller, scheduler, kubelet and endpoints controller for
// the Deployments that Knative makes: a revision of the fleet for each.
func Kubelet(fleet *Fleet) injection.ControllerConstructor {
	return func(ctx context.Context, _ configmap.Watcher) *controller.Impl {
		deployments, services := deploymentinformer.Get(ctx), serviceinformer.Get(ctx)
		k := &kubelet{
			client:      kubeclient.Get(ctx),
			deployments: deployments.Lister(),
			services:    services.Lister(),
			fleet:       fleet,
		}
		impl := controller.NewContext(ctx, k, controller.ControllerOptions{
			WorkQueueName: "kubelet",
			Logger:        logging.FromContext(ctx),
		})
		mustHandle(deployments.Informer().AddEventHandler(cache.FilteringResourceEventHandler{
			FilterFunc: reconciler.LabelExistsFilterFunc(serving.RevisionLabelKey),
			Handler:    controller.HandleAll(impl.Enqueue),
		}))
		mustHandle(services.Informer().AddEventHandler(cache.FilteringResourceEventHandler{
			FilterFunc: reconciler.LabelFilterFunc(servingnetworking.ServiceTypeKey, string(servingnetworking.ServiceTypePrivate), false),
			Handler: controller.HandleAll(func(object any) {
				if service, ok := object.(*corev1.Service); ok {
					impl.EnqueueKey(types.NamespacedName{
						Namespace: service.Namespace,
						Name:      deploymentOf(service.Labels[servingnetworking.SKSLabelKey]),
					})
				}
			}),
		}))
		return impl
	}
}

type kubelet struct {
	reconciler.LeaderAwareFuncs

	client      kubernetes.Interface
	deployments appslisters.DeploymentLister
	services    corelisters.ServiceLister
	fleet       *Fleet
}

// Reconcile brings one Deployment and its revision in line.
func (k *kubelet) Reconcile(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	d, err := k.deployments.Deployments(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		k.fleet.Retire(types.NamespacedName{Namespace: namespace, Name: name})
		return nil
	}
	if err != nil {
		return err
	}
	if err := k.fleet.Start(ctx, d); err != nil {
		return err
	}
	if err := k.reportAvailable(ctx, d); err != nil {
		return err
	}
	return k.fillEndpoints(ctx, d)
}

// reportAvailable writes the status of a Deployment whose pods run, if it is not there yet.
func (k *kubelet) reportAvailable(ctx context.Context, d *appsv1.Deployment) error {
	if d.Status.ObservedGeneration == d.Generation && d.Status.AvailableReplicas == replicas {
		return nil
	}
	now := metav1.Now()
	condition := func(kind appsv1.DeploymentConditionType, reason string) appsv1.DeploymentCondition {
		return appsv1.DeploymentCondition{
			Type: kind, Status: corev1.ConditionTrue, Reason: reason,
			LastUpdateTime: now, LastTransitionTime: now,
		}
	}
	reported := d.DeepCopy()
	reported.Status = appsv1.DeploymentStatus{
		ObservedGeneration: d.Generation,
		Replicas:           replicas,
		UpdatedReplicas:    replicas,
		ReadyReplicas:      replicas,
		AvailableReplicas:  replicas,
		Conditions: []appsv1.DeploymentCondition{
			condition(appsv1.DeploymentAvailable, "MinimumReplicasAvailable"),
			condition(appsv1.DeploymentProgressing, "NewReplicaSetAvailable"),
		},
	}
	_, err := k.client.AppsV1().Deployments(d.Namespace).UpdateStatus(ctx, reported, metav1.UpdateOptions{})
	return err
}

// fillEndpoints gives the revision's private Service the endpoints that Knative waits for. The
// creation of that Service leads here again.
func (k *kubelet) fillEndpoints(ctx context.Context, d *appsv1.Deployment) error {
	service, err := k.services.Services(d.Namespace).Get(kmeta.ChildName(revisionOf(d).Name, "-private"))
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	want := endpointsOf(service)
	client := k.client.CoreV1().Endpoints(d.Namespace)
	have, err := client.Get(ctx, want.Name, metav1.GetOptions{})
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

// deploymentOf is the name of the Deployment that Knative makes for a revision.
func deploymentOf(revision string) string {
	return kmeta.ChildName(revision, "-deployment")
}

//nolint:staticcheck // Knative v0.50 waits for Endpoints, not EndpointSlices.
func endpointsOf(service *corev1.Service) *corev1.Endpoints {
	subset := corev1.EndpointSubset{Addresses: []corev1.EndpointAddress{{IP: podAddress}}}
	for _, port := range service.Spec.Ports {
		number := port.TargetPort.IntVal
		if number == 0 { // named: the queue proxy's
			number = podPort
		}
		subset.Ports = append(subset.Ports, corev1.EndpointPort{Name: port.Name, Port: number, Protocol: corev1.ProtocolTCP})
	}
	return &corev1.Endpoints{
		ObjectMeta: metav1.ObjectMeta{Name: service.Name, Namespace: service.Namespace, Labels: service.Labels},
		Subsets:    []corev1.EndpointSubset{subset},
	}
}
