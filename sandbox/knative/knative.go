// Package knative runs Knative Serving's own reconcilers and admission webhook inside this process.
// What is not Knative's is only the settings, and the autoscaler and ingress class that the settings
// choose; whoever implements those hands their controllers to Run.
package knative

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"go.uber.org/zap"
	"k8s.io/client-go/rest"
	kubeclient "knative.dev/pkg/client/injection/kube/client"
	"knative.dev/pkg/configmap/informer"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/injection"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/webhook"
	"knative.dev/serving/pkg/reconciler/configuration"
	"knative.dev/serving/pkg/reconciler/gc"
	"knative.dev/serving/pkg/reconciler/labeler"
	"knative.dev/serving/pkg/reconciler/revision"
	"knative.dev/serving/pkg/reconciler/route"
	"knative.dev/serving/pkg/reconciler/serverlessservice"
	"knative.dev/serving/pkg/reconciler/service"
)

const (
	// Namespace is where Knative keeps its settings.
	Namespace = "knative-serving"
	// IngressClass is the class of every KIngress.
	IngressClass = "sandbox.ingress.networking.knative.dev"
	// AutoscalerClass is the class of every PodAutoscaler. It is not below autoscaling.knative.dev,
	// where Knative's validation accepts only names that it knows.
	AutoscalerClass = "sandbox.perch.dev"
	// Domain is the domain of all routes. Names below localhost are loopback's on most systems.
	Domain = "localhost"
)

// Options are what Run needs.
type Options struct {
	Config  *rest.Config
	Log     *zap.SugaredLogger
	Cert    []byte // of the webhook's server, PEM
	Key     []byte
	CA      []byte
	Classes []injection.ControllerConstructor // of the autoscaler and ingress class, and of the kubelet
}

// Run installs Knative Serving, starts it, and returns when its webhook answers. It ends with ctx.
func Run(ctx context.Context, o Options) error {
	// knative.dev/pkg/system takes its namespace from the environment only.
	if err := os.Setenv("SYSTEM_NAMESPACE", Namespace); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	usable, err := install(ctx, o, port)
	if err != nil {
		return fmt.Errorf("install Knative: %w", err)
	}
	if err := start(ctx, o, listener); err != nil {
		return fmt.Errorf("start Knative: %w", err)
	}
	select {
	case <-time.After(time.Until(usable)):
	case <-ctx.Done():
		return ctx.Err()
	}
	return waitAdmission(ctx, o.Config)
}

// start does what Knative's sharedmain does, less its signal handlers, ports and global loggers.
func start(ctx context.Context, o Options, listener net.Listener) error {
	ctx = logging.WithLogger(ctx, o.Log)
	ctx = webhook.WithOptions(ctx, webhook.Options{
		ServiceName: "webhook", SecretName: "webhook-certs",
		Port: listener.Addr().(*net.TCPAddr).Port, DisableNamespaceOwnership: true,
	})
	config := rest.CopyConfig(o.Config)
	config.QPS, config.Burst = 1000, 1000 // Knative multiplies them, so they must not be negative
	ctx, startInformers := injection.EnableInjectionOrDie(ctx, config)
	settings := informer.NewInformedWatcher(kubeclient.Get(ctx), Namespace)
	var controllers []*controller.Impl
	var hooks []any
	for _, construct := range slices.Concat(reconcilers(), admission(), o.Classes) {
		impl := construct(ctx, settings)
		controllers = append(controllers, impl)
		if hook, ok := impl.Reconciler.(webhook.AdmissionController); ok {
			hooks = append(hooks, hook)
		}
	}
	if err := settings.Start(ctx.Done()); err != nil {
		return fmt.Errorf("watch settings: %w", err)
	}
	handler, err := webhook.New(ctx, hooks)
	if err != nil {
		return err
	}
	if err := serve(ctx, listener, handler, o); err != nil {
		return err
	}
	startInformers()
	handler.InformersHaveSynced()
	go func() {
		if err := controller.StartAll(ctx, controllers...); err != nil && ctx.Err() == nil {
			o.Log.Errorw("controllers ended", "error", err)
		}
	}()
	return nil
}

// reconcilers are those of Knative's controller, without certificates and domain mappings.
func reconcilers() []injection.ControllerConstructor {
	return []injection.ControllerConstructor{
		configuration.NewController, labeler.NewController, revision.NewController, route.NewController,
		serverlessservice.NewController, service.NewController, gc.NewController,
	}
}

// serve answers admission requests on loopback; the webhook's own Run would listen everywhere.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, o Options) error {
	pair, err := tls.X509KeyPair(o.Cert, o.Key)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
	}
	go func() {
		if err := server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
			o.Log.Errorw("webhook ended", "error", err)
		}
	}()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return nil
}
