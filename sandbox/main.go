// Perch-sandbox is a real cluster in one process, on loopback, to try Perch on: kube-apiserver,
// Knative Serving, Prometheus, a Fortio load and a Helm chart repository.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"

	"perch/sandbox/charts"
)

const usage = `Usage:
  perch-sandbox up [flags]                 run a cluster until Ctrl-C
  perch-sandbox up [flags] -- COMMAND...   run COMMAND in it, then end with its exit code

Flags:
  --tutorial[=TAG]       first do steps 1 and 2 of the tutorial: install the application, upgrade it
                         to two revisions, send it requests. TAG is the candidate's image tag: green
                         (healthy), green-slow, green-errors, green-leak, green-broken,
                         green-coldstart, green-ramp
  --rps N                requests a second of the tutorial's load (default 40; 0: no load)
  --scrape-interval D    of Prometheus (default 5s)
  --dir DIR              keep the files in DIR, which must be new or empty (default: a temporary
                         folder, removed at the end)

COMMAND and the exports that are printed use KUBECONFIG (contexts "sandbox", an administrator, and
"perch", the rights that Perch needs), PERCH_PROMETHEUS and PERCH_MIRROR.
`

// The exit codes of the sandbox itself; otherwise it is COMMAND's.
const (
	exitError = 1
	exitUsage = 2
)

// flags are those of up.
type flags struct {
	dir            string
	rps            float64
	scrapeInterval time.Duration
	tutorial       optional
	command        []string
}

// optional is a flag that may stand alone: --tutorial, --tutorial=TAG.
type optional struct{ tag string }

// String gives the tag.
func (o *optional) String() string { return o.tag }

// Set takes the tag; "true" is what the flag package gives a flag that stands alone.
func (o *optional) Set(value string) error {
	if b, err := strconv.ParseBool(value); err == nil {
		value = ""
		if b {
			value = charts.HealthyTag
		}
	}
	o.tag = value
	return nil
}

// IsBoolFlag lets the flag stand alone.
func (o *optional) IsBoolFlag() bool { return true }

func main() {
	f, err := parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(os.Stdout, usage)
		return
	case err != nil:
		fmt.Fprintf(os.Stderr, "error: %s\n hint: perch-sandbox --help lists what there is\n", err)
		os.Exit(exitUsage)
	}
	os.Exit(up(context.Background(), f))
}

func parse(args []string) (flags, error) {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		return flags{}, flag.ErrHelp
	}
	if args[0] != "up" {
		return flags{}, fmt.Errorf("%q is no verb: there is only up", args[0])
	}
	var f flags
	set := flag.NewFlagSet("up", flag.ContinueOnError)
	set.SetOutput(discard{})
	set.StringVar(&f.dir, "dir", "", "")
	set.Float64Var(&f.rps, "rps", 40, "")
	set.DurationVar(&f.scrapeInterval, "scrape-interval", 5*time.Second, "")
	set.Var(&f.tutorial, "tutorial", "")
	if err := set.Parse(args[1:]); err != nil {
		return flags{}, err
	}
	f.command = set.Args()
	switch {
	case len(f.command) > 0 && args[len(args)-len(f.command)-1] != "--":
		return flags{}, fmt.Errorf("write -- before the command: perch-sandbox up -- %s", f.command[0])
	case f.scrapeInterval < 100*time.Millisecond:
		return flags{}, fmt.Errorf("--scrape-interval=%s: want at least 100ms", f.scrapeInterval)
	case f.rps < 0 || f.rps > 5000:
		return flags{}, fmt.Errorf("--rps=%g: want 0 to 5000", f.rps)
	}
	return f, nil
}

// discard swallows the flag package's own words; the error is told by main.
type discard struct{}

// Write takes everything.
func (discard) Write(p []byte) (int, error) { return len(p), nil }
