package knative

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime/schema"
	networkingv1alpha1 "knative.dev/networking/pkg/apis/networking/v1alpha1"
	networkingconfig "knative.dev/networking/pkg/config"
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
	autoscalingv1alpha1 "knative.dev/serving/pkg/apis/autoscaling/v1alpha1"
	apisconfig "knative.dev/serving/pkg/apis/config"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	servingv1beta1 "knative.dev/serving/pkg/apis/serving/v1beta1"
	autoscalerconfig "knative.dev/serving/pkg/autoscaler/config"
	"knative.dev/serving/pkg/deployment"
	gcconfig "knative.dev/serving/pkg/gc"
	observability "knative.dev/serving/pkg/observability/configmap"
	certificateconfig "knative.dev/serving/pkg/reconciler/certificate/config"
	domainconfig "knative.dev/serving/pkg/reconciler/route/config"
	extravalidation "knative.dev/serving/pkg/webhook"
)

// admission lists the admission controllers of Knative's webhook. Its program is a package main, so
// what it admits is named here again, with the same names and paths.
func admission() []injection.ControllerConstructor {
	return []injection.ControllerConstructor{
		func(ctx context.Context, watcher configmap.Watcher) *controller.Impl {
			return defaulting.NewAdmissionController(ctx, "webhook.serving.knative.dev", "/defaulting",
				admitted(), defaults(ctx, watcher), false)
		},
		func(ctx context.Context, watcher configmap.Watcher) *controller.Impl {
			return validation.NewAdmissionController(ctx, "validation.webhook.serving.knative.dev", "/resource-validation",
				admitted(), defaults(ctx, watcher), false, callbacks())
		},
		func(ctx context.Context, _ configmap.Watcher) *controller.Impl {
			return configmaps.NewAdmissionController(ctx, "config.webhook.serving.knative.dev", "/config-validation", parsers(ctx))
		},
	}
}

// defaults puts the current config maps into the context of each admission.
func defaults(ctx context.Context, watcher configmap.Watcher) func(context.Context) context.Context {
	store := apisconfig.NewStore(logging.FromContext(ctx).Named("config-store"))
	store.WatchConfigs(watcher)
	return store.ToContext
}

func admitted() map[schema.GroupVersionKind]resourcesemantics.GenericCRD {
	serving, networking := servingv1.SchemeGroupVersion, networkingv1alpha1.SchemeGroupVersion
	autoscaling := autoscalingv1alpha1.SchemeGroupVersion
	return map[schema.GroupVersionKind]resourcesemantics.GenericCRD{
		serving.WithKind("Configuration"): &servingv1.Configuration{},
		serving.WithKind("Revision"):      &servingv1.Revision{},
		serving.WithKind("Route"):         &servingv1.Route{},
		serving.WithKind("Service"):       &servingv1.Service{},

		autoscaling.WithKind("Metric"):        &autoscalingv1alpha1.Metric{},
		autoscaling.WithKind("PodAutoscaler"): &autoscalingv1alpha1.PodAutoscaler{},

		networking.WithKind("Certificate"):       &networkingv1alpha1.Certificate{},
		networking.WithKind("Ingress"):           &networkingv1alpha1.Ingress{},
		networking.WithKind("ServerlessService"): &networkingv1alpha1.ServerlessService{},

		servingv1beta1.SchemeGroupVersion.WithKind("DomainMapping"): &servingv1beta1.DomainMapping{},
	}
}

// callbacks hold the checks that look beyond the object itself.
func callbacks() map[schema.GroupVersionKind]validation.Callback {
	serving := servingv1.SchemeGroupVersion
	return map[schema.GroupVersionKind]validation.Callback{
		serving.WithKind("Service"):       validation.NewCallback(extravalidation.ValidateService, webhook.Create, webhook.Update),
		serving.WithKind("Configuration"): validation.NewCallback(extravalidation.ValidateConfiguration, webhook.Create, webhook.Update),
	}
}

func parsers(ctx context.Context) configmap.Constructors {
	return configmap.Constructors{
		apisconfig.DefaultsConfigName:           apisconfig.NewDefaultsConfigFromConfigMap,
		apisconfig.FeaturesConfigName:           apisconfig.NewFeaturesConfigFromConfigMap,
		autoscalerconfig.ConfigName:             autoscalerconfig.NewConfigFromConfigMap,
		certificateconfig.CertManagerConfigName: certificateconfig.NewCertManagerConfigFromConfigMap,
		deployment.ConfigName:                   deployment.NewConfigFromConfigMap,
		domainconfig.DomainConfigName:           domainconfig.NewDomainFromConfigMap,
		gcconfig.ConfigName:                     gcconfig.NewConfigFromConfigMapFunc(ctx),
		leaderelection.ConfigMapName():          leaderelection.NewConfigFromConfigMap,
		logging.ConfigMapName():                 logging.NewConfigFromConfigMap,
		networkingconfig.ConfigMapName:          networkingconfig.NewConfigFromConfigMap,
		observability.Name():                    observability.Parse,
	}
}
