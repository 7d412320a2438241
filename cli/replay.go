package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"perch/experiment"
	"perch/runner"
)

func newReplay(s Streams) *cobra.Command {
	var f sinkFlags
	var anew rejudgeFlags
	var speed float64
	c := &cobra.Command{
		Use:   "replay RECORD",
		Short: "Replay a recorded run, or judge it anew",
		Long: `Replay a recorded run on the screen, as plain lines, or as JSON lines. Nothing is measured or moved.

With --judge, --profile, --on-inconclusive or --objective it is told instead what another judge, or another
limit, would have made of the recorded looks.`,
		Example: `  perch replay testdata/promoted.jsonl --speed 10
  perch replay testdata/promoted.jsonl --no-tui --speed 0
  perch replay run.jsonl --judge=iter8
  perch replay run.jsonl --objective error-rate=0.02`,
		Args: exactly("RECORD"),
		RunE: func(c *cobra.Command, args []string) error {
			if speed < 0 {
				return usageError{fmt.Errorf("--speed=%g: want 0, for at once, or more", speed)}
			}
			if err := f.check(); err != nil {
				return usageError{err}
			}
			events, err := readRecord(s, args[0])
			if err != nil {
				return err
			}
			if anew.wanted() {
				return anew.rejudge(s, &f, events)
			}
			return replay(c.Context(), s, &f, events, speed)
		},
	}
	f.register(c.Flags())
	anew.register(c)
	c.Flags().Float64Var(&speed, "speed", 1, "times as fast as it happened; 0: at once")
	f.complete(c)
	return c
}

func replay(ctx context.Context, s Streams, f *sinkFlags, events []experiment.Event, speed float64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	show := f.open(s, nil)
	return show(ctx, runner.Replay(ctx, events, speed))
}

// readRecord reads a record file, and says when its end is torn.
func readRecord(s Streams, file string) ([]experiment.Event, error) {
	from, err := os.Open(file)
	if err != nil {
		return nil, usageError{err}
	}
	events, torn, err := runner.ReadRecord(file, from)
	if torn {
		fmt.Fprintf(s.Err, "%s: the last line is torn; what stands before it is shown\n", file)
	}
	if err := errors.Join(err, from.Close()); err != nil {
		return nil, usageError{err}
	}
	return events, nil
}
