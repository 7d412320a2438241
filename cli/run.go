package cli

import (
	"cmp"
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
	"k8s.io/klog/v2"

	"perch/experiment"
	"perch/kube"
	"perch/metricsq"
	"perch/runner"
)

// runFlags are the flags of perch run.
type runFlags struct {
	cluster    clusterFlags
	sink       sinkFlags
	prometheus string
	mirrors    []string
	judge      string
	approve    string
	onStop     string
	record     string
	debug      string
}

const runExample = `  # the tutorial's experiment, on the screen
  perch run experiment.yaml --prometheus http://127.0.0.1:9090

  # in CI: plain lines, and whatever wins is promoted
  perch run experiment.yaml --no-tui --approve=always`

func newRun(s Streams) *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:     "run FILE",
		Short:   "Run an experiment",
		Long:    "Run the experiment in FILE. On a terminal it is shown on a screen, elsewhere as plain lines.\nWithout a screen, commands are read from standard input: " + wishList() + ".",
		Example: runExample,
		Args:    exactly("FILE"),
		RunE: func(c *cobra.Command, args []string) error {
			return f.run(c.Context(), s, args[0])
		},
	}
	flags := c.Flags()
	f.cluster.register(flags)
	f.sink.register(flags)
	flags.StringVar(&f.prometheus, "prometheus", os.Getenv("PERCH_PROMETHEUS"), "URL of Prometheus (or PERCH_PROMETHEUS)")
	flags.StringArrayVar(&f.mirrors, "mirror", nil, "FROM=TO: rewrite the start of chart and values URLs; repeatable (or PERCH_MIRROR, comma separated)")
	flags.StringVar(&f.judge, "judge", "", "iter8; the annotation perch/judge of the experiment says the same")
	flags.StringVar(&f.approve, "approve", "", "ask, always or never (default ask on a terminal, never elsewhere)")
	flags.StringVar(&f.onStop, "on-stop", "keep", "what a signal does with the traffic: keep or rollback")
	flags.StringVar(&f.record, "record", "", "record to this file (default below $XDG_STATE_HOME/perch)")
	flags.StringVar(&f.debug, "debug", "", "log to this file")
	complete(c, "judge", "iter8")
	complete(c, "approve", string(runner.Ask), string(runner.Always), string(runner.Never))
	complete(c, "on-stop", "keep", "rollback")
	f.sink.complete(c)
	return c
}

// run checks everything that can be checked without the cluster, and then runs the experiment.
func (f *runFlags) run(ctx context.Context, s Streams, file string) (err error) {
	spec, err := readSpec(file)
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
	config, err := f.config(spec)
	if err != nil {
		return err
	}
	path, err := f.recordPath(spec)
	if err != nil {
		return err
	}
	config.Setup.Record = path
	record, err := runner.CreateRecord(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, record.Close()) }()
	config.Recorder = record
	return f.conduct(ctx, s, config)
}

// check refuses flags that no run can be made of.
func (f *runFlags) check(s Streams, spec experiment.Spec) error {
	if f.approve == "" {
		f.approve = string(runner.Never)
		if terminal(s.In) && terminal(s.Out) {
			f.approve = string(runner.Ask)
		}
	}
	if f.judge == "" {
		f.judge = judgeOf(spec)
	}
	var wrong []error
	for _, flag := range []struct {
		name, value string
		allowed     []string
	}{
		{"approve", f.approve, []string{"ask", "always", "never"}},
		{"on-stop", f.onStop, []string{"keep", "rollback"}},
		{"judge", f.judge, []string{"iter8"}},
	} {
		if !slices.Contains(flag.allowed, flag.value) {
			wrong = append(wrong, fmt.Errorf("--%s=%s: want %s", flag.name, flag.value, strings.Join(flag.allowed, ", ")))
		}
	}
	wrong = append(wrong, f.sink.check())
	if err := errors.Join(wrong...); err != nil {
		return usageError{err}
	}
	if f.prometheus == "" {
		return usageError{experiment.WithHint(errors.New("no Prometheus to ask"), "give its address with --prometheus URL or PERCH_PROMETHEUS")}
	}
	return nil
}

// judgeOf is the judge that a spec asks for.
func judgeOf(spec experiment.Spec) string {
	return cmp.Or(spec.Annotations["perch/judge"], "iter8")
}

// config puts the parts together. Nothing in it talks to the network yet.
func (f *runFlags) config(spec experiment.Spec) (runner.Config, error) {
	judge, err := experiment.JudgeNamed(f.judge)
	if err != nil {
		return runner.Config{}, err
	}
	known, err := metricsq.Describe(spec)
	if err != nil {
		return runner.Config{}, usageError{err}
	}
	metrics, err := metricsq.Open(metricsq.Options{URL: f.prometheus})
	if err != nil {
		return runner.Config{}, usageError{err}
	}
	mirror, err := kube.ParseMirror(append(strings.Split(os.Getenv("PERCH_MIRROR"), ","), f.mirrors...))
	if err != nil {
		return runner.Config{}, usageError{err}
	}
	cluster, err := kube.Connect(f.cluster.options())
	if err != nil {
		return runner.Config{}, err
	}
	return runner.Config{
		Setup: experiment.Started{
			Perch: version(), Context: cluster.Context(), Judge: f.judge, Spec: spec, Metrics: known,
		},
		Judge:          judge,
		Metrics:        metrics,
		Traffic:        kube.NewKnative(cluster),
		Promoter:       kube.NewHelm(cluster, mirror),
		Approval:       runner.Approval(f.approve),
		RollBackOnStop: f.onStop == "rollback",
	}, nil
}

// conduct runs the experiment with the sink that the flags and the terminal ask for.
func (f *runFlags) conduct(ctx context.Context, s Streams, config runner.Config) error {
	commands := make(chan experiment.Command) // sent by people and signals, never closed
	config.Commands = commands
	signalled := forwardSignals(ctx, commands)
	screen := f.sink.screen(s)
	if !screen && config.Approval == runner.Ask {
		unattended := make(chan struct{})
		config.Unattended = unattended
		go readCommands(s.In, commands, unattended, s.Err)
	}
	r := runner.New(config)
	ended := make(chan struct{}) // closed when nobody takes commands any more
	show := f.sink.open(s, func(c experiment.Command) error {
		select {
		case commands <- c:
			return nil
		case <-ended:
			return errors.New("the run has ended")
		}
	})
	seeing, leave := context.WithCancel(ctx)
	defer leave()
	shown := make(chan error, 1) // sent once, when the sink has nothing more to show
	go func() { shown <- show(seeing, r.Events()) }()
	state, err := r.Run(ctx)
	close(ended)
	if signalled() {
		leave() // nobody is there to press a key
	}
	if err = errors.Join(err, <-shown); err != nil {
		return err
	}
	if screen {
		printEnd(s.Out, state)
	}
	return exitOf(state.Ended)
}

// readSpec reads an experiment file.
func readSpec(file string) (experiment.Spec, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return experiment.Spec{}, usageError{experiment.WithHint(fmt.Errorf("there is no file %s", file),
			"name an Iter8 experiment file, as in: perch run experiment.yaml")}
	}
	if err != nil {
		return experiment.Spec{}, usageError{err}
	}
	return experiment.Parse(file, data)
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
