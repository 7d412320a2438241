package runner

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"perch/experiment"
)

// shell makes a program of a line of shell, which every system of this test has.
func shell(line string) experiment.Program {
	return experiment.Program{Name: "sh", Args: []string{"-c", line}}
}

func TestRunProgramHasACleanEnvironment(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "planted")
	t.Setenv("LC_TIME", "C")
	file := filepath.Join(t.TempDir(), "env")
	if err := RunProgram(t.Context(), shell("env > "+file), "EXPERIMENT_NAME=canary"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for want, there := range map[string]bool{"planted": false, "PATH=": true, "LC_TIME=C": true, "EXPERIMENT_NAME=canary": true} {
		if strings.Contains(string(data), want) != there {
			t.Errorf("%s is there: %t, want %t, in\n%s", want, !there, there, data)
		}
	}
}

func TestRunProgramSaysWhatWentWrong(t *testing.T) {
	t.Parallel()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, row := range []struct {
		name    string
		ctx     context.Context //nolint:containedctx // a row of a table
		program experiment.Program
		want    string
	}{
		{"exit code, and nothing of the output", t.Context(), shell("echo token; exit 3"), "program sh: exit status 3"},
		{"not there", t.Context(), experiment.Program{Name: "no-such-program"}, "program no-such-program: there is none in PATH"},
		{"cancelled", gone, shell("true"), "program sh: context canceled"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if err := RunProgram(row.ctx, row.program); err == nil || err.Error() != row.want {
				t.Errorf("want %s, got %v", row.want, err)
			}
		})
	}
}
