package cli

import (
	"errors"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/pflag"

	"perch/experiment"
	"perch/kube"
	"perch/metricsq"
)

// metricsFlags say which metrics backend to ask, and how.
type metricsFlags struct {
	prometheus string
	packs      []string
	login      metricsq.Login
	tls        metricsq.TLS
	headers    []string
}

func (f *metricsFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.prometheus, "prometheus", os.Getenv("PERCH_PROMETHEUS"),
		"URL of Prometheus, or kube://NAMESPACE/SERVICE:PORT by way of the API server (or PERCH_PROMETHEUS)")
	flags.StringArrayVar(&f.packs, "metrics", nil, "file with metrics of your own; repeatable (docs/metrics.md)")
	flags.StringVar(&f.login.TokenFile, "prometheus-token-file", "", "file with a bearer token, read again when it changes (or PERCH_PROMETHEUS_TOKEN with the token)")
	flags.StringVar(&f.login.User, "prometheus-user", "", "user for basic auth")
	flags.StringVar(&f.login.PasswordFile, "prometheus-password-file", "", "file with the user's password")
	flags.StringVar(&f.tls.CAFile, "prometheus-ca-file", "", "file with certificates to trust, read again when it changes")
	flags.StringVar(&f.tls.CertFile, "prometheus-cert-file", "", "file with a client certificate")
	flags.StringVar(&f.tls.KeyFile, "prometheus-key-file", "", "file with its key")
	flags.StringArrayVar(&f.headers, "prometheus-header", nil, "NAME=VALUE: send this header, such as X-Scope-OrgID; repeatable")
	flags.BoolVar(&f.tls.InsecureSkipVerify, "insecure-skip-tls-verify", false, "trust whoever answers in place of Prometheus; anybody can fake its answers then")
}

func (f *metricsFlags) check() error {
	if f.prometheus == "" {
		return experiment.WithHint(errors.New("no Prometheus to ask"), "give its address with --prometheus URL or PERCH_PROMETHEUS")
	}
	return nil
}

// open makes a client, without asking anything; without a cluster no kube:// address leads anywhere.
// The login of the environment is not a flag, so that no token stands in a list of processes.
func (f *metricsFlags) open(c *kube.Cluster) (*metricsq.Client, error) {
	login := f.login
	if login.TokenFile == "" {
		login.Token = os.Getenv("PERCH_PROMETHEUS_TOKEN")
	}
	o := metricsq.Options{URL: f.prometheus, Packs: f.packs, Login: login, TLS: f.tls, Headers: f.headers}
	if c != nil {
		o.Kube = throughCluster{c}
	}
	return metricsq.Open(o)
}

// throughCluster reaches services by way of the API server.
type throughCluster struct{ *kube.Cluster }

// ServiceProxy is the address of a service that the cluster's transport understands, and that
// transport.
func (c throughCluster) ServiceProxy(namespace, service, port string) (*url.URL, http.RoundTripper, error) {
	transport, err := c.Transport()
	return &url.URL{Scheme: kube.ProxyScheme, Host: namespace, Path: "/" + service + ":" + port}, transport, err
}
