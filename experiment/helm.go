package experiment

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"
)

// A HelmUpgrade is what the arguments of a "helm upgrade" command line ask for.
type HelmUpgrade struct {
	Release         string
	Chart           string
	Repo            string
	ChartVersion    string
	Namespace       string   // of the release; "": the kubeconfig context's
	Values          []string // files or URLs, the last one wins
	Set             []string // key=value, over Values
	SetString       []string // key=value, taken as strings
	Install         bool     // install when there is no such release
	CreateNamespace bool
	Wait            bool          // until the objects are ready
	Atomic          bool          // roll the release back when the upgrade fails
	ReuseValues     bool          // begin with the values of the last release
	ResetValues     bool          // begin with the chart's values
	Timeout         time.Duration // of each Kubernetes operation
}

// defaultHelmTimeout is the one of Helm's own command line.
const defaultHelmTimeout = 5 * time.Minute

// parseHelm reads the arguments behind "helm". Flags may stand before, between and behind the two
// names, as on Helm's command line; a flag that Perch does not act on is an error, never ignored.
func parseHelm(args []string) (HelmUpgrade, error) {
	if len(args) == 0 || args[0] != "upgrade" {
		command := strings.Join(append([]string{"helm"}, args[:min(1, len(args))]...), " ")
		return HelmUpgrade{}, fmt.Errorf("%s: of Helm's commands, Perch does only upgrade", command)
	}
	var u HelmUpgrade
	flags := u.flags()
	var names []string
	for rest := args[1:]; len(rest) > 0; {
		if err := flags.Parse(rest); err != nil {
			return HelmUpgrade{}, helmFlagError(err)
		}
		if rest = flags.Args(); len(rest) > 0 {
			names, rest = append(names, rest[0]), rest[1:]
		}
	}
	if len(names) != 2 || names[0] == "" || names[1] == "" {
		return HelmUpgrade{}, fmt.Errorf("helm upgrade takes a release and a chart, not %q", names)
	}
	u.Release, u.Chart = names[0], names[1]
	return u, nil
}

func (u *HelmUpgrade) flags() *flag.FlagSet {
	f := flag.NewFlagSet("helm upgrade", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	for _, name := range []string{"install", "i"} {
		f.BoolVar(&u.Install, name, false, "")
	}
	for _, name := range []string{"namespace", "n"} {
		f.StringVar(&u.Namespace, name, "", "")
	}
	for _, name := range []string{"values", "f"} {
		f.Var((*commaList)(&u.Values), name, "")
	}
	f.StringVar(&u.Repo, "repo", "", "")
	f.StringVar(&u.ChartVersion, "version", "", "")
	f.Var((*wholeList)(&u.Set), "set", "")
	f.Var((*wholeList)(&u.SetString), "set-string", "")
	f.BoolVar(&u.CreateNamespace, "create-namespace", false, "")
	f.BoolVar(&u.Wait, "wait", false, "")
	f.BoolVar(&u.Atomic, "atomic", false, "")
	f.BoolVar(&u.ReuseValues, "reuse-values", false, "")
	f.BoolVar(&u.ResetValues, "reset-values", false, "")
	f.DurationVar(&u.Timeout, "timeout", defaultHelmTimeout, "")
	return f
}

func helmFlagError(err error) error {
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
		return fmt.Errorf("helm upgrade: this version of Perch does not know the flag --%s", name)
	}
	if errors.Is(err, flag.ErrHelp) {
		return errors.New("helm upgrade: --help upgrades nothing")
	}
	return fmt.Errorf("helm upgrade: %w", err)
}

// commaList is a flag that may be repeated and takes lists, as Helm's --values does.
type commaList []string

func (l *commaList) String() string { return strings.Join(*l, ",") }

func (l *commaList) Set(s string) error {
	*l = append(*l, strings.Split(s, ",")...)
	return nil
}

// wholeList is a flag that may be repeated and is taken as it stands, as Helm's --set is.
type wholeList []string

func (l *wholeList) String() string { return strings.Join(*l, ",") }

func (l *wholeList) Set(s string) error {
	*l = append(*l, s)
	return nil
}
