package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"perch/experiment"
)

// readCommands sends every command that stands on a line of in, until in ends; then nobody is left
// to answer, and it closes unattended. What is no command is answered on complain. It is left
// behind when the run ends before in does: a read from a terminal cannot be interrupted.
func readCommands(in io.Reader, send chan<- experiment.Command, unattended chan<- struct{}, complain io.Writer) {
	defer close(unattended)
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		word := strings.ToLower(strings.TrimSpace(lines.Text()))
		switch wish := experiment.Wish(word); {
		case word == "":
		case slices.Contains(experiment.Wishes(), wish):
			send <- experiment.Command{Wish: wish, By: "stdin"}
		default:
			fmt.Fprintf(complain, "%q is no command: type %s\n", word, wishList())
		}
	}
}

func wishList() string {
	var words []string
	for _, w := range experiment.Wishes() {
		words = append(words, string(w))
	}
	return strings.Join(words, ", ")
}

// forwardSignals sends a command to stop for every signal that asks for it. The returned function
// gives the signals back to the system, waits, and tells whether there was one.
func forwardSignals(ctx context.Context, send chan<- experiment.Command) (release func() (signalled bool)) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 4) // sent by the runtime, never closed
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	received := make(chan bool, 1) // sent once, when ctx ends
	go func() {
		came := false
		for {
			select {
			case s := <-signals:
				came = true
				select {
				case send <- experiment.Command{Wish: experiment.Stop, By: signalName(s)}:
				case <-ctx.Done():
				}
			case <-ctx.Done():
				received <- came
				return
			}
		}
	}()
	return func() bool {
		signal.Stop(signals)
		cancel()
		return <-received
	}
}

func signalName(s os.Signal) string {
	switch s {
	case os.Interrupt:
		return "Ctrl-C"
	case syscall.SIGTERM:
		return "SIGTERM"
	case syscall.SIGHUP:
		return "SIGHUP"
	}
	return s.String()
}
