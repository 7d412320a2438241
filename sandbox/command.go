package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// grace is what a command has to end after a signal, before it is killed.
const grace = time.Minute // Perch may have to finish a roll back

const (
	exitNotRunnable = 126
	exitNotFound    = 127
	exitSignal      = 128 // plus the number of the signal, as shells have it
)

// runCommand runs a command in the foreground, with the terminal handed over, and returns its exit
// code. Ctrl-C reaches it as it reaches every process of the terminal, and is its own affair; the
// other signals, which come to this process alone, are passed on.
func runCommand(line, environment []string, signals <-chan os.Signal) (int, error) {
	command := exec.Command(line[0], line[1:]...) //nolint:noctx // It ends by itself or by a signal; killing it on a context would leave the terminal raw.
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.Env = append(os.Environ(), environment...)
	if err := command.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
			return exitNotFound, err
		}
		return exitNotRunnable, err
	}
	ended := make(chan error, 1) // sent to once, by the goroutine that waits
	go func() { ended <- command.Wait() }()
	var kill <-chan time.Time
	for {
		select {
		case received := <-signals:
			if received != os.Interrupt {
				_ = command.Process.Signal(received)
				kill = time.After(grace)
			}
		case <-kill:
			_ = command.Process.Kill()
		case err := <-ended:
			return exitCode(command, err)
		}
	}
}

func exitCode(command *exec.Cmd, err error) (int, error) {
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		return 1, fmt.Errorf("wait for %s: %w", command.Path, err)
	}
	status, isUnix := command.ProcessState.Sys().(syscall.WaitStatus)
	if isUnix && status.Signaled() {
		return exitSignal + int(status.Signal()), nil
	}
	return command.ProcessState.ExitCode(), nil
}
