package kube

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd/api"

	"perch/experiment"
)

const kubeconfigFile = `
apiVersion: v1
kind: Config
current-context: prod
clusters:
- {name: a, cluster: {server: "https://a.example.com:6443"}}
- {name: b, cluster: {server: "https://b.example.com:6443"}}
users:
- {name: u, user: {token: hush}}
contexts:
- {name: prod, context: {cluster: a, user: u, namespace: shop}}
- {name: staging, context: {cluster: b, user: u}}
- {name: broken, context: {cluster: nonesuch, user: u}}
`

func TestConnect(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                     string
		file                     string
		options                  Options
		context, namespace, host string
		err                      string
	}{
		{name: "current context", file: kubeconfigFile, context: "prod", namespace: "shop", host: "https://a.example.com:6443"},
		{name: "another context", file: kubeconfigFile, options: Options{Context: "staging"},
			context: "staging", namespace: "default", host: "https://b.example.com:6443"},
		{name: "another namespace", file: kubeconfigFile, options: Options{Namespace: "mine"},
			context: "prod", namespace: "mine", host: "https://a.example.com:6443"},
		{name: "unknown context", file: kubeconfigFile, options: Options{Context: "prd"},
			err: `read the kubeconfig: there is no context "prd" | choose one with --context: broken, prod, staging`},
		{name: "context without a cluster", file: kubeconfigFile, options: Options{Context: "broken"}, err: `context "broken" names cluster "nonesuch", which is not there`},
		{name: "nothing configured", file: "apiVersion: v1\nkind: Config\n", err: "no cluster is configured | set KUBECONFIG"},
		{name: "no YAML", file: "{", err: "read the kubeconfig: error loading config file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.options.Kubeconfig = filepath.Join(t.TempDir(), "config")
			if err := os.WriteFile(tt.options.Kubeconfig, []byte(tt.file), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := Connect(tt.options)
			if (err == nil) != (tt.err == "") || !strings.Contains(text(err), tt.err) {
				t.Fatalf("error %q, want %q in it", text(err), tt.err)
			}
			if err != nil {
				return
			}
			if c.Context() != tt.context || c.Namespace() != tt.namespace || c.Config().Host != tt.host {
				t.Errorf("context %s, namespace %s, host %s, want %s, %s, %s",
					c.Context(), c.Namespace(), c.Config().Host, tt.context, tt.namespace, tt.host)
			}
			if c.Config().UserAgent != "perch/dev" || c.Config().WarningHandler != (rest.NoWarnings{}) {
				t.Errorf("user agent %q, warnings %T", c.Config().UserAgent, c.Config().WarningHandler)
			}
		})
	}
}

func TestConnectWithoutFile(t *testing.T) {
	t.Parallel()
	_, err := Connect(Options{Kubeconfig: filepath.Join(t.TempDir(), "nonesuch")})
	if err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("error %v, want one about the missing file", err)
	}
}

func TestAccess(t *testing.T) {
	t.Parallel()
	raw := api.Config{
		Contexts:  map[string]*api.Context{"prod": {AuthInfo: "ann"}, "eks": {AuthInfo: "aws"}},
		AuthInfos: map[string]*api.AuthInfo{"ann": {Token: "hush"}, "aws": {Exec: &api.ExecConfig{Command: "/usr/bin/aws", Args: []string{"hush"}}}},
	}
	for context, want := range map[string]access{
		"": {name: "in-cluster"}, "prod": {name: "prod", user: "ann"}, "eks": {name: "eks", user: "aws", plugin: "aws"}, "gone": {name: "gone"},
	} {
		if got := accessOf(raw, context); got != want {
			t.Errorf("accessOf(%q) = %+v, want %+v", context, got, want)
		}
	}
	if got, want := accessOf(raw, "eks").login(), "log in again with aws, until kubectl --context eks get ksvc answers"; got != want {
		t.Errorf("hint %q, want %q", got, want)
	}
}

// text is an error as people see it, with its hint.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error() + " | " + experiment.HintOf(err)
}
