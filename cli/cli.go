// Package cli is Perch's command line: one file a verb, each of which wires one source of events
// (a live run, a recording) to one sink (the screen, lines, JSON lines) and turns the outcome into
// an exit code. It holds no rule of its own about experiments.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"perch/experiment"
	"perch/tui"
)

// The exit codes of every verb.
const (
	codeOK              = 0 // promoted, or done
	codeError           = 1
	codeUsage           = 2 // the command line or the experiment file is wrong
	codeBaseline        = 3 // rolled back, or the baseline was kept
	codeUndecided       = 4 // undecided, or stopped
	codePromotionFailed = 5
	codeLocked          = 6 // another driver has the target
)

// Streams are where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// terminal tells whether a stream is a terminal.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Main runs Perch with the arguments behind the program's name and returns its exit code.
func Main(ctx context.Context, args []string, s Streams) int {
	root := newRoot(s) //nolint:contextcheck // cobra hands ctx on
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return codeOK
	}
	if code, ok := errors.AsType[exitError](err); ok {
		return int(code)
	}
	if refused, ok := errors.AsType[*preflightError](err); ok {
		return tellRefusal(s, refused)
	}
	printError(s.Err, err)
	if _, locked := errors.AsType[*experiment.LockedError](err); locked {
		return codeLocked
	}
	_, isUsage := errors.AsType[usageError](err)
	_, isSpec := errors.AsType[*experiment.SpecError](err)
	if isUsage || isSpec {
		return codeUsage
	}
	return codeError
}

func newRoot(s Streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "perch",
		Short: "A console for progressive canary releases",
		Long: `Perch runs an Iter8 v2alpha2 Experiment against a live cluster: it measures each version with
Prometheus, judges the objectives, shifts traffic within the experiment's limits, shows all of it
live, and promotes the winner with Helm after you approve.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w (see %s --help)", err, c.CommandPath())}
	})
	root.AddCommand(newRun(s), newCheck(s), newReplay(s), newWatch(s), newDescribe(s), newAssert(s), newSimulate(s), newVersion(s))
	return root
}

// exitError ends a command that has said everything already.
type exitError int

// Error names the code; nobody sees it.
func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// usageError is a mistake on the command line.
type usageError struct{ error }

// Unwrap gives the mistake.
func (u usageError) Unwrap() error { return u.error }

// exactly wants n arguments, by their names.
func exactly(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		return usageError{fmt.Errorf("%s takes %s, not %d arguments (see %s --help)",
			c.CommandPath(), strings.Join(names, " and "), len(args), c.CommandPath())}
	}
}

// printError says what happened, and what to do about it.
func printError(w io.Writer, err error) {
	if _, ok := errors.AsType[*experiment.SpecError](err); ok {
		fmt.Fprintln(w, err)
		return
	}
	fmt.Fprintf(w, "error: %s\n", err)
	if hint := experiment.HintOf(err); hint != "" {
		fmt.Fprintf(w, " hint: %s\n", hint)
	}
}

// tellRefusal says why a run did not begin.
func tellRefusal(s Streams, e *preflightError) int {
	if err := tui.Findings(s.Err, e.found, plain()); err != nil {
		printError(s.Err, err)
	}
	return codeError
}

// exitOf is the exit code of a run that ended.
func exitOf(ended *experiment.Ended) error {
	if ended == nil {
		return exitError(codeUndecided)
	}
	switch ended.Outcome {
	case experiment.OutcomePromoted:
		return nil
	case experiment.OutcomeBaselineKept, experiment.OutcomeRolledBack:
		return exitError(codeBaseline)
	case experiment.OutcomeUndecided, experiment.OutcomeStopped:
		return exitError(codeUndecided)
	case experiment.OutcomePromotionFailed:
		return exitError(codePromotionFailed)
	case experiment.OutcomeTakenOver:
		return exitError(codeLocked)
	case experiment.OutcomeFailed:
	}
	return exitError(codeError)
}
