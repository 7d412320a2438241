// Package controlplane runs a real etcd and a real kube-apiserver inside this process, on loopback,
// with TLS and RBAC. There is no kube-controller-manager: of its controllers only the garbage
// collector runs, so there are no default service accounts, no aggregated ClusterRoles and no
// finalising of namespaces.
//
// One control plane per process: Kubernetes keeps its feature gates and version in package
// variables, and a clean stop of its API server takes longer than anybody wants to wait. It lives
// until the process ends.
package controlplane

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"go.uber.org/zap"
	"k8s.io/client-go/rest"
)

// ControlPlane is a running API server.
type ControlPlane struct {
	// Config logs in as the API server itself, without limits.
	Config *rest.Config
	// URL is where the API server listens.
	URL string
	// Authority issued the API server's certificate, and those of its users.
	Authority *Authority

	users []user
}

// Start brings etcd and the API server up, with their files below dir, and returns when the API
// server says that it is ready.
func Start(ctx context.Context, dir string, log *zap.Logger) (*ControlPlane, error) {
	authority, err := NewAuthority()
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	files, err := writeKeys(dir, authority)
	if err != nil {
		return nil, fmt.Errorf("keys of the API server: %w", err)
	}
	known := users()
	if files.tokens, err = writeTokens(dir, known); err != nil {
		return nil, fmt.Errorf("tokens of the API server: %w", err)
	}
	etcd, err := startEtcd(ctx, dir, log)
	if err != nil {
		return nil, fmt.Errorf("etcd: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the API server: %w", err)
	}
	config, err := startAPIServer(ctx, listener, etcd, files)
	if err != nil {
		return nil, fmt.Errorf("API server: %w", err)
	}
	return &ControlPlane{Config: config, URL: "https://" + listener.Addr().String(), Authority: authority, users: known}, nil
}

// keyFiles are the paths that the API server reads its keys from.
type keyFiles struct {
	authority, cert, key, accounts, tokens string
}

func writeKeys(dir string, authority *Authority) (keyFiles, error) {
	server, err := authority.Server("localhost", "kubernetes.default.svc")
	if err != nil {
		return keyFiles{}, err
	}
	accounts, err := authority.Client("service-accounts")
	if err != nil {
		return keyFiles{}, err
	}
	files := keyFiles{
		authority: filepath.Join(dir, "ca.crt"),
		cert:      filepath.Join(dir, "apiserver.crt"),
		key:       filepath.Join(dir, "apiserver.key"),
		accounts:  filepath.Join(dir, "service-accounts.key"),
	}
	for path, content := range map[string][]byte{
		files.authority: authority.PEM,
		files.cert:      server.Cert,
		files.key:       server.Key,
		files.accounts:  accounts.Key,
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return keyFiles{}, err
		}
	}
	return files, nil
}
