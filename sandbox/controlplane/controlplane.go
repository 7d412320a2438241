// Package controlplane runs a real etcd and a real kube-apiserver inside this process, on loopback
// ports that the system chooses, with TLS and RBAC. A process can hold one of it, once: the API
// server keeps global state that outlives it.
package controlplane

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// A ControlPlane is a running etcd and kube-apiserver.
type ControlPlane struct {
	// Admin reaches the API server with every right, without limits on the rate of requests.
	Admin *rest.Config
	// Kubeconfig is the path of a file with the contexts "sandbox", an administrator, and "perch",
	// a user without any right until a Role gives them some.
	Kubeconfig string

	authority *authority
	etcd      *embed.Etcd
	cancel    context.CancelFunc
	stopped   chan error // sent once, when the API server has ended
}

// Start brings up both servers with their files below dir, and returns when the API server is
// ready.
func Start(ctx context.Context, dir string) (*ControlPlane, error) {
	dir = filepath.Join(dir, "controlplane")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	ca, err := newAuthority(dir)
	if err != nil {
		return nil, fmt.Errorf("make certificates: %w", err)
	}
	store, err := startEtcd(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("start etcd: %w", err)
	}
	c := &ControlPlane{authority: ca, etcd: store, stopped: make(chan error, 1)}
	server, err := c.startAPIServer(ctx, "http://"+store.Clients[0].Addr().String())
	if err != nil {
		return nil, fmt.Errorf("start kube-apiserver: %w", err)
	}
	if err := c.waitReady(ctx); err != nil {
		return nil, err
	}
	c.Kubeconfig, err = ca.writeKubeconfig(filepath.Dir(dir), server)
	return c, err
}

// Issue makes a certificate for a server on loopback, and gives it, its key and the authority's
// certificate as PEM.
func (c *ControlPlane) Issue(name string, hosts ...string) (cert, key, ca []byte, err error) {
	cert, key, err = c.authority.issue(subject{name: name, hosts: append(hosts, "127.0.0.1")})
	return cert, key, c.authority.pem, err
}

// Stop begins to stop both servers and returns before they have: an orderly end of the API server
// takes more than ten seconds, and the process is about to end anyway.
func (c *ControlPlane) Stop() {
	c.cancel()
	c.etcd.Server.HardStop()
}

// readyTimeout is generous: three seconds are usual.
const readyTimeout = 2 * time.Minute

func (c *ControlPlane) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	client, err := kubernetes.NewForConfig(c.Admin)
	if err != nil {
		return err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		answer := client.RESTClient().Get().AbsPath("/readyz").Do(ctx)
		if answer.Error() == nil {
			return nil
		}
		select {
		case err := <-c.stopped:
			return fmt.Errorf("kube-apiserver ended: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("kube-apiserver not ready: %w", answer.Error())
		case <-tick.C:
		}
	}
}
