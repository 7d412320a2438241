package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"perch/sandbox/charts"
	"perch/sandbox/cluster"
	"perch/sandbox/journal"
	"perch/sandbox/tutorial"
)

const (
	exitError = 1
	exitUsage = 2
)

// run does what the command line says and returns the exit code.
func run(line []string) int {
	parsed, help, err := parse(line)
	if errors.Is(err, pflag.ErrHelp) {
		say(os.Stdout, "%s", help)
		return 0
	}
	if err != nil {
		say(os.Stderr, "perch-sandbox: %v\nTry perch-sandbox --help.\n", err)
		return exitUsage
	}
	code, err := up(parsed)
	if err != nil {
		say(os.Stderr, "perch-sandbox: %v\n", err)
	}
	return code
}

func say(out *os.File, format string, arguments ...any) {
	_, _ = fmt.Fprintf(out, format, arguments...)
}

// up runs a sandbox, and the command in it if there is one.
func up(parsed arguments) (code int, err error) {
	signals := make(chan os.Signal, 4) // sent to by the runtime; never closed
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	folder, err := openWorkspace(parsed.dir)
	if err != nil {
		return exitError, err
	}
	defer func() { err = errors.Join(err, folder.close()) }()

	shown := newProgress()
	running, err := start(parsed, folder, shown, signals)
	if received, ended := errors.AsType[signalError](err); ended {
		shown.clear()
		return received.exitCode(), nil
	}
	if err != nil {
		shown.clear()
		return exitError, err
	}
	shown.done("ready")
	code, err = attend(parsed, running, signals)
	return code, errors.Join(err, stop(running))
}

// sandbox is what is up.
type sandbox struct {
	*cluster.Cluster

	tutorial *tutorial.Tutorial // nil if it was not done
	board    *switchboard       // nil without --faults
}

// start brings the cluster up, and does the tutorial, unless a signal comes first.
func start(parsed arguments, folder *workspace, shown *progress, signals <-chan os.Signal) (*sandbox, error) {
	log, err := journal.Open(filepath.Join(folder.dir, "sandbox.log"))
	if err != nil {
		return nil, err
	}
	ctx, release := untilSignal(signals)
	running, err := bringUp(ctx, parsed, folder, shown, log)
	return running, errors.Join(release(), err)
}

// untilSignal makes a context that the next signal ends. Release gives the signals back, and tells
// which one came.
func untilSignal(signals <-chan os.Signal) (ctx context.Context, release func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	received := make(chan error, 1) // sent to once, by the goroutine below
	go func() {
		defer cancel()
		select {
		case came := <-signals:
			received <- signalError{came}
		case <-ctx.Done():
			received <- nil
		}
	}()
	return ctx, func() error {
		cancel()
		return <-received
	}
}

func bringUp(ctx context.Context, parsed arguments, folder *workspace, shown *progress, log *journal.Journal) (*sandbox, error) {
	running, err := cluster.Start(ctx, cluster.Options{
		Dir:            folder.dir,
		ScrapeInterval: parsed.scrapeInterval,
		CandidateTag:   parsed.tag,
		Journal:        log,
		Progress:       shown.stage,
	})
	if err != nil {
		return nil, err
	}
	s := &sandbox{Cluster: running}
	if parsed.tutorial {
		s.tutorial = &tutorial.Tutorial{
			Dir:      filepath.Join(folder.dir, "state"),
			Rate:     parsed.rate,
			Log:      log.Log,
			Progress: shown.stage,
		}
		if err := s.tutorial.Run(ctx, running); err != nil {
			return nil, err
		}
	}
	if parsed.faults {
		s.board, err = openSwitchboard(context.WithoutCancel(ctx), s)
	}
	return s, err
}

// variables are what leads programs to the sandbox.
func (s *sandbox) variables() []string {
	if s.board != nil {
		return s.board.variables()
	}
	return []string{
		"KUBECONFIG=" + s.Kubeconfig,
		"PERCH_PROMETHEUS=" + s.Prometheus.URL,
		"PERCH_MIRROR=" + charts.Origin + "=" + s.Charts.URL,
	}
}

// attend stays until the sandbox is to end, and returns the exit code.
func attend(parsed arguments, running *sandbox, signals <-chan os.Signal) (int, error) {
	if len(parsed.command) > 0 {
		return runCommand(parsed.command, running.variables(), signals)
	}
	explain(running)
	received := <-signals
	if received == os.Interrupt {
		return 0, nil // Ctrl-C is how it is meant to end
	}
	return signalError{received}.exitCode(), nil
}

// explain prints how to use the sandbox. Its lines can be given to a shell as they are.
func explain(running *sandbox) {
	say(os.Stdout, "\n")
	for _, variable := range running.variables() {
		say(os.Stdout, "export %s\n", variable)
	}
	say(os.Stdout, "\n# In another shell, after those lines:\n")
	say(os.Stdout, "#   kubectl get ksvc,rev,experiments\n")
	say(os.Stdout, "#   kubectl --context perch ...    as the user who may do no more than a release needs\n")
	say(os.Stdout, "# Services answer at their URL with the gateway's port, for instance\n")
	_, port, _ := net.SplitHostPort(running.Gateway)
	say(os.Stdout, "#   curl http://sample-app.default.localhost:%s\n", port)
	say(os.Stdout, "#   curl -H 'Host: sample-app.default.localhost' http://%s\n", running.Gateway)
	if running.board != nil {
		say(os.Stdout, "# Break something, and heal it:\n")
		say(os.Stdout, "#   curl -X PUT $PERCH_SANDBOX_FAULTS/faults -d '[{\"target\":\"prometheus\",\"do\":\"hang\"}]'\n")
		say(os.Stdout, "#   curl -X DELETE $PERCH_SANDBOX_FAULTS/faults\n")
	}
	if running.tutorial == nil {
		say(os.Stdout, "# The tutorial's steps 1 and 2 are done by perch-sandbox up --tutorial\n")
	}
	say(os.Stdout, "# Ctrl-C ends it.\n")
}

// stop ends the sandbox, and tells what the load counted.
func stop(running *sandbox) error {
	var err error
	if running.board != nil {
		err = running.board.close()
	}
	err = errors.Join(err, running.Stop())
	if running.tutorial == nil {
		return err
	}
	if totals, known := running.Jobs.Totals(metav1.NamespaceDefault, tutorial.Load); known {
		say(os.Stderr, "fortio: %d requests, %d with code 200, %d others\n", totals.Requests, totals.OK, totals.Others())
	}
	return err
}

// signalError is a signal that ended a start.
type signalError struct {
	os.Signal
}

// Error names the signal.
func (s signalError) Error() string { return s.String() }

func (s signalError) exitCode() int {
	if number, isUnix := s.Signal.(syscall.Signal); isUnix {
		return exitSignal + int(number)
	}
	return exitError
}
