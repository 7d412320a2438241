package kube

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

// helmRequestTimeout bounds each request that Helm makes: longer than a slow admission webhook
// takes (30 s at most), so that no healthy write is given up half way.
const helmRequestTimeout = time.Minute

// A clientGetter is a Cluster as Helm wants it, with the namespace of one release. What the server can
// do is asked once and remembered, in memory: nothing is left on the disk.
type clientGetter struct {
	cluster   *Cluster
	namespace string
	discovery func() (discovery.CachedDiscoveryInterface, error)
}

func newGetter(c *Cluster, namespace string) *clientGetter {
	g := &clientGetter{cluster: c, namespace: namespace}
	g.discovery = sync.OnceValues(func() (discovery.CachedDiscoveryInterface, error) {
		config, err := g.ToRESTConfig()
		if err != nil {
			return nil, err
		}
		client, err := discovery.NewDiscoveryClientForConfig(config)
		if err != nil {
			return nil, err
		}
		return memory.NewMemCacheClient(client), nil
	})
	return g
}

// ToRESTConfig is how to reach the cluster.
func (g *clientGetter) ToRESTConfig() (*rest.Config, error) {
	config := g.cluster.Config()
	config.Timeout = helmRequestTimeout
	return config, nil
}

// ToDiscoveryClient finds out what the server can do.
func (g *clientGetter) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	return g.discovery()
}

// ToRESTMapper finds the resource of a kind.
func (g *clientGetter) ToRESTMapper() (meta.RESTMapper, error) {
	client, err := g.discovery()
	if err != nil {
		return nil, err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(client)
	return restmapper.NewShortcutExpander(mapper, client, nil), nil
}

// ToRawKubeConfigLoader gives the kubeconfig, with the namespace of the release.
func (g *clientGetter) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	return namespaced{g.cluster.loader, g.namespace}
}

// kubeconfig is clientcmd's interface under a name that does not collide with its own method.
type kubeconfig interface{ clientcmd.ClientConfig }

// namespaced is a kubeconfig with another namespace.
type namespaced struct {
	kubeconfig
	namespace string
}

// Namespace is the namespace of the release; it is always meant, never a fallback.
func (n namespaced) Namespace() (namespace string, overridden bool, err error) {
	return n.namespace, true, nil
}
