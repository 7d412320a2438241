package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		line []string
		want arguments
	}{
		"defaults":        {[]string{"up"}, arguments{rate: 40, scrapeInterval: 5 * time.Second, tag: "green"}},
		"tutorial":        {[]string{"up", "--tutorial"}, arguments{rate: 40, scrapeInterval: 5 * time.Second, tutorial: true, tag: "green"}},
		"tutorial's tag":  {[]string{"up", "--tutorial=green-slow"}, arguments{rate: 40, scrapeInterval: 5 * time.Second, tutorial: true, tag: "green-slow"}},
		"flags and dash":  {[]string{"up", "--rps", "9", "--dir", "d", "--scrape-interval=1s", "--", "a", "--rps", "b"}, arguments{rate: 9, dir: "d", scrapeInterval: time.Second, tag: "green", command: []string{"a", "--rps", "b"}}},
		"faults":          {[]string{"up", "--faults"}, arguments{rate: 40, scrapeInterval: 5 * time.Second, tag: "green", faults: true}},
		"flags before up": {[]string{"--rps=9", "up"}, arguments{rate: 9, scrapeInterval: 5 * time.Second, tag: "green"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := parse(test.line)
			if err != nil {
				t.Fatalf("parse %q: %v", test.line, err)
			}
			same := slices.Equal(got.command, test.want.command)
			got.command, test.want.command = nil, nil
			if !same || got.rate != test.want.rate || got.dir != test.want.dir || got.tag != test.want.tag ||
				got.tutorial != test.want.tutorial || got.faults != test.want.faults || got.scrapeInterval != test.want.scrapeInterval {
				t.Errorf("parse %q: got %+v, want %+v", test.line, got, test.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, line := range map[string][]string{
		"no verb":         {},
		"another verb":    {"down"},
		"two words":       {"up", "sh"},
		"unknown flag":    {"up", "--fast"},
		"no rate":         {"up", "--rps", "0"},
		"scraping always": {"up", "--scrape-interval", "1ms"},
		"odd tag":         {"up", "--tutorial=a b"},
		"empty command":   {"up", "--"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := parse(line)
			if _, isUsage := errors.AsType[usageError](err); !isUsage {
				t.Errorf("parse %q: got %v, want a usage error", line, err)
			}
		})
	}
}

func TestHelpNamesEachFlag(t *testing.T) {
	t.Parallel()
	_, help, err := parse([]string{"--help"})
	if !errors.Is(err, pflag.ErrHelp) {
		t.Fatalf("got %v, want the help", err)
	}
	for _, word := range []string{"--tutorial", "--rps", "--dir", "--scrape-interval", "--faults", "KUBECONFIG", "PERCH_SANDBOX_DIRECT", "green-ramp", "lose-answer"} {
		if !strings.Contains(help, word) {
			t.Errorf("help does not name %s", word)
		}
	}
}
