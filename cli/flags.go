package cli

import (
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"perch/kube"
)

// clusterFlags choose a cluster as kubectl's do.
type clusterFlags struct {
	kubeconfig, context, namespace string
}

func (f *clusterFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "path of the kubeconfig file (default: KUBECONFIG, ~/.kube/config, in cluster)")
	flags.StringVar(&f.context, "context", "", "kubeconfig context to use")
	flags.StringVarP(&f.namespace, "namespace", "n", os.Getenv("HELM_NAMESPACE"), "namespace of Helm releases that name none")
}

func (f *clusterFlags) options() kube.Options {
	return kube.Options{Kubeconfig: f.kubeconfig, Context: f.context, Namespace: f.namespace, Version: version()}
}

// complete offers the values of a flag to the shell.
func complete(c *cobra.Command, flag string, values ...string) {
	err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag is registered a few lines above
	}
}
