package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/klog/v2"

	"perch/experiment"
	"perch/kube"
	"perch/metricsq"
	"perch/runner"
)

// runFlags are the flags of perch run.
type runFlags struct {
	cluster   clusterFlags
	sink      sinkFlags
	metrics   metricsFlags
	judge     judgeFlags
	take      takeFlags
	policy    policyFlags
	mirrors   []string
	approve   string
	record    string
	debug     string
	allowExec bool
}

// policyFlags say what to do where the experiment does not.
type policyFlags struct {
	onStop       string
	onDrift      string
	outageBudget int
	helmRecover  bool
}

const runExample = `  # the tutorial's experiment, on the screen
  perch run experiment.yaml --prometheus http://127.0.0.1:9090

  # in CI: plain lines, and whatever wins is promoted
  perch run experiment.yaml --no-tui --approve=always`

func newRun(s Streams) *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run FILE",
		Short: "Run an experiment, or go on with one that was cut short",
		Long: `Run the experiment in FILE. On a terminal it is shown on a screen, elsewhere as plain lines.
Without a screen, commands are read from standard input: ` + wishList() + `.

A run that was killed or stopped goes on where it was, from this machine or another.`,
		Example: runExample,
		Args:    exactly("FILE"),
		RunE: func(c *cobra.Command, args []string) error {
			return f.run(c.Context(), s, args[0])
		},
	}
	f.register(c)
	return c
}

func (f *runFlags) register(c *cobra.Command) {
	flags := c.Flags()
	f.cluster.register(flags)
	f.sink.register(flags)
	f.metrics.register(flags)
	f.judge.register(c)
	f.policy.register(c)
	f.mirrorFlag(flags)
	flags.StringVar(&f.approve, "approve", "", "ask, always or never (default ask on a terminal, never elsewhere)")
	flags.StringVar(&f.record, "record", "", "record to this file (default below $XDG_STATE_HOME/perch)")
	flags.StringVar(&f.debug, "debug", "", "log to this file")
	flags.BoolVar(&f.allowExec, "allow-exec", false, "let the tasks of FILE run programs and scripts")
	flags.BoolVar(&f.take.restart, "restart", false, "begin anew instead of going on with a run that was cut short")
	flags.BoolVar(&f.take.takeOver, "take-over", false, "take the target from a driver whose lease has expired")
	flags.BoolVar(&f.take.force, "force", false, "take the target from any driver, even a live one")
	complete(c, "approve", string(runner.Ask), string(runner.Always), string(runner.Never))
	f.sink.complete(c)
}

func (f *runFlags) mirrorFlag(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.mirrors, "mirror", nil,
		"FROM=TO: rewrite the start of chart and values URLs; repeatable (or PERCH_MIRROR, comma separated)")
}

func (f *policyFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.onStop, "on-stop", "keep", "what a signal does with the traffic: keep or rollback")
	flags.StringVar(&f.onDrift, "on-drift", string(experiment.DriftStops), "when somebody else changes the traffic: stop, adopt or repair")
	flags.IntVar(&f.outageBudget, "outage-budget", experiment.DefaultOutageBudget, "how many looks in a row may lack data before a person is asked")
	flags.BoolVar(&f.helmRecover, "helm-recover", false, "roll a locked release back to its last deployed revision, without asking, and go on")
	complete(c, "on-stop", "keep", "rollback")
	complete(c, "on-drift", string(experiment.DriftStops), string(experiment.DriftAdopts), string(experiment.DriftRepairs))
}

// run checks everything that can be checked without the cluster, and then runs the experiment.
func (f *runFlags) run(ctx context.Context, s Streams, file string) (err error) {
	spec, err := readSpec(file, f.permissions()...)
	if err != nil {
		return err
	}
	if err := f.check(s, spec); err != nil {
		return err
	}
	closeLog, err := openLog(f.debug)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLog()) }()
	p, err := f.parts(spec)
	if err != nil {
		return err
	}
	return f.conduct(ctx, s, p)
}

// permissions are what the user lets the file do.
func (f *runFlags) permissions() []experiment.Permission {
	if f.allowExec {
		return []experiment.Permission{experiment.Programs}
	}
	return nil
}

// check refuses flags that no run can be made of.
func (f *runFlags) check(s Streams, spec experiment.Spec) error {
	if f.approve == "" {
		f.approve = string(runner.Never)
		if terminal(s.In) && terminal(s.Out) {
			f.approve = string(runner.Ask)
		}
	}
	f.judge.settle(spec, f.approve == string(runner.Ask) && terminal(s.In))
	wrong := append(f.judge.check(), f.policy.check()...)
	wrong = append(wrong, oneOf("approve", f.approve, "ask", "always", "never"), f.sink.check(), f.metrics.check())
	if err := errors.Join(wrong...); err != nil {
		return usageError{err}
	}
	return nil
}

func (f *policyFlags) check() []error {
	wrong := []error{
		oneOf("on-stop", f.onStop, "keep", "rollback"),
		oneOf("on-drift", f.onDrift, string(experiment.DriftStops), string(experiment.DriftAdopts), string(experiment.DriftRepairs)),
	}
	if f.outageBudget < 1 {
		wrong = append(wrong, fmt.Errorf("--outage-budget=%d: want 1 or more", f.outageBudget))
	}
	return wrong
}

