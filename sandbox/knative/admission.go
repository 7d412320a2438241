package knative

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime/schema"
	network "knative.dev/networking/pkg/apis/networking/v1alpha1"
	networkconfig "knative.dev/networking/pkg/config"
	"knative.dev/pkg/configmap"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/injection"
	"knative.dev/pkg/leaderelection"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/webhook"
	"knative.dev/pkg/webhook/configmaps"
	"knative.dev/pkg/webhook/resourcesemantics"
	"knative.dev/pkg/webhook/resourcesemantics/defaulting"
	"knative.dev/pkg/webhook/resourcesemantics/validation"
	autoscaling "knative.dev/serving/pkg/apis/autoscaling/v1alpha1"
	servingconfig "knative.dev/serving/pkg/apis/config"
	serving "knative.dev/serving/pkg/apis/serving/v1"
	servingbeta "knative.dev/serving/pkg/apis/serving/v1beta1"
	autoscalerconfig "knative.dev/serving/pkg/autoscaler/config"
	"knative.dev/serving/pkg/deployment"
	gcconfig "knative.dev/serving/pkg/gc"
	domainconfig "knative.dev/serving/pkg/reconciler/route/config"
	servingwebhook "knative.dev/serving/pkg/webhook"
)

// admission are the admission controllers of Knative's webhook: defaulting, validation, and the
// validation of settings. Its command is a package main, so what it lists is listed here again.
func admission() []injection.ControllerConstructor {
	return []injection.ControllerConstructor{defaults, validates, validatesSettings}
}

func kinds() map[schema.GroupVersionKind]resourcesemantics.GenericCRD {
	return map[schema.GroupVersionKind]resourcesemantics.GenericCRD{
		serving.SchemeGroupVersion.WithKind("Service"):           &serving.Service{},
		serving.SchemeGroupVersion.WithKind("Configuration"):     &serving.Configuration{},
		serving.SchemeGroupVersion.WithKind("Revision"):          &serving.Revision{},
		serving.SchemeGroupVersion.WithKind("Route"):             &serving.Route{},
		servingbeta.SchemeGroupVersion.WithKind("DomainMapping"): &servingbeta.DomainMapping{},
		autoscaling.SchemeGroupVersion.WithKind("PodAutoscaler"): &autoscaling.PodAutoscaler{},
		autoscaling.SchemeGroupVersion.WithKind("Metric"):        &autoscaling.Metric{},
		network.SchemeGroupVersion.WithKind("Ingress"):           &network.Ingress{},
		network.SchemeGroupVersion.WithKind("Certificate"):       &network.Certificate{},
		network.SchemeGroupVersion.WithKind("ServerlessService"): &network.ServerlessService{},
	}
}

// settings puts Knative's feature flags and defaults into the context of each request.
func settings(ctx context.Context, w configmap.Watcher) func(context.Context) context.Context {
	store := servingconfig.NewStore(logging.FromContext(ctx))
	store.WatchConfigs(w)
	return store.ToContext
}

func defaults(ctx context.Context, w configmap.Watcher) *controller.Impl {
	return defaulting.NewAdmissionController(ctx, "webhook.serving.knative.dev", "/defaulting",
		kinds(), settings(ctx, w), false)
}

func validates(ctx context.Context, w configmap.Watcher) *controller.Impl {
	extra := map[schema.GroupVersionKind]validation.Callback{
		serving.SchemeGroupVersion.WithKind("Service"): validation.NewCallback(
			servingwebhook.ValidateService, webhook.Create, webhook.Update),
		serving.SchemeGroupVersion.WithKind("Configuration"): validation.NewCallback(
			servingwebhook.ValidateConfiguration, webhook.Create, webhook.Update),
	}
	return validation.NewAdmissionController(ctx, "validation.webhook.serving.knative.dev", "/resource-validation",
		kinds(), settings(ctx, w), false, extra)
}

func validatesSettings(ctx context.Context, _ configmap.Watcher) *controller.Impl {
	return configmaps.NewAdmissionController(ctx, "config.webhook.serving.knative.dev", "/config-validation",
		configmap.Constructors{
			autoscalerconfig.ConfigName:      autoscalerconfig.NewConfigFromConfigMap,
			deployment.ConfigName:            deployment.NewConfigFromConfigMap,
			domainconfig.DomainConfigName:    domainconfig.NewDomainFromConfigMap,
			gcconfig.ConfigName:              gcconfig.NewConfigFromConfigMapFunc(ctx),
			leaderelection.ConfigMapName():   leaderelection.NewConfigFromConfigMap,
			logging.ConfigMapName():          logging.NewConfigFromConfigMap,
			networkconfig.ConfigMapName:      networkconfig.NewConfigFromConfigMap,
			servingconfig.DefaultsConfigName: servingconfig.NewDefaultsConfigFromConfigMap,
			servingconfig.FeaturesConfigName: servingconfig.NewFeaturesConfigFromConfigMap,
		})
}
