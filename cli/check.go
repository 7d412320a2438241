package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"perch/experiment"
	"perch/tui"
)

func newCheck(s Streams) *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "check FILE",
		Short: "Find out what a run would run into, and change nothing",
		Long: `Look at everything that a run of FILE needs: the spec, the target and its revisions, the metrics, the
Helm release, its chart and values, and the permissions. All problems are told at once.`,
		Example: "  perch check experiment.yaml --prometheus http://127.0.0.1:9090",
		Args:    exactly("FILE"),
		RunE: func(c *cobra.Command, args []string) error {
			return f.preflight(c.Context(), s, args[0])
		},
	}
	flags := c.Flags()
	f.cluster.register(flags)
	f.metrics.register(flags)
	f.mirrorFlag(flags)
	flags.BoolVar(&f.allowExec, "allow-exec", false, "let the tasks of FILE run programs and scripts")
	flags.StringVarP(&f.sink.output, "output", "o", "", "json: one finding a line")
	flags.BoolVar(&f.sink.ascii, "ascii", false, "only ASCII characters")
	complete(c, "output", "json")
	return c
}

// preflight prints what it finds. Its exit code is that of a wrong spec where anything is wrong.
func (f *runFlags) preflight(ctx context.Context, s Streams, file string) error {
	if err := errors.Join(oneOf("output", f.sink.output, "", "json"), f.metrics.check()); err != nil {
		return usageError{err}
	}
	spec, err := readSpec(file, f.permissions()...)
	mistakes, isSpec := errors.AsType[*experiment.SpecError](err)
	if err != nil && !isSpec {
		return err
	}
	var found []experiment.Finding
	if isSpec {
		found = mistakes.Findings()
	} else {
		found = append(found, experiment.Finding{Subject: "spec", Grade: experiment.Fine, What: specWords(spec)})
	}
	found = append(found, f.look(ctx, spec)...)
	if err := f.tell(s, found); err != nil {
		return err
	}
	if slices.ContainsFunc(found, func(n experiment.Finding) bool { return n.Grade == experiment.Wrong }) {
		return exitError(codeUsage)
	}
	return nil
}

func specWords(spec experiment.Spec) string {
	return fmt.Sprintf("%s on %s: %d iterations of %s, at most %d %% to the candidate", spec.Name, spec.Target,
		spec.Duration.Iterations(), spec.Duration.Interval(), spec.Strategy.MaxCandidateWeight)
}

func (f *runFlags) tell(s Streams, found []experiment.Finding) error {
	if f.sink.output == "json" {
		return tui.FindingsJSON(s.Out, found)
	}
	look, err := f.sink.printed(s)
	if err != nil {
		return err
	}
	return tui.Findings(s.Out, found, look)
}

// look looks at everything outside the file, as far as the file says where that is.
func (f *runFlags) look(ctx context.Context, spec experiment.Spec) []experiment.Finding {
	p, err := f.connect()
	var found []experiment.Finding
	if err != nil {
		found = append(found, experiment.WrongIf("connection", err, ""))
	}
	p.spec = spec
	return append(found, lookAt(ctx, p)...)
}

// lookAt asks the cluster and the metrics backend at the same time.
func lookAt(ctx context.Context, p parts) []experiment.Finding {
	if p.spec.Target.Name == "" || len(p.spec.Versions) < 2 {
		return nil // the spec says too little
	}
	measured := make(chan []experiment.Finding, 1) // sent once by the goroutine below
	go func() {
		defer close(measured)
		if p.metrics != nil {
			measured <- p.metrics.Check(ctx, p.spec)
		}
	}()
	var found []experiment.Finding
	if p.cluster != nil {
		found = p.cluster.Check(ctx, p.spec, p.helm)
	}
	return append(found, <-measured...)
}
