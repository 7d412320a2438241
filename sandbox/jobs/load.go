package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fortio.org/fortio/fhttp"
	"fortio.org/fortio/periodic"
)

// A load is one run of Fortio, as a command line asks for it.
type load struct {
	url      string
	qps      float64
	duration time.Duration // 0: until stopped
	exactly  int64         // requests; 0: as many as the duration has
	threads  int
	output   string // file for the results; "": none
	headers  []string
	timeout  time.Duration
}

// parseLoad reads the arguments of "fortio load". Flags that only change what Fortio prints are
// accepted; any other unknown flag is an error.
func parseLoad(args []string) (load, error) {
	if len(args) > 0 && args[0] == "fortio" {
		args = args[1:]
	}
	if len(args) == 0 || args[0] != "load" {
		return load{}, fmt.Errorf("fortio %s: the sandbox does only fortio load", strings.Join(args[:min(1, len(args))], ""))
	}
	var l load
	flags := flag.NewFlagSet("fortio load", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Float64Var(&l.qps, "qps", 8, "")
	flags.DurationVar(&l.duration, "t", 5*time.Second, "")
	flags.Int64Var(&l.exactly, "n", 0, "")
	flags.IntVar(&l.threads, "c", 4, "")
	flags.StringVar(&l.output, "json", "", "")
	flags.DurationVar(&l.timeout, "timeout", 3*time.Second, "")
	flags.Func("H", "", func(h string) error {
		l.headers = append(l.headers, h)
		return nil
	})
	for _, name := range []string{"a", "quiet", "allow-initial-errors", "nocatchup", "uniform", "jitter"} {
		flags.Bool(name, false, "")
	}
	for _, name := range []string{"p", "r", "loglevel", "labels"} {
		flags.String(name, "", "")
	}
	if err := flags.Parse(args[1:]); err != nil {
		return load{}, fmt.Errorf("fortio load: %w", err)
	}
	if flags.NArg() != 1 {
		return load{}, fmt.Errorf("fortio load takes one URL, not %q", flags.Args())
	}
	l.url = flags.Arg(0)
	return l, nil
}

// A Result is what a load came to.
type Result struct {
	Requests int64
	Codes    map[int]int64 // by HTTP status; -1: no answer
}

// run sends the load, until it is done or ctx ends. Names that resolve only inside a cluster reach
// the gateway, with their Host header.
func (l load) run(ctx context.Context, gateway, scratch string) (Result, error) {
	options, err := l.options(gateway)
	if err != nil {
		return Result{}, err
	}
	abort := periodic.NewAborter()
	options.Stop = abort
	defer context.AfterFunc(ctx, func() { abort.Abort(false) })()
	found, err := fhttp.RunHTTPTest(options)
	if err != nil {
		return Result{}, err
	}
	result := Result{Requests: found.DurationHistogram.Count, Codes: found.RetCodes}
	if l.output == "" || l.output == "-" {
		return result, nil
	}
	return result, write(filepath.Join(scratch, filepath.Clean("/"+l.output)), found)
}

func (l load) options(gateway string) (*fhttp.HTTPRunnerOptions, error) {
	address, err := url.Parse(l.url)
	if err != nil || address.Host == "" {
		return nil, fmt.Errorf("fortio load: %q is no URL", l.url)
	}
	headers := l.headers
	if host := address.Hostname(); net.ParseIP(host) == nil && host != "localhost" {
		headers = append([]string{"Host: " + host}, headers...)
		address.Host = gateway
	}
	o := &fhttp.HTTPRunnerOptions{
		RunnerOptions: periodic.RunnerOptions{
			QPS: l.qps, Duration: l.duration, Exactly: l.exactly, NumThreads: l.threads, Out: io.Discard,
		},
		HTTPOptions:        *fhttp.NewHTTPOptions(address.String()),
		AllowInitialErrors: true,
	}
	if l.duration == 0 && l.exactly == 0 {
		o.Duration = -1 // Fortio's "until stopped"
	}
	o.HTTPReqTimeOut = l.timeout
	for _, h := range headers {
		if err := o.AddAndValidateExtraHeader(h); err != nil {
			return nil, fmt.Errorf("fortio load: -H %q: %w", h, err)
		}
	}
	return o, nil
}

func write(path string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600))
}
