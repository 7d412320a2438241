package dataplane

import (
	"context"

	"k8s.io/client-go/tools/cache"
	networkingv1alpha1 "knative.dev/networking/pkg/apis/networking/v1alpha1"
	networkingclient "knative.dev/networking/pkg/client/injection/client"
	sksinformer "knative.dev/networking/pkg/client/injection/informers/networking/v1alpha1/serverlessservice"
	"knative.dev/pkg/configmap"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/reconciler"
	"knative.dev/serving/pkg/apis/autoscaling"
	"knative.dev/serving/pkg/apis/autoscaling/v1alpha1"
	servingclient "knative.dev/serving/pkg/client/injection/client"
	painformer "knative.dev/serving/pkg/client/injection/informers/autoscaling/v1alpha1/podautoscaler"
	pareconciler "knative.dev/serving/pkg/client/injection/reconciler/autoscaling/v1alpha1/podautoscaler"
	servingautoscaling "knative.dev/serving/pkg/reconciler/autoscaling"

	"perch/sandbox/knative"
)

// Autoscaler is the controller of knative.AutoscalerClass: one replica each, always.
func Autoscaler(ctx context.Context, _ configmap.Watcher) *controller.Impl {
	autoscalers, services := painformer.Get(ctx).Informer(), sksinformer.Get(ctx)
	impl := pareconciler.NewImpl(ctx, &autoscaler{servingautoscaling.Base{
		Client:           servingclient.Get(ctx),
		NetworkingClient: networkingclient.Get(ctx),
		SKSLister:        services.Lister(),
	}}, knative.AutoscalerClass)
	mustHandle(autoscalers.AddEventHandler(cache.FilteringResourceEventHandler{
		FilterFunc: reconciler.AnnotationFilterFunc(autoscaling.ClassAnnotationKey, knative.AutoscalerClass, false),
		Handler:    controller.HandleAll(impl.Enqueue),
	}))
	mustHandle(services.Informer().AddEventHandler(cache.FilteringResourceEventHandler{
		FilterFunc: controller.FilterController(&v1alpha1.PodAutoscaler{}),
		Handler:    controller.HandleAll(impl.EnqueueControllerOf),
	}))
	return impl
}

type autoscaler struct {
	servingautoscaling.Base
}

// ReconcileKind is done when the revision's ServerlessService has endpoints.
func (a *autoscaler) ReconcileKind(ctx context.Context, pa *v1alpha1.PodAutoscaler) reconciler.Event {
	service, err := a.ReconcileSKS(ctx, pa, networkingv1alpha1.SKSOperationModeServe, 0)
	if err != nil {
		return err
	}
	pa.Status.ServiceName = service.Status.ServiceName
	pa.Status.MetricsServiceName = service.Status.PrivateServiceName
	if service.IsReady() {
		pa.Status.MarkSKSReady()
		pa.Status.MarkScaleTargetInitialized()
	} else {
		pa.Status.MarkSKSNotReady("the revision has no endpoints yet")
	}
	pa.Status.MarkActive()
	pa.Status.DesiredScale, pa.Status.ActualScale = new(replicas), new(replicas)
	return nil
}
