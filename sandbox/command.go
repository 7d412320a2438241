package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

// run runs a command in the foreground, with the terminal, and gives its exit code, as a shell does:
// 128 and the signal's number if a signal ended it. Ctrl-C reaches the command from the terminal
// itself; the signals that reach only this process are passed on.
func run(environment, command []string) int {
	signals := make(chan os.Signal, 8) // sent by the runtime, never closed
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	c := exec.Command(command[0], command[1:]...) //nolint:noctx,gosec // it ends when it wants to, and is the user's own
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.Env = append(os.Environ(), environment...)
	if err := c.Start(); err != nil {
		return fail(err)
	}
	done := make(chan error, 1) // sent once
	go func() { done <- c.Wait() }()
	for {
		select {
		case s := <-signals:
			if s != os.Interrupt {
				_ = c.Process.Signal(s) // it may have ended in this moment
			}
		case err := <-done:
			return exitCode(c, err)
		}
	}
}

func exitCode(c *exec.Cmd, err error) int {
	if status, ok := c.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		return fail(err)
	}
	return 0
}

func portOf(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return port
}

// logTail gives the last lines of a log, as an appendix to an error.
func logTail(path string) string {
	data, err := os.ReadFile(path)
	if err != nil || len(data) == 0 {
		return ""
	}
	const most = 5
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return fmt.Sprintf("\nthe last lines of its log:\n%s", strings.Join(lines[max(0, len(lines)-most):], "\n"))
}
