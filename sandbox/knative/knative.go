// Package knative runs Knative Serving inside this process: its own reconcilers and its own
// admission webhook, against any API server. What Knative leaves to its surroundings, an autoscaler
// class and an ingress class, is handed in as more controllers.
//
// Knative reads its namespace from the environment and registers its metrics in package variables,
// so one Serving per process.
package knative

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"go.uber.org/zap"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	kubeclient "knative.dev/pkg/client/injection/kube/client"
	configinformer "knative.dev/pkg/configmap/informer"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/injection"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/webhook"
	"knative.dev/serving/pkg/apis/serving"
	"knative.dev/serving/pkg/reconciler/configuration"
	"knative.dev/serving/pkg/reconciler/gc"
	"knative.dev/serving/pkg/reconciler/labeler"
	"knative.dev/serving/pkg/reconciler/revision"
	"knative.dev/serving/pkg/reconciler/route"
	"knative.dev/serving/pkg/reconciler/serverlessservice"
	"knative.dev/serving/pkg/reconciler/service"
)

const (
	// Namespace is where Knative's own objects are.
	Namespace = "knative-serving"
	// Domain ends every service's host name. Most systems resolve names below localhost to loopback.
	Domain = "localhost"
	// IngressClass is the class of the ingress controller that must be handed in.
	IngressClass = "sandbox.ingress.networking.knative.dev"
	// AutoscalerClass is the class of the autoscaler that must be handed in. Under
	// autoscaling.knative.dev Knative refuses class names that it does not know.
	AutoscalerClass = "autoscaler.sandbox.local"

	webhookService = "webhook"
	keySecret      = "webhook-certs"
)

// WebhookHost is the name that the certificate of the webhook must be for.
const WebhookHost = webhookService + "." + Namespace + ".svc"

// Serving says what Knative Serving runs on.
type Serving struct {
	Config    *rest.Config
	Manifests fs.FS // the folders config and webhooks, as Knative ships them
	Log       *zap.SugaredLogger

	Cert, Key, Authority []byte // of the webhook, in PEM

	// Usable is when custom resources can be created without delay.
	Usable time.Time
	// Surroundings are the controllers of AutoscalerClass and IngressClass, and of pods.
	Surroundings []injection.ControllerConstructor
}

// Run installs Knative Serving, whose definitions must be established, and starts it. It returns
// when the API server passes Services to the webhook; the controllers go on until ctx ends.
func (s *Serving) Run(ctx context.Context) error {
	if err := os.Setenv("SYSTEM_NAMESPACE", Namespace); err != nil { // knative.dev/pkg/system reads it
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for Knative's webhook: %w", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := s.install(ctx, port); err != nil {
		return fmt.Errorf("install Knative: %w", err)
	}
	if err := s.start(ctx, listener, port); err != nil {
		return fmt.Errorf("start Knative: %w", err)
	}
	if err := s.waitAdmission(ctx); err != nil {
		return fmt.Errorf("wait for Knative's webhook: %w", err)
	}
	return nil
}

func (s *Serving) install(ctx context.Context, port int) error {
	client, err := kubernetes.NewForConfig(s.Config)
	if err != nil {
		return err
	}
	objects, err := dynamic.NewForConfig(s.Config)
	if err != nil {
		return err
	}
	if err := installConfig(ctx, objects, s.Manifests); err != nil {
		return err
	}
	err = installFixtures(ctx, client, map[string][]byte{
		"server-key.pem":  s.Key,
		"server-cert.pem": s.Cert,
		"ca-cert.pem":     s.Authority,
	})
	if err != nil {
		return err
	}
	return installWebhooks(ctx, objects, s.Manifests, port, s.Authority)
}

// start runs the controllers and the webhook. Knative's own main function would do, but for its
// ports on all interfaces and its way of ending the process.
func (s *Serving) start(ctx context.Context, listener net.Listener, port int) error {
	ctx = logging.WithLogger(ctx, s.Log)
	ctx = webhook.WithOptions(ctx, webhook.Options{
		ServiceName:               webhookService,
		SecretName:                keySecret,
		Port:                      port,
		DisableNamespaceOwnership: true,
	})
	config := rest.CopyConfig(s.Config)
	config.QPS, config.Burst = 1000, 1000 // zero or less would be taken for unset
	ctx, startInformers := injection.EnableInjectionOrDie(ctx, config)
	watcher := configinformer.NewInformedWatcher(kubeclient.Get(ctx), Namespace)

	var controllers []*controller.Impl
	var hooks []any
	for _, construct := range s.controllers() {
		each := construct(ctx, watcher)
		controllers = append(controllers, each)
		if hook, isHook := each.Reconciler.(webhook.AdmissionController); isHook {
			hooks = append(hooks, hook)
		}
	}
	if err := watcher.Start(ctx.Done()); err != nil {
		return err
	}
	handler, err := webhook.New(ctx, hooks)
	if err != nil {
		return err
	}
	if err := s.serve(ctx, listener, handler); err != nil {
		return err
	}
	startInformers()
	handler.InformersHaveSynced()
	go func() {
		if err := controller.StartAll(ctx, controllers...); err != nil {
			s.Log.Errorw("Knative's controllers ended", "error", err)
		}
	}()
	return nil
}

func (s *Serving) controllers() []injection.ControllerConstructor {
	all := []injection.ControllerConstructor{
		configuration.NewController,
		gc.NewController,
		labeler.NewController,
		revision.NewController,
		route.NewController,
		serverlessservice.NewController,
		service.NewController,
	}
	return append(append(all, admission()...), s.Surroundings...)
}

// serve answers the API server on loopback; the webhook's own Run would listen on all interfaces.
func (s *Serving) serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	pair, err := tls.X509KeyPair(s.Cert, s.Key)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
	}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() {
		if err := server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
			s.Log.Errorw("Knative's webhook ended", "error", err)
		}
	}()
	return nil
}

// waitAdmission returns once the webhook, and not the API server, refuses a Service that cannot be:
// one whose image has no readable name. It is only ever a dry run.
func (s *Serving) waitAdmission(ctx context.Context) error {
	client, err := dynamic.NewForConfig(s.Config)
	if err != nil {
		return err
	}
	impossible := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "serving.knative.dev/v1",
		"kind":       "Service",
		"metadata":   map[string]any{"name": "impossible"},
		"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
			"containers": []any{map[string]any{"image": "a:b:c"}},
		}}},
	}}
	services := client.Resource(serving.ServicesResource.WithVersion("v1")).Namespace(metav1.NamespaceDefault)
	select {
	case <-time.After(time.Until(s.Usable)):
	case <-ctx.Done():
		return ctx.Err()
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		_, last = services.Create(ctx, impossible, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return last != nil && strings.Contains(last.Error(), "denied the request"), nil
	})
	if err != nil {
		return errors.Join(err, last)
	}
	return nil
}
