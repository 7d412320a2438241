//go:build e2e || faults

package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"perch/experiment"
)

// A sandbox is a running cluster with a perch in it that has not ended.
type sandbox struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Scanner
	raw    strings.Builder // what was read of out
	err    shared
	events []experiment.Event
}

// A shared buffer is written by the program that runs while the test may read it.
type shared struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buffer.Write(p)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buffer.String()
}

// short is the tutorial's experiment, with intervals of two seconds so that the suite stays quick.
func short(t *testing.T, change ...string) string {
	t.Helper()
	data, err := os.ReadFile("../testdata/canary-progressive/experiment.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(append(change, "intervalSeconds: 10", "intervalSeconds: 2")...).Replace(string(data))
	file := filepath.Join(t.TempDir(), "experiment.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// link gives the test binary the name perch.
func link(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	perch := filepath.Join(t.TempDir(), "perch")
	if err := os.Symlink(self, perch); err != nil {
		t.Fatal(err)
	}
	return perch
}

// flags are those of every sandbox: quick scrapes, and enough requests for them.
func flags(tag string) []string {
	return []string{"up", "--tutorial=" + tag, "--scrape-interval", "500ms", "--rps", "60"}
}

const sandboxProgram = "../bin/perch-sandbox"

// start runs perch run -o json in a sandbox of its own, whose candidate has the image tag.
func start(t *testing.T, tag, file string, args ...string) *sandbox {
	t.Helper()
	command := append(flags(tag), "--", link(t), "run", file, "--context", "perch", "-o", "json",
		"--record", filepath.Join(t.TempDir(), "run.jsonl"))
	return begin(t, nil, sandboxProgram, append(command, args...)...)
}

// cluster runs a sandbox until the test ends, and gives what it exports.
func cluster(t *testing.T) map[string]string {
	t.Helper()
	return begin(t, nil, sandboxProgram, flags("green")...).exports(t, 3)
}

// exports are the first variables that a sandbox prints.
func (s *sandbox) exports(t *testing.T, n int) map[string]string {
	t.Helper()
	environment := map[string]string{}
	for len(environment) < n && s.out.Scan() {
		if export, ok := strings.CutPrefix(s.out.Text(), "export "); ok {
			name, value, _ := strings.Cut(export, "=")
			environment[name] = value
		}
	}
	if len(environment) < n {
		t.Fatalf("the sandbox is not ready: %s", s.err.String())
	}
	return environment
}

const (
	// patience bounds a program: a test whose run waits for something that never comes shall say so.
	patience = 8 * time.Minute
	// farewell is how long a program may take to end when its test has.
	farewell = 20 * time.Second
)

// begin starts a program whose events, or exports, are read line by line.
func begin(t *testing.T, environment map[string]string, program string, args ...string) *sandbox {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return launch(ctx, t, environment, append([]string{program}, args...))
}

// launch starts a program that ends with the context.
func launch(ctx context.Context, t *testing.T, environment map[string]string, line []string) *sandbox {
	t.Helper()
	s := &sandbox{cmd: exec.CommandContext(ctx, line[0], line[1:]...)}
	s.cmd.WaitDelay = farewell
	s.cmd.Stderr = &s.err
	s.cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+t.TempDir(), "HELM_CONFIG_HOME="+t.TempDir(), "HELM_DATA_HOME="+t.TempDir())
	for name, value := range environment {
		s.cmd.Env = append(s.cmd.Env, name+"="+value)
	}
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	var err error
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.out = bufio.NewScanner(out)
	s.out.Buffer(nil, 8<<20)
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("%v (make test builds the sandbox)", err)
	}
	t.Cleanup(func() { _ = s.cmd.Wait() })
	return s
}

// until reads events up to the n-th from here on of a name, such as shifted or decided/hold.
func (s *sandbox) until(t *testing.T, name string, n int) experiment.Event {
	t.Helper()
	for e, ok := s.next(t); ok; e, ok = s.next(t) {
		if is(e, name) {
			if n--; n == 0 {
				return e
			}
		}
	}
	last, err := json.Marshal(s.events[max(0, len(s.events)-3):])
	t.Fatalf("no further event %s; there were %s; the last are %s (%v); standard error:\n%s", name, s.names(), last, err, s.err.String())
	return experiment.Event{}
}

// next reads an event; ok is false when there are no more.
func (s *sandbox) next(t *testing.T) (e experiment.Event, ok bool) {
	t.Helper()
	if !s.out.Scan() {
		return e, false
	}
	s.raw.Write(s.out.Bytes())
	if err := json.Unmarshal(s.out.Bytes(), &e); err != nil {
		t.Fatalf("%v in %s", err, s.out.Text())
	}
	s.events = append(s.events, e)
	return e, true
}

// is tells whether an event has a name, perhaps with what sets it apart: decided/hold,
// troubled/shift, asked/promote, obeyed/rollback.
func is(e experiment.Event, name string) bool {
	name, detail, detailed := strings.Cut(name, "/")
	if e.Name() != name || !detailed {
		return e.Name() == name
	}
	switch f := e.Fact.(type) {
	case experiment.Decided:
		return string(f.Decision.Kind) == detail
	case experiment.Troubled:
		return f.Doing == detail
	case experiment.Asked:
		return string(f.Question) == detail
	case experiment.Obeyed:
		return string(f.Command.Wish) == detail
	case experiment.Promoting:
		return f.Version == detail
	}
	return false
}

func (s *sandbox) say(t *testing.T, wish experiment.Wish) {
	t.Helper()
	if _, err := io.WriteString(s.in, string(wish)+"\n"); err != nil {
		t.Fatal(err)
	}
}

// end reads to the end and gives the last event and the exit code.
func (s *sandbox) end(t *testing.T) (experiment.Ended, int) {
	t.Helper()
	ended, ok := s.until(t, "ended", 1).Fact.(experiment.Ended)
	if !ok || s.out.Scan() {
		t.Errorf("after the last event came %s", s.out.Text())
	}
	return ended, s.code(t)
}

// code waits for the end of the program; -1 is that of one that was killed.
func (s *sandbox) code(t *testing.T) int {
	t.Helper()
	err := s.cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0
}

// shifts are the candidate's weights in the order in which the router served them.
func (s *sandbox) shifts() []int {
	var list []int
	for _, e := range s.events {
		switch f := e.Fact.(type) {
		case experiment.Shifted:
			list = append(list, f.Traffic.Split.Candidate())
		case experiment.RolledBack:
			list = append(list, f.Traffic.Split.Candidate())
		}
	}
	return list
}

// names are the facts so far, in order.
func (s *sandbox) names() string {
	var names []string
	for _, e := range s.events {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}
