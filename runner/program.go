package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"perch/experiment"
)

// programTimeout bounds a program of a task, as Iter8's Jobs were.
const programTimeout = 5 * time.Minute

// RunProgram runs the program of a task and waits for it: without a terminal, with the few variables
// that programs cannot do without and with those of env, and not for longer than five minutes. What
// it prints may hold anything, so it goes to the log alone, at level debug.
func RunProgram(ctx context.Context, p experiment.Program, env ...string) error {
	ctx, cancel := context.WithTimeout(ctx, programTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.Name, p.Args...) //nolint:gosec // the user has allowed it, by --allow-exec
	cmd.Env = append(clean(os.Environ()), env...)
	cmd.WaitDelay = time.Second // for what its children keep open
	out, err := cmd.CombinedOutput()
	slog.Debug("program", "name", p.Name, "output", string(out))
	switch {
	case err == nil:
		return nil
	case errors.Is(err, exec.ErrNotFound):
		return experiment.WithHint(fmt.Errorf("program %s: there is none in PATH", p.Name), "install it where perch runs")
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("program %s: not done after %s", p.Name, programTimeout)
	}
	return experiment.WithHint(fmt.Errorf("program %s: %w", p.Name, err), "with --debug FILE its output is in that file")
}

// clean keeps what programs need to find themselves, their files and the cluster: no tokens that
// happen to be around.
func clean(environ []string) []string {
	kept := []string{"PATH", "HOME", "USER", "LANG", "TMPDIR", "KUBECONFIG", "SystemRoot"}
	return slices.DeleteFunc(slices.Clone(environ), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return !slices.Contains(kept, name) && !strings.HasPrefix(name, "LC_")
	})
}
