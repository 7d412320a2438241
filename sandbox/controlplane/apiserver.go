package controlplane

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/client-go/rest"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// startAPIServer starts kube-apiserver as its own command does, less the signal handlers, which can
// be installed only once in a process. It gives the server's address.
func (c *ControlPlane) startAPIServer(ctx context.Context, etcd string) (address string, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	flags, err := c.flags(etcd, listener.Addr().(*net.TCPAddr).Port)
	if err != nil {
		return "", err
	}
	opts, err := parseOptions(listener, flags)
	if err != nil {
		return "", err
	}
	ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	completed, err := opts.Complete(ctx)
	if err != nil {
		return "", err
	}
	if err := utilerrors.NewAggregate(completed.Validate()); err != nil {
		return "", err
	}
	return "https://" + listener.Addr().String(), c.serve(ctx, completed)
}

func parseOptions(listener net.Listener, flags []string) (*options.ServerRunOptions, error) {
	opts := options.NewServerRunOptions()
	set := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, group := range opts.Flags().FlagSets {
		set.AddFlagSet(group)
	}
	opts.SecureServing.Listener = listener
	if err := set.Parse(flags); err != nil {
		return nil, err
	}
	return opts, opts.GenericServerRunOptions.ComponentGlobalsRegistry.Set()
}

func (c *ControlPlane) serve(ctx context.Context, completed options.CompletedOptions) error {
	config, err := app.NewConfig(completed)
	if err != nil {
		return err
	}
	complete, err := config.Complete()
	if err != nil {
		return err
	}
	chain, err := app.CreateServerChain(complete)
	if err != nil {
		return err
	}
	prepared, err := chain.PrepareRun()
	if err != nil {
		return err
	}
	c.Admin = rest.CopyConfig(chain.GenericAPIServer.LoopbackClientConfig)
	c.Admin.ContentConfig = rest.ContentConfig{} // the loopback's is protobuf, which custom resources do not speak
	c.Admin.QPS, c.Admin.Burst = -1, -1
	go func() { c.stopped <- prepared.Run(ctx) }()
	return nil
}

// flags of kube-apiserver. Admission plug-ins that need parts of Kubernetes that are not here, a
// scheduler, nodes, a controller manager, are switched off; what Knative relies on stays on.
func (c *ControlPlane) flags(etcd string, port int) ([]string, error) {
	a := c.authority
	for _, s := range []subject{
		{name: "apiserver", hosts: []string{"127.0.0.1", "10.0.0.1", "localhost", "kubernetes.default.svc"}},
		{name: "serviceaccounts"},
	} {
		if _, _, err := a.issue(s); err != nil {
			return nil, err
		}
	}
	off := []string{
		"CertificateApproval", "CertificateSigning", "CertificateSubjectRestriction", "ClusterTrustBundleAttest",
		"DefaultIngressClass", "DefaultStorageClass", "DefaultTolerationSeconds", "LimitRanger",
		"PersistentVolumeClaimResize", "PodSecurity", "PodTopologyLabels", "Priority", "ResourceQuota", "RuntimeClass",
		"ServiceAccount", "StorageObjectInUseProtection", "TaintNodesByCondition", "ValidatingAdmissionPolicy",
	}
	return []string{
		"--etcd-servers=" + etcd,
		"--etcd-compaction-interval=0",
		"--etcd-count-metric-poll-period=0",
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", port),
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=10.0.0.0/16",
		"--tls-cert-file=" + a.file("apiserver.crt"),
		"--tls-private-key-file=" + a.file("apiserver.key"),
		"--client-ca-file=" + a.file("ca.crt"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + a.file("serviceaccounts.key"),
		"--service-account-signing-key-file=" + a.file("serviceaccounts.key"),
		"--authorization-mode=RBAC",
		"--anonymous-auth=false",
		"--profiling=false",
		"--enable-priority-and-fairness=false",
		"--shutdown-delay-duration=0",
		"--disable-admission-plugins=" + strings.Join(off, ","),
	}, nil
}