// oneOf refuses a value of a flag that is none of those allowed.
func oneOf(flag, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("--%s=%s: want %s", flag, value, strings.Join(allowed, ", "))
}

// parts are what talks to the world for a run.
type parts struct {
	spec    experiment.Spec
	known   []experiment.Metric
	metrics *metricsq.Client
	cluster *kube.Cluster
	helm    *kube.Helm
}

// parts makes them. Nothing in it talks to the network yet.
func (f *runFlags) parts(spec experiment.Spec) (p parts, err error) {
	known, err := metricsq.Describe(spec, f.metrics.packs...)
	if err != nil {
		return p, usageError{err}
	}
	if p, err = f.connect(); err != nil {
		return p, err
	}
	p.spec, p.known = spec, known
	return p, nil
}

// connect makes what talks to the cluster and to the metrics backend. With an error, what can be had
// is there all the same.
func (f *runFlags) connect() (p parts, err error) {
	mirror, wrong := kube.ParseMirror(append(strings.Split(os.Getenv("PERCH_MIRROR"), ","), f.mirrors...))
	if wrong != nil {
		wrong = usageError{wrong}
	}
	p.cluster, err = kube.Connect(f.cluster.options())
	if err == nil {
		p.helm = kube.NewHelm(p.cluster, mirror)
	}
	var unreadable error
	if p.metrics, unreadable = f.metrics.open(p.cluster); unreadable != nil {
		unreadable = usageError{unreadable}
	}
	return p, errors.Join(wrong, err, unreadable)
}

// config puts the parts together.
func (f *runFlags) config(p parts, d *drive) (runner.Config, error) {
	record, err := f.recordPath(p.spec)
	if err != nil {
		return runner.Config{}, err
	}
	traffic := kube.NewKnative(p.cluster)
	traffic.Guard(d.lease)
	p.helm.Guard(d.lease)
	setup := experiment.Started{
		Perch: version(), Context: p.cluster.Context(), Judge: f.judge.name, Spec: concealed(p.spec), Metrics: p.known,
		Record: record, Driver: d.driver, Digest: p.spec.Digest(),
		Policy: experiment.Policy{
			OnDrift: experiment.OnDrift(f.policy.onDrift), OutageBudget: f.policy.outageBudget,
			OnInconclusive: experiment.OnInconclusive(f.judge.onInconclusive), Extensions: f.judge.extensions,
		},
	}
	if setup.Evidence, err = f.judge.settings(); err != nil {
		return runner.Config{}, err
	}
	c := runner.Config{
		Setup: setup, Metrics: p.metrics, Traffic: prepared{traffic, p.spec}, Promoter: actions{p.helm, p.spec}, Keeper: d,
		Approval: runner.Approval(f.approve), RollBackOnStop: f.policy.onStop == "rollback", RecoverHelm: f.policy.helmRecover,
		LookEvery: f.judge.lookEvery, Resumed: d.resumed(setup), Lost: d.lease.Lost(),
	}
	name := setup.Judge
	if c.Resumed != nil { // the rest of a run is judged as its beginning was
		name = d.before.Setup.Judge
	}
	if name == experiment.JudgeEvidence {
		c.Counter = counting{p.metrics}
	}
	c.Judge, err = experiment.JudgeNamed(name)
	return c, err
}

// readSpec reads an experiment file.
func readSpec(file string, allowed ...experiment.Permission) (experiment.Spec, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return experiment.Spec{}, usageError{experiment.WithHint(fmt.Errorf("there is no file %s", file),
			"name an Iter8 experiment file, as in: perch run experiment.yaml")}
	}
	if err != nil {
		return experiment.Spec{}, usageError{err}
	}
	return experiment.Parse(file, data, allowed...)
}

// recordPath is where the run is recorded.
func (f *runFlags) recordPath(spec experiment.Spec) (string, error) {
	if f.record != "" {
		return f.record, nil
	}
	state := os.Getenv("XDG_STATE_HOME")
	if state == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", experiment.WithHint(fmt.Errorf("find a place for the record: %w", err), "use --record FILE")
		}
		state = filepath.Join(home, ".local", "state")
	}
	name := fmt.Sprintf("%s-%s-%s.jsonl", spec.Target.Namespace, spec.Name, time.Now().UTC().Format("20060102T150405.000Z"))
	return filepath.Join(state, "perch", name), nil
}

// openLog sends what libraries and Perch log to a file, or nowhere: the terminal is for the screen.
func openLog(path string) (closeLog func() error, err error) {
	handler, closeLog := slog.DiscardHandler, func() error { return nil }
	if path != "" {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, usageError{fmt.Errorf("--debug: %w", err)}
		}
		handler = slog.NewTextHandler(file, &slog.HandlerOptions{Level: slog.LevelDebug})
		closeLog = file.Close
	}
	logger := slog.New(handler)
	slog.SetDefault(logger)
	klog.SetSlogLogger(logger)
	return closeLog, nil
}
