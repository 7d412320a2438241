package dataplane

import (
	"context"

	"k8s.io/client-go/tools/cache"
	network "knative.dev/networking/pkg/apis/networking/v1alpha1"
	networkclient "knative.dev/networking/pkg/client/injection/client"
	sksinformer "knative.dev/networking/pkg/client/injection/informers/networking/v1alpha1/serverlessservice"
	"knative.dev/pkg/configmap"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/reconciler"
	"knative.dev/serving/pkg/apis/autoscaling"
	autoscalingv1 "knative.dev/serving/pkg/apis/autoscaling/v1alpha1"
	servingclient "knative.dev/serving/pkg/client/injection/client"
	autoscalerinformer "knative.dev/serving/pkg/client/injection/informers/autoscaling/v1alpha1/podautoscaler"
	autoscalerreconciler "knative.dev/serving/pkg/client/injection/reconciler/autoscaling/v1alpha1/podautoscaler"
	autoscalerbase "knative.dev/serving/pkg/reconciler/autoscaling"

	"perch/sandbox/knative"
)

// autoscalerClass keeps every revision at one replica.
type autoscalerClass struct{ autoscalerbase.Base }

// NewAutoscalerClass is the controller of the sandbox's autoscaler class.
func NewAutoscalerClass(ctx context.Context, _ configmap.Watcher) *controller.Impl {
	services := sksinformer.Get(ctx)
	impl := autoscalerreconciler.NewImpl(ctx, &autoscalerClass{autoscalerbase.Base{
		Client: servingclient.Get(ctx), NetworkingClient: networkclient.Get(ctx), SKSLister: services.Lister(),
	}}, knative.AutoscalerClass)
	mustHandle(autoscalerinformer.Get(ctx).Informer().AddEventHandler(cache.FilteringResourceEventHandler{
		FilterFunc: reconciler.AnnotationFilterFunc(autoscaling.ClassAnnotationKey, knative.AutoscalerClass, false),
		Handler:    controller.HandleAll(impl.Enqueue),
	}))
	mustHandle(services.Informer().AddEventHandler(cache.FilteringResourceEventHandler{
		FilterFunc: controller.FilterController(&autoscalingv1.PodAutoscaler{}),
		Handler:    controller.HandleAll(impl.EnqueueControllerOf),
	}))
	return impl
}

// ReconcileKind asks for a serverless service and calls the revision active once it has endpoints.
func (a *autoscalerClass) ReconcileKind(ctx context.Context, pa *autoscalingv1.PodAutoscaler) reconciler.Event {
	service, err := a.ReconcileSKS(ctx, pa, network.SKSOperationModeServe, 0)
	if err != nil {
		return err
	}
	pa.Status.ServiceName = service.Status.ServiceName
	pa.Status.MetricsServiceName = service.Status.PrivateServiceName
	if service.IsReady() {
		pa.Status.MarkSKSReady()
		pa.Status.MarkScaleTargetInitialized()
	} else {
		pa.Status.MarkSKSNotReady("its endpoints are not there yet")
	}
	pa.Status.MarkActive()
	one := int32(1)
	pa.Status.DesiredScale, pa.Status.ActualScale = &one, &one
	return nil
}
