package cli

import (
	"bytes"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"perch/experiment"
	"perch/metricsq"
	"perch/tui"
)

func newDescribe(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "describe FILE",
		Short: "Describe an experiment file or a recorded run",
		Example: `  perch describe experiment.yaml
  perch describe ~/.local/state/perch/default-canary-progressive-20260401T120000.000Z.jsonl`,
		Args: exactly("FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			data, err := os.ReadFile(args[0])
			if err != nil {
				return usageError{err}
			}
			if isRecord(data) {
				events, err := readRecord(s, args[0])
				if err != nil {
					return err
				}
				return tui.Describe(s.Out, experiment.Fold(events), plain())
			}
			return describeSpec(s, args[0], data)
		},
	}
}

// plain: a report goes into files and pipes as well.
func plain() tui.Appearance {
	return tui.Appearance{NoColor: true, ASCII: tui.NeedsASCII(os.Getenv)}
}

// isRecord: the first line is an event.
func isRecord(data []byte) bool {
	line, _, _ := bytes.Cut(bytes.TrimSpace(data), []byte("\n"))
	return bytes.HasPrefix(line, []byte(`{"seq":`))
}

func describeSpec(s Streams, file string, data []byte) error {
	spec, err := experiment.Parse(file, data, experiment.Programs) // to describe runs nothing
	if err != nil {
		return err
	}
	known, unknown := metricsq.Describe(spec)
	setup := experiment.Started{Spec: spec, Metrics: known, Judge: judgeOf(spec)}
	state := experiment.State{Setup: setup}
	if err := tui.Describe(s.Out, state, plain()); err != nil {
		return err
	}
	if unknown != nil {
		return usageError{errors.Join(unknown)}
	}
	return nil
}
