package kube

import (
	"os"
	"path/filepath"
	"testing"
)

func TestHelmGetsTheReleaseNamespace(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(kubeconfigFile), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Connect(Options{Kubeconfig: file})
	if err != nil {
		t.Fatal(err)
	}
	g := newGetter(c, "iter8-system")
	namespace, _, err := g.ToRawKubeConfigLoader().Namespace()
	if err != nil || namespace != "iter8-system" {
		t.Errorf("namespace %q, %v, want iter8-system", namespace, err)
	}
	config, err := g.ToRESTConfig()
	if err != nil || config.Timeout != helmRequestTimeout || c.Config().Timeout != 0 {
		t.Errorf("timeouts %s for Helm, %s else, %v", config.Timeout, c.Config().Timeout, err)
	}
}
