package cli

import (
	"errors"
	"os"

	"github.com/spf13/pflag"

	"perch/experiment"
	"perch/kube"
	"perch/metricsq"
)

// metricsFlags say which metrics backend to ask, and how.
type metricsFlags struct{ prometheus string }

func (f *metricsFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.prometheus, "prometheus", os.Getenv("PERCH_PROMETHEUS"), "URL of Prometheus (or PERCH_PROMETHEUS)")
}

func (f *metricsFlags) check() error {
	if f.prometheus == "" {
		return experiment.WithHint(errors.New("no Prometheus to ask"), "give its address with --prometheus URL or PERCH_PROMETHEUS")
	}
	return nil
}

func (f *metricsFlags) open(*kube.Cluster) (*metricsq.Client, error) {
	return metricsq.Open(metricsq.Options{URL: f.prometheus})
}
