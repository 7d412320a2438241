// Package kube reads and moves the traffic of a Knative service and promotes with Helm, against the
// cluster that a kubeconfig names. It changes nothing but the percents of the versions' traffic and
// what a Helm upgrade changes; every write carries the resource version that it is based on; weights
// belong to revisions by name, never to positions in a list.
package kube

import (
	"errors"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/cli"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"perch/experiment"
)

// fieldManager is what the cluster knows Perch's writes by.
const fieldManager = "perch"

// requestTimeout bounds one request to the API server.
const requestTimeout = 15 * time.Second

// Options choose a cluster as kubectl's flags do; empty ones leave the choice to the kubeconfig.
type Options struct {
	Kubeconfig, Context, Namespace string
}

// A Cluster is a way to an API server. Nothing is asked of it before the first use.
type Cluster struct {
	context  string
	dynamic  dynamic.Interface
	settings *cli.EnvSettings // for Helm
}

// Connect reads the kubeconfig: the file named, or those of KUBECONFIG, or ~/.kube/config, or else
// the service account of the pod that Perch runs in.
func Connect(o Options) (*Cluster, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.Kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: o.Context}
	overrides.Context.Namespace = o.Namespace
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, connectError(err)
	}
	context := raw.CurrentContext
	if o.Context != "" {
		context = o.Context
	}
	if _, ok := raw.Contexts[context]; !ok && context != "" {
		return nil, unknownContext(context, raw.Contexts)
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, connectError(err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, connectError(err)
	}
	return newCluster(config, o, context, namespace)
}

func newCluster(config *rest.Config, o Options, context, namespace string) (*Cluster, error) {
	config.Timeout = requestTimeout
	config.UserAgent = fieldManager
	config.WarningHandler = rest.NoWarnings{}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, connectError(err)
	}
	settings := cli.New()
	settings.KubeConfig, settings.KubeContext = o.Kubeconfig, context
	settings.SetNamespace(namespace)
	return &Cluster{context: context, dynamic: client, settings: settings}, nil
}

// Context is the name of the kubeconfig context, "" inside a cluster.
func (c *Cluster) Context() string { return c.context }

func connectError(err error) error {
	if clientcmd.IsEmptyConfig(err) || errors.Is(err, rest.ErrNotInCluster) {
		return experiment.WithHint(errors.New("there is no kubeconfig"), "name one with --kubeconfig or KUBECONFIG")
	}
	return experiment.WithHint(fmt.Errorf("read the kubeconfig: %w", err), "check --kubeconfig, KUBECONFIG and --context")
}
