package jobs

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
)

// load is what the arguments of a Fortio container ask for.
type load struct {
	target      *url.URL
	duration    time.Duration // negative: until it is stopped
	rate        float64       // requests a second; negative: as many as possible
	connections int
	requests    int64 // if positive, this many, whatever the duration
	timeout     time.Duration
	headers     []string
	labels      string
	output      string // path in the container, "" for none

	initialErrors, uniform, jitter, noCatchUp bool
}

// parseLoad reads the command line of a Fortio container, whose image runs fortio.
func parseLoad(container corev1.Container) (load, error) {
	line := commandLine(container)
	if len(container.Command) > 0 {
		if path.Base(line[0]) != "fortio" {
			return load{}, fmt.Errorf("the sandbox runs fortio, not %s", line[0])
		}
		line = line[1:]
	}
	if len(line) == 0 || line[0] != "load" {
		return load{}, errors.New("of Fortio's commands the sandbox runs load alone")
	}
	return parseFlags(line[1:])
}

// commandLine is the container's command and arguments, with $(NAME) expanded as Kubernetes does.
func commandLine(container corev1.Container) []string {
	environment := map[string]string{}
	for _, variable := range container.Env {
		environment[variable.Name] = expansion.Expand(variable.Value, expansion.MappingFuncFor(environment))
	}
	var line []string
	for _, word := range append(append([]string{}, container.Command...), container.Args...) {
		line = append(line, expansion.Expand(word, expansion.MappingFuncFor(environment)))
	}
	return line
}

// parseFlags knows the flags of fortio load that say what to send, and passes over those that say
// what to print. Defaults are Fortio's.
func parseFlags(arguments []string) (load, error) {
	l := load{rate: 8}
	flags := flag.NewFlagSet("fortio load", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.DurationVar(&l.duration, "t", 5*time.Second, "")
	flags.IntVar(&l.connections, "c", 4, "")
	flags.Int64Var(&l.requests, "n", 0, "")
	flags.DurationVar(&l.timeout, "timeout", 3*time.Second, "")
	flags.StringVar(&l.output, "json", "", "")
	flags.StringVar(&l.labels, "labels", "", "")
	flags.BoolVar(&l.initialErrors, "allow-initial-errors", false, "")
	flags.BoolVar(&l.uniform, "uniform", false, "")
	flags.BoolVar(&l.jitter, "jitter", false, "")
	flags.BoolVar(&l.noCatchUp, "nocatchup", false, "")
	flags.Func("qps", "", func(text string) (err error) {
		if text != "max" {
			l.rate, err = strconv.ParseFloat(text, 64)
		}
		if text == "max" || l.rate == 0 {
			l.rate = -1
		}
		return err
	})
	flags.Func("H", "", func(header string) error {
		l.headers = append(l.headers, header)
		return nil
	})
	for _, quiet := range []string{"a", "quiet", "stdclient", "log-errors", "keepalive"} {
		flags.Bool(quiet, false, "")
	}
	for _, quiet := range []string{"loglevel", "p", "r", "data-dir"} {
		flags.String(quiet, "", "")
	}
	if err := flags.Parse(arguments); err != nil {
		return load{}, fmt.Errorf("fortio load: %w", err)
	}
	if l.duration == 0 {
		l.duration = -1
	}
	return l, l.setTarget(flags.Args())
}

func (l *load) setTarget(arguments []string) error {
	if len(arguments) != 1 {
		return fmt.Errorf("fortio load: one URL is wanted, got %q", arguments)
	}
	text := arguments[0]
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	target, err := url.Parse(text)
	if err != nil {
		return fmt.Errorf("fortio load: %w", err)
	}
	if target.Scheme != "http" || target.Host == "" {
		return fmt.Errorf("fortio load: %q is no http URL", arguments[0])
	}
	l.target = target
	return nil
}
