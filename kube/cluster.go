// Package kube is Perch's hand in the cluster: it reads and moves the traffic weights of a Knative
// service, promotes a version with Helm, in process, and keeps the lease and the checkpoint by which
// a run has the service to itself and survives the end of its process.
//
// It decides nothing: what to ask for comes from the caller, and what the router says goes back to
// it. It never changes a field that is not a weight, never addresses a weight by its position,
// never overwrites what somebody else wrote meanwhile, writes nothing without the lease once a
// Lease guards it, and never writes to the terminal. Every request has a deadline, and every error
// says in one line what happened, and in its hint what to do, without a secret. A Knative, a Helm
// and Checkpoints may be used by several goroutines.
package kube

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"perch/experiment"
)

// FieldManager is the name under which the cluster remembers the fields that Perch wrote.
const FieldManager = "perch"

// Options choose a cluster, as kubectl's flags of the same names do. The zero value chooses as
// kubectl without flags: $KUBECONFIG, ~/.kube/config, or the cluster that Perch itself runs in.
type Options struct {
	Kubeconfig string // path; "": the usual places
	Context    string // "": the current one
	Namespace  string // of Helm releases that name none; "": the context's
	Version    string // of Perch, for the server's logs
}

// A Cluster is a chosen cluster. Having one does not mean that it answers.
type Cluster struct {
	config    *rest.Config
	loader    clientcmd.ClientConfig
	client    dynamic.Interface
	typed     kubernetes.Interface
	context   access
	namespace string
}

// Connect reads the configuration of a cluster. It does not talk to the network.
func Connect(o Options) (*Cluster, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.Kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: o.Context}
	overrides.Context.Namespace = o.Namespace
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
	c := &Cluster{loader: loader}
	err := c.load(o)
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", configError(err, loader, o.Context))
	}
	return c, nil
}

func (c *Cluster) load(o Options) error {
	raw, err := c.loader.RawConfig()
	if err != nil {
		return err
	}
	config, err := c.loader.ClientConfig()
	if err != nil {
		return err
	}
	c.context = accessOf(raw, cmp.Or(o.Context, raw.CurrentContext))
	if c.namespace, _, err = c.loader.Namespace(); err != nil {
		return err
	}
	config.UserAgent = "perch/" + cmp.Or(o.Version, "dev")
	config.WarningHandler = rest.NoWarnings{}
	config.QPS = -1 // the server's own flow control suffices
	if config.ExecProvider != nil {
		provider := *config.ExecProvider
		provider.StdinUnavailable, provider.StdinUnavailableMessage = true, "the keyboard belongs to Perch: log in before"
		config.ExecProvider = &provider
	}
	config.Wrap(func(inner http.RoundTripper) http.RoundTripper { return fresh{inner} })
	c.config = config
	if c.typed, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	c.client, err = dynamic.NewForConfig(config)
	return err
}

// Context is the name of the kubeconfig context, "in-cluster" when there is none.
func (c *Cluster) Context() string { return c.context.name }

// Namespace is the namespace of objects that name none.
func (c *Cluster) Namespace() string { return c.namespace }

// Config is how to reach the cluster; the caller may change the copy it gets. It sets no timeout,
// because one would end watches too: each call has to bring a context with a deadline.
func (c *Cluster) Config() *rest.Config { return rest.CopyConfig(c.config) }

// Client reads and writes objects of any kind.
func (c *Cluster) Client() dynamic.Interface { return c.client }

// configError says what is wrong with a kubeconfig, for people.
func configError(err error, loader clientcmd.ClientConfig, wanted string) error {
	raw, rawErr := loader.RawConfig()
	chosen := cmp.Or(wanted, raw.CurrentContext)
	entry, known := raw.Contexts[chosen]
	switch {
	case rawErr == nil && known && raw.Clusters[entry.Cluster] == nil:
		return experiment.WithHint(fmt.Errorf("context %q names cluster %q, which is not there", chosen, entry.Cluster),
			"kubectl config view shows what is configured")
	case rawErr == nil && wanted != "" && !known:
		there := strings.Join(slices.Sorted(maps.Keys(raw.Contexts)), ", ")
		return experiment.WithHint(fmt.Errorf("there is no context %q", wanted),
			"choose one with --context: "+cmp.Or(there, "the kubeconfig has none"))
	case clientcmd.IsEmptyConfig(err):
		return experiment.WithHint(errors.New("no cluster is configured"),
			"set KUBECONFIG, or give --kubeconfig FILE")
	}
	return experiment.WithHint(said{oneLine(err.Error()), err}, "kubectl config view shows what is configured")
}
