package dataplane

import (
	"context"

	"k8s.io/client-go/tools/cache"
	"knative.dev/networking/pkg/apis/networking"
	network "knative.dev/networking/pkg/apis/networking/v1alpha1"
	ingressinformer "knative.dev/networking/pkg/client/injection/informers/networking/v1alpha1/ingress"
	ingressreconciler "knative.dev/networking/pkg/client/injection/reconciler/networking/v1alpha1/ingress"
	"knative.dev/pkg/configmap"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/injection"
	"knative.dev/pkg/reconciler"

	"perch/sandbox/knative"
)

// ingressClass programs the gateway.
type ingressClass struct{ gateway *Gateway }

// NewIngressClass is the controller of the sandbox's ingress class.
func NewIngressClass(g *Gateway) injection.ControllerConstructor {
	return func(ctx context.Context, _ configmap.Watcher) *controller.Impl {
		impl := ingressreconciler.NewImpl(ctx, &ingressClass{g}, knative.IngressClass)
		ours := reconciler.AnnotationFilterFunc(networking.IngressClassAnnotationKey, knative.IngressClass, false)
		mustHandle(ingressinformer.Get(ctx).Informer().AddEventHandler(cache.FilteringResourceEventHandler{
			FilterFunc: ours, Handler: controller.HandleAll(impl.Enqueue),
		}))
		return impl
	}
}

// mustHandle takes what AddEventHandler gives: an error only from an informer that has ended.
func mustHandle(_ cache.ResourceEventHandlerRegistration, err error) {
	if err != nil {
		panic(err)
	}
}

// ReconcileKind lets the gateway serve a KIngress and says that it does.
func (c *ingressClass) ReconcileKind(_ context.Context, i *network.Ingress) reconciler.Event {
	c.gateway.program(i.Namespace+"/"+i.Name, i)
	i.Status.MarkNetworkConfigured()
	here := []network.LoadBalancerIngressStatus{{DomainInternal: "gateway." + knative.Namespace + ".svc.cluster.local"}}
	i.Status.MarkLoadBalancerReady(here, here)
	return nil
}

// FinalizeKind lets the gateway forget a KIngress.
func (c *ingressClass) FinalizeKind(_ context.Context, i *network.Ingress) reconciler.Event {
	c.gateway.program(i.Namespace+"/"+i.Name, nil)
	return nil
}
