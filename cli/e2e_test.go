//go:build e2e

package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

// The tests below run perch, the test binary under that name, in a sandbox of their own: a real
// cluster, real metrics, a real release. make test builds the sandbox first.

// A sandbox is a running cluster with a perch in it that has not ended.
type sandbox struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Scanner
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
	s := begin(t, nil, sandboxProgram, flags("green")...)
	environment := map[string]string{}
	for len(environment) < 3 && s.out.Scan() {
		if export, ok := strings.CutPrefix(s.out.Text(), "export "); ok {
			name, value, _ := strings.Cut(export, "=")
			environment[name] = value
		}
	}
	if len(environment) < 3 {
		t.Fatalf("the sandbox is not ready: %s", s.err.String())
	}
	return environment
}

// patience bounds a program: a test whose run waits for something that never comes shall say so.
const patience = 4 * time.Minute

// begin starts a program whose events, or exports, are read line by line.
func begin(t *testing.T, environment map[string]string, program string, args ...string) *sandbox {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	s := &sandbox{cmd: exec.CommandContext(ctx, program, args...)}
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

// until reads events up to the n-th of a name.
func (s *sandbox) until(t *testing.T, name string, n int) experiment.Event {
	t.Helper()
	for s.out.Scan() {
		var e experiment.Event
		if err := json.Unmarshal(s.out.Bytes(), &e); err != nil {
			t.Fatalf("%v in %s", err, s.out.Text())
		}
		s.events = append(s.events, e)
		if e.Name() == name {
			if n--; n == 0 {
				return e
			}
		}
	}
	last, err := json.MarshalIndent(s.events[max(0, len(s.events)-4):], "", " ")
	t.Fatalf("no further event %s; the last were %s (%v); standard error:\n%s", name, last, err, s.err.String())
	return experiment.Event{}
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
	err := s.cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return ended, exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return ended, 0
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

func TestE2EHealthyCandidateIsPromoted(t *testing.T) {
	t.Parallel()
	s := start(t, "green", short(t), "--approve=always", "--judge=iter8")
	ended, code := s.end(t)
	if code != codeOK || ended.Outcome != experiment.OutcomePromoted || ended.Traffic.Split.String() != "0/100" {
		t.Errorf("exit code %d, ended %+v, want promoted with 0/100", code, ended)
	}
	before := 0
	for _, w := range s.shifts() {
		if w > 75 || w-before > 20 {
			t.Errorf("the weights %v rise by more than 20 or beyond 75", s.shifts())
		}
		before = w
	}
	if before != 75 {
		t.Errorf("the weights %v do not reach 75", s.shifts())
	}
	if out := s.err.String(); !strings.Contains(out, "fortio: ") || strings.Contains(out, "otherwise") {
		t.Errorf("Fortio lost requests: %s", out)
	}
}

func TestE2EBadCandidatesAreNotPromoted(t *testing.T) {
	t.Parallel()
	for _, tag := range []string{"green-errors", "green-slow", "green-broken"} {
		t.Run(tag, func(t *testing.T) {
			t.Parallel()
			s := start(t, tag, short(t), "--approve=always", "--judge=iter8")
			ended, code := s.end(t)
			if code != codeBaseline || ended.Outcome != experiment.OutcomeBaselineKept || ended.Traffic.Split.String() != "100/0" {
				t.Errorf("exit code %d, ended %+v, want the baseline kept with 100/0", code, ended)
			}
			helm := ""
			for _, e := range s.events {
				if f, ok := e.Fact.(experiment.Promoted); ok {
					helm = f.Version + ": " + f.Details
				}
			}
			if helm != "current: release sample-app, revision 3" {
				t.Errorf("Helm did %q, want the baseline's values in revision 3", helm)
			}
		})
	}
}

func TestE2EARollbackObjectiveRollsBackAtOnce(t *testing.T) {
	t.Parallel()
	file := short(t, `upperLimit: "0.01"`, `upperLimit: "0.01"`+"\n      rollback_on_failure: true")
	s := start(t, "green-broken", file, "--approve=always", "--judge=iter8")
	ended, code := s.end(t)
	if code != codeBaseline || ended.Outcome != experiment.OutcomeRolledBack {
		t.Errorf("exit code %d, ended %+v, want rolled back", code, ended)
	}
	// Half of a few requests fail, so an iteration may well see none of them fail; ten do not.
	if list := s.shifts(); len(list) < 2 || list[len(list)-1] != 0 || len(list) > 5 {
		t.Errorf("weights %v, want a few and then 0", list)
	}
}

// TestE2EEvidence: the default judge takes a catastrophe off before the first iteration is over that
// could have judged it, and lets a good candidate win.
func TestE2EEvidence(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]struct {
		outcome experiment.Outcome
		code    int
	}{
		"green":        {experiment.OutcomePromoted, codeOK},
		"green-broken": {experiment.OutcomeRolledBack, codeBaseline},
	} {
		t.Run(tag, func(t *testing.T) {
			t.Parallel()
			s := start(t, tag, short(t), "--approve=always", "--look-every=1s")
			ended, code := s.end(t)
			if code != want.code || ended.Outcome != want.outcome {
				t.Errorf("exit code %d, ended %+v, want %s", code, ended, want.outcome)
			}
			if between := strings.Count(s.names(), "counted counted"); between == 0 {
				t.Errorf("nothing was counted between two looks: %s", s.names())
			}
		})
	}
}

// names are the facts so far, in order.
func (s *sandbox) names() string {
	var names []string
	for _, e := range s.events {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func TestE2ENobodyApproves(t *testing.T) {
	t.Parallel()
	s := start(t, "green", short(t, "iterationsPerLoop: 10", "iterationsPerLoop: 3"))
	ended, code := s.end(t)
	if code != codeUndecided || ended.Outcome != experiment.OutcomeStopped || ended.Traffic.Split.Candidate() == 0 {
		t.Errorf("exit code %d, ended %+v, want stopped with the weights kept", code, ended)
	}
}

// TestE2EAPersonApproves holds, resumes, answers, all by standard input.
func TestE2EAPersonApproves(t *testing.T) {
	t.Parallel()
	s := start(t, "green", short(t, "iterationsPerLoop: 10", "iterationsPerLoop: 4"), "--approve=ask")
	s.until(t, "shifted", 1)
	s.say(t, experiment.Approve)
	s.until(t, "refused", 1)
	s.say(t, experiment.Hold)
	s.until(t, "obeyed", 1)
	s.until(t, "decided", 2)
	if list := s.shifts(); len(list) != 1 {
		t.Errorf("the weights %v moved while held", list)
	}
	s.say(t, experiment.Resume)
	asked, ok := s.until(t, "asked", 1).Fact.(experiment.Asked)
	want := []experiment.Upgrade{{
		Release: "sample-app", Namespace: "iter8-system", ChartVersion: "0.1.0", From: 2, To: 3,
	}}
	ignore := cmp.FilterPath(func(p cmp.Path) bool {
		return p.Last().String() == ".Chart" || p.Last().String() == ".Values" || p.Last().String() == ".Changes"
	}, cmp.Ignore())
	if diff := cmp.Diff(want, asked.Plan.Upgrades, ignore); !ok || diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	s.say(t, experiment.Approve)
	if ended, code := s.end(t); code != codeOK || ended.Outcome != experiment.OutcomePromoted {
		t.Errorf("exit code %d, ended %+v, want promoted", code, ended)
	}
}

// TestE2ERollBackWhileAQueryHangs: Prometheus is behind a proxy that stops to answer.
func TestE2ERollBackWhileAQueryHangs(t *testing.T) {
	t.Parallel()
	environment := cluster(t)
	var hang atomic.Bool
	hung := make(chan struct{}, 100)
	backend, err := url.Parse(environment["PERCH_PROMETHEUS"])
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(backend)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !hang.Load() {
			forward.ServeHTTP(w, r)
			return
		}
		_ = r.ParseForm() // a server notices that a client has gone once the request is read
		hung <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(proxy.Close)
	environment["PERCH_PROMETHEUS"] = proxy.URL
	s := begin(t, environment, link(t), "run", short(t), "-o", "json", "--approve=ask", "--record", filepath.Join(t.TempDir(), "run.jsonl"))
	s.until(t, "shifted", 2)
	hang.Store(true)
	<-hung
	s.say(t, experiment.RollBack)
	obeyed := s.until(t, "obeyed", 1)
	back := s.until(t, "rolledBack", 1)
	if back.Seq != obeyed.Seq+1 {
		t.Errorf("between the wish and the roll back came %v", s.events[obeyed.Seq:])
	}
	t.Logf("rolled back %s after the wish", back.At.Sub(obeyed.At))
	if ended, code := s.end(t); code != codeBaseline || ended.Traffic.Split.String() != "100/0" {
		t.Errorf("exit code %d, ended %+v, want rolled back", code, ended)
	}
}

// TestE2ESignalsKeepTheWeights: a run that is told to end says what the traffic is.
func TestE2ESignalsKeepTheWeights(t *testing.T) {
	t.Parallel()
	environment := cluster(t)
	for _, tt := range []struct {
		signal  os.Signal
		args    []string
		outcome experiment.Outcome
	}{
		{syscall.SIGTERM, nil, experiment.OutcomeStopped},
		{syscall.SIGHUP, []string{"--on-stop=rollback"}, experiment.OutcomeRolledBack},
	} {
		args := append([]string{"run", short(t), "-o", "json", "--record", filepath.Join(t.TempDir(), "run.jsonl")}, tt.args...)
		s := begin(t, environment, link(t), args...)
		s.until(t, "measured", 2)
		if err := s.cmd.Process.Signal(tt.signal); err != nil {
			t.Fatal(err)
		}
		if ended, _ := s.end(t); ended.Outcome != tt.outcome || ended.Traffic == nil {
			t.Errorf("%v: ended %+v, want %s with the traffic told", tt.signal, ended, tt.outcome)
		}
	}
}
