package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"perch/sandbox/charts"
)

const usage = `Run a real cluster on loopback: Kubernetes' API server, Knative Serving, Prometheus,
a Helm chart repository and a load, all in one process that leaves nothing behind.

Usage:
  perch-sandbox up [flags]                  run until Ctrl-C, and say how to use it
  perch-sandbox up [flags] -- COMMAND...    run COMMAND with KUBECONFIG, PERCH_PROMETHEUS
                                            and PERCH_MIRROR set, then stop
  perch-sandbox up --faults [flags] ...     the same, where what those three lead to can be
                                            broken; PERCH_SANDBOX_FAULTS is the URL of the
                                            switchboard, PERCH_SANDBOX_DIRECT a kubeconfig
                                            that nothing breaks

Flags:
`

const tags = `
The tag of an image says how its container behaves:
  blue, green       healthy, about 10 ms      green-broken      half of the answers fail
  green-slow        one in five over 100 ms   green-coldstart   fails and slow for 30 s
  green-errors      5 % of the answers fail   green-ramp        worse over 5 minutes
  green-leak        2 % of the answers fail   any other         healthy

With --faults, at the URL in PERCH_SANDBOX_FAULTS:
  PUT /faults       replaces the rules by a JSON list; each rule is of
                      target   api, prometheus, charts
                      method, path, query, body   which requests: the last three regexps
                      skip, times                 how many pass first, then suffer (0: all)
                      delay                       before whatever happens, such as 1.5s
                      do       latency, hang, status, reset, lose-answer, hold-answer,
                               truncate, drop-watch (api), empty, nan, several, stale,
                               warning, wrong-json (prometheus)
                      code, retryAfter            of do status: 400 to 599, and seconds
  GET /faults       the rules, each with how often it matched and struck;
                    ?struck=N answers once they have struck N times
  DELETE /faults    no rules any more; what hangs goes on
  GET /traffic      every split that the tutorial's service ever had, as lines of JSON
  POST /reset       the tutorial from its beginning; ?tag=TAG with another candidate
`

// arguments are what the command line asks for.
type arguments struct {
	rate           int
	dir            string
	scrapeInterval time.Duration
	tutorial       bool
	faults         bool
	tag            string
	command        []string
}

// usageError is a mistake on the command line.
type usageError struct {
	error
}

// parse reads the command line, without the name of the program. For pflag.ErrHelp, help is what to
// show.
func parse(line []string) (parsed arguments, help string, err error) {
	flags := pflag.NewFlagSet("perch-sandbox up", pflag.ContinueOnError)
	flags.SortFlags = false
	flags.Usage = func() {}
	flags.StringVar(&parsed.tag, "tutorial", "", "do steps 1 and 2 of the tutorial first; TAG is the candidate's image tag")
	flags.Lookup("tutorial").NoOptDefVal = charts.DefaultTag
	flags.IntVar(&parsed.rate, "rps", 40, "load of the tutorial in requests per second")
	flags.StringVar(&parsed.dir, "dir", "", "keep the sandbox's files in this folder (default: a temporary one, removed at the end)")
	flags.BoolVar(&parsed.faults, "faults", false, "lead clients through proxies that break requests on purpose; see below")
	flags.DurationVar(&parsed.scrapeInterval, "scrape-interval", 5*time.Second, "how often Prometheus scrapes")
	help = usage + flags.FlagUsages() + tags

	if err := flags.Parse(line); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return parsed, help, err
		}
		return parsed, help, usageError{err}
	}
	parsed.tutorial = flags.Changed("tutorial")
	words := flags.Args()
	if dash := flags.ArgsLenAtDash(); dash >= 0 {
		words, parsed.command = flags.Args()[:dash], flags.Args()[dash:]
		if len(parsed.command) == 0 {
			return parsed, help, usageError{errors.New("no command after --")}
		}
	}
	return parsed, help, parsed.check(words)
}

func (a *arguments) check(words []string) error {
	if len(words) != 1 || words[0] != "up" {
		return usageError{fmt.Errorf("the only verb is up, not %q; a command comes after --", words)}
	}
	if a.rate < 1 || a.rate > 10000 {
		return usageError{fmt.Errorf("--rps %d: 1 to 10000 requests per second", a.rate)}
	}
	if a.scrapeInterval < 100*time.Millisecond {
		return usageError{fmt.Errorf("--scrape-interval %s: at least 100ms", a.scrapeInterval)}
	}
	if !a.tutorial {
		a.tag = charts.DefaultTag
	}
	if err := charts.CheckTag(a.tag); err != nil {
		return usageError{fmt.Errorf("--tutorial=%s: %w", a.tag, err)}
	}
	return nil
}
