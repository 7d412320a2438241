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

// WriteKubeconfig writes a kubeconfig with the contexts Admin, which is current, and Narrow. Its
// users log in with certificates.
func (c *ControlPlane) WriteKubeconfig(path string) error {
	return c.write(path, c.URL, func(u user) (*api.AuthInfo, error) {
		issued, err := c.Authority.Client(u.name, u.groups...)
		return &api.AuthInfo{ClientCertificateData: issued.Cert, ClientKeyData: issued.Key}, err
	})
}

// WriteProxied writes the same for a proxy at the URL server. A proxy cannot pass certificates on,
// so the same users log in with tokens.
func (c *ControlPlane) WriteProxied(path, server string) error {
	return c.write(path, server, func(u user) (*api.AuthInfo, error) {
		return &api.AuthInfo{Token: u.token}, nil
	})
}

func (c *ControlPlane) write(path, server string, login func(user) (*api.AuthInfo, error)) error {
	config := api.NewConfig()
	config.Clusters[Admin] = &api.Cluster{Server: server, CertificateAuthorityData: c.Authority.PEM}
	for _, u := range c.users {
		auth, err := login(u)
		if err != nil {
			return fmt.Errorf("kubeconfig: %w", err)
		}
		config.AuthInfos[u.context] = auth
		config.Contexts[u.context] = &api.Context{Cluster: Admin, AuthInfo: u.context}
	}
	config.CurrentContext = Admin
	return clientcmd.WriteToFile(*config, path)
}
