package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestRunCommandReturnsItsExitCode(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "not-executable")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		line []string
		code int
		fail bool
	}{
		"success":        {line: []string{"true"}, code: 0},
		"its own code":   {line: []string{"sh", "-c", `exit "$CODE"`}, code: 7},
		"a signal":       {line: []string{"sh", "-c", "kill -TERM $$"}, code: 143},
		"a crash":        {line: []string{"sh", "-c", "kill -KILL $$"}, code: 137},
		"not found":      {line: []string{"no-such-command"}, code: 127, fail: true},
		"no such file":   {line: []string{"/no/such/command"}, code: 127, fail: true},
		"not executable": {line: []string{file}, code: 126, fail: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, err := runCommand(test.line, []string{"CODE=7"}, nil)
			if code != test.code || (err != nil) != test.fail {
				t.Errorf("run %q: got %d, %v, want %d", test.line, code, err, test.code)
			}
		})
	}
}

func TestRunCommandPassesSignalsOn(t *testing.T) {
	t.Parallel()
	signals := make(chan os.Signal, 2)
	signals <- os.Interrupt // the terminal's affair: not passed on
	signals <- syscall.SIGHUP
	code, err := runCommand([]string{"sleep", "60"}, nil, signals)
	if err != nil || code != 129 {
		t.Errorf("got %d, %v, want 129: ended by the hang-up alone", code, err)
	}
}
