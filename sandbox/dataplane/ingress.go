package dataplane

import (
	"context"

	"k8s.io/client-go/tools/cache"
	"knative.dev/networking/pkg/apis/networking"
	"knative.dev/networking/pkg/apis/networking/v1alpha1"
	ingressinformer "knative.dev/networking/pkg/client/injection/informers/networking/v1alpha1/ingress"
	ingressreconciler "knative.dev/networking/pkg/client/injection/reconciler/networking/v1alpha1/ingress"
	"knative.dev/pkg/configmap"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/injection"
	"knative.dev/pkg/reconciler"

	"perch/sandbox/knative"
)

// gatewayHost is the name of the gateway in the status of ingresses.
const gatewayHost = "gateway." + knative.Namespace + ".svc.cluster.local"

// Ingress is the controller of knative.IngressClass: it programs a gateway.
func Ingress(gateway *Gateway) injection.ControllerConstructor {
	return func(ctx context.Context, _ configmap.Watcher) *controller.Impl {
		informer := ingressinformer.Get(ctx).Informer()
		impl := ingressreconciler.NewImpl(ctx, &ingress{gateway}, knative.IngressClass)
		mustHandle(informer.AddEventHandler(cache.FilteringResourceEventHandler{
			FilterFunc: reconciler.AnnotationFilterFunc(networking.IngressClassAnnotationKey, knative.IngressClass, false),
			Handler:    controller.HandleAll(impl.Enqueue),
		}))
		return impl
	}
}

type ingress struct {
	gateway *Gateway
}

// ReconcileKind programs the gateway, and only then says that the new rules are in force.
func (i *ingress) ReconcileKind(_ context.Context, ing *v1alpha1.Ingress) reconciler.Event {
	i.gateway.Program(ing.Namespace+"/"+ing.Name, ing.Spec.Rules)
	ing.Status.MarkNetworkConfigured()
	address := []v1alpha1.LoadBalancerIngressStatus{{DomainInternal: gatewayHost}}
	ing.Status.MarkLoadBalancerReady(address, address)
	return nil
}

// FinalizeKind forgets the rules of a deleted ingress.
func (i *ingress) FinalizeKind(_ context.Context, ing *v1alpha1.Ingress) reconciler.Event {
	i.gateway.Program(ing.Namespace+"/"+ing.Name, nil)
	return nil
}

// mustHandle panics if a handler was added to an informer that has stopped, which cannot be before
// the controllers have started.
func mustHandle(_ cache.ResourceEventHandlerRegistration, err error) {
	if err != nil {
		panic(err)
	}
}
