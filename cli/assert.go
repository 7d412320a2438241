package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"perch/experiment"
	"perch/kube"
)

// assertFlags are the flags of perch assert.
type assertFlags struct {
	cluster    clusterFlags
	conditions []string
	timeout    time.Duration
}

// A condition is something that may be so of a run.
type condition struct {
	holds func(experiment.State) bool
	not   string // what is said when it does not hold
}

// conditions are those of iter8ctl, by name. A run that failed has completed, too.
func conditions() map[string]condition {
	return map[string]condition{
		"completed":   {func(s experiment.State) bool { return s.Ended != nil }, "experiment has not completed"},
		"winnerFound": {experiment.State.WinnerFound, "no winner found in experiment"},
	}
}

func newAssert(s Streams) *cobra.Command {
	var f assertFlags
	c := &cobra.Command{
		Use:   "assert RECORD|FILE|NAMESPACE/NAME",
		Short: "Tell by the exit code whether a run has completed, and has a winner",
		Long: `Check conditions of a run, in their order: of a record, or of the service of an experiment FILE or of that
name. The exit code is 0 when all of them hold, and 1 when one does not, which is named.`,
		Example: `  perch assert default/sample-app -c completed -c winnerFound --timeout 10m
  perch assert testdata/promoted.jsonl -c completed`,
		Args: exactly("RECORD, FILE or NAMESPACE/NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			return f.assert(c.Context(), s, args[0])
		},
	}
	f.cluster.register(c.Flags())
	c.Flags().StringArrayVarP(&f.conditions, "condition", "c", nil, "completed or winnerFound; repeatable")
	c.Flags().DurationVar(&f.timeout, "timeout", 0, "how long to wait for them at most")
	complete(c, "condition", "completed", "winnerFound")
	return c
}

func (f *assertFlags) assert(ctx context.Context, s Streams, arg string) error {
	if err := f.check(); err != nil {
		return usageError{err}
	}
	read, err := f.source(s, arg)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	failed, err := await(ctx, read, f.conditions)
	switch {
	case err != nil:
		return err
	case failed != "":
		fmt.Fprintln(s.Out, failed)
		return exitError(codeError)
	}
	fmt.Fprintln(s.Out, "All conditions satisfied.")
	return nil
}

func (f *assertFlags) check() error {
	if len(f.conditions) == 0 {
		return errors.New("nothing to assert: want -c completed, -c winnerFound, or both")
	}
	var wrong []error
	for _, c := range f.conditions {
		wrong = append(wrong, oneOf("condition", c, "completed", "winnerFound"))
	}
	if f.timeout < 0 {
		wrong = append(wrong, fmt.Errorf("--timeout=%s: want 0 or more", f.timeout))
	}
	return errors.Join(wrong...)
}

// source finds what says how the run stands.
func (f *assertFlags) source(s Streams, arg string) (read func(context.Context) (experiment.State, error), err error) {
	if data, err := os.ReadFile(arg); err == nil && isRecord(data) {
		return func(context.Context) (experiment.State, error) {
			events, err := readRecord(s, arg)
			return experiment.Fold(events), err
		}, nil
	}
	target, err := targetOf(arg)
	if err != nil {
		return nil, err
	}
	cluster, err := kube.Connect(f.cluster.options())
	if err != nil {
		return nil, err
	}
	l := lookout{kube.NewCheckpoints(cluster), target}
	return func(ctx context.Context) (experiment.State, error) {
		state, _, err := l.look(context.WithoutCancel(ctx)) // each call has its own deadline
		return state, err
	}, nil
}

// await reads every second until all conditions hold or ctx ends, and returns what is said of the
// first that does not. An error that is still there at the end is returned.
func await(
	ctx context.Context, read func(context.Context) (experiment.State, error), names []string,
) (failed string, err error) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		state, err := read(ctx)
		if err == nil {
			if failed = missed(state, names); failed == "" {
				return "", nil
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return failed, err
		}
	}
}

// missed is what is said of the first condition that does not hold; "": all do.
func missed(s experiment.State, names []string) string {
	for _, name := range names {
		if c := conditions()[name]; !c.holds(s) {
			return c.not
		}
	}
	return ""
}
