package controlplane

import (
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

const (
	// Admin is the context of a kubeconfig that may do everything.
	Admin = "sandbox"
	// Narrow is the context, and the user, that may do what a release needs and no more.
	Narrow = "perch"
)

// WriteKubeconfig writes a kubeconfig with the contexts Admin, which is current, and Narrow.
func (c *ControlPlane) WriteKubeconfig(path string) error {
	admin, err := c.Authority.Client("sandbox-admin", "system:masters")
	if err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	narrow, err := c.Authority.Client(Narrow)
	if err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	config := api.NewConfig()
	config.Clusters[Admin] = &api.Cluster{Server: c.URL, CertificateAuthorityData: c.Authority.PEM}
	config.AuthInfos[Admin] = login(admin)
	config.AuthInfos[Narrow] = login(narrow)
	config.Contexts[Admin] = &api.Context{Cluster: Admin, AuthInfo: Admin}
	config.Contexts[Narrow] = &api.Context{Cluster: Admin, AuthInfo: Narrow}
	config.CurrentContext = Admin
	return clientcmd.WriteToFile(*config, path)
}

func login(c Certificate) *api.AuthInfo {
	return &api.AuthInfo{ClientCertificateData: c.Cert, ClientKeyData: c.Key}
}
