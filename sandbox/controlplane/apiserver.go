package controlplane

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// readyDeadline bounds the start of the API server, which takes two or three seconds.
const readyDeadline = 90 * time.Second

// startAPIServer serves Kubernetes' API on the listener until the process ends, and returns a
// configuration that logs in as the server itself.
func startAPIServer(ctx context.Context, listener net.Listener, etcd string, files keyFiles) (*rest.Config, error) {
	serverOptions := options.NewServerRunOptions()
	flags := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, section := range serverOptions.Flags().FlagSets {
		flags.AddFlagSet(section)
	}
	serverOptions.SecureServing.Listener = listener
	if err := flags.Parse(apiServerFlags(listener.Addr(), etcd, files)); err != nil {
		return nil, err
	}
	if err := serverOptions.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return nil, err
	}
	completed, err := serverOptions.Complete(ctx)
	if err != nil {
		return nil, err
	}
	if invalid := completed.Validate(); len(invalid) > 0 {
		return nil, errors.Join(invalid...)
	}
	return run(ctx, completed)
}

func run(ctx context.Context, completed options.CompletedOptions) (*rest.Config, error) {
	config, err := app.NewConfig(completed)
	if err != nil {
		return nil, err
	}
	ready, err := config.Complete()
	if err != nil {
		return nil, err
	}
	server, err := app.CreateServerChain(ready)
	if err != nil {
		return nil, err
	}
	prepared, err := server.PrepareRun()
	if err != nil {
		return nil, err
	}
	stopped := make(chan error, 1) // sent to once, by the server's goroutine, when it ends
	go func() { stopped <- prepared.Run(ctx) }()

	client := rest.CopyConfig(server.GenericAPIServer.LoopbackClientConfig)
	client.ContentConfig = rest.ContentConfig{} // the server speaks protobuf to itself; custom resources cannot
	client.QPS, client.Burst = -1, -1
	return client, waitReady(ctx, client, stopped)
}

func waitReady(ctx context.Context, config *rest.Config, stopped <-chan error) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, readyDeadline, true, func(ctx context.Context) (bool, error) {
		select {
		case err := <-stopped:
			return false, fmt.Errorf("stopped while starting: %w", err)
		default:
		}
		last = client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
		return last == nil, nil
	})
	if err != nil {
		return errors.Join(err, last)
	}
	return nil
}

func apiServerFlags(address net.Addr, etcd string, files keyFiles) []string {
	_, port, _ := strings.Cut(address.String(), ":")
	return []string{
		"--etcd-servers=" + etcd,
		"--secure-port=" + port,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none",
		"--tls-cert-file=" + files.cert,
		"--tls-private-key-file=" + files.key,
		"--client-ca-file=" + files.authority,
		"--token-auth-file=" + files.tokens,
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + files.accounts,
		"--service-account-signing-key-file=" + files.accounts,
		"--service-cluster-ip-range=10.0.0.0/16",
		"--authorization-mode=RBAC",
		"--anonymous-auth=false",
		"--profiling=false",
		"--enable-priority-and-fairness=false",
		"--etcd-compaction-interval=0",
		"--etcd-count-metric-poll-period=0",
		"--shutdown-delay-duration=0",
		"--disable-admission-plugins=" + strings.Join(uselessAdmission(), ","),
	}
}

// uselessAdmission lists the admission plugins that need a controller, a node or a storage class,
// none of which a sandbox has. The namespace plugin and the two for webhooks stay.
func uselessAdmission() []string {
	return []string{
		"CertificateApproval", "CertificateSigning", "CertificateSubjectRestriction",
		"ClusterTrustBundleAttest", "DefaultIngressClass", "DefaultStorageClass",
		"DefaultTolerationSeconds", "LimitRanger", "PersistentVolumeClaimResize",
		"PodSecurity", "PodTopologyLabels", "Priority", "ResourceQuota", "RuntimeClass",
		"ServiceAccount", "StorageObjectInUseProtection", "TaintNodesByCondition",
		"ValidatingAdmissionPolicy",
	}
}
