//go:build e2e

package cli

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

// The tests below run perch, the test binary under that name, in a sandbox of their own: a real
// cluster, real metrics, a real release. make test builds the sandbox first.

func TestE2EHealthyCandidateIsPromoted(t *testing.T) {
	t.Parallel()
	s := start(t, "green", quick(t, 10), "--approve=always", "--judge=iter8")
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
			s := start(t, tag, quick(t, 10), "--approve=always", "--look-every=1s")
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

func TestE2ENobodyApproves(t *testing.T) {
	t.Parallel()
	s := start(t, "green", quick(t, 3))
	ended, code := s.end(t)
	if code != codeUndecided || ended.Outcome != experiment.OutcomeStopped || ended.Traffic.Split.Candidate() == 0 {
		t.Errorf("exit code %d, ended %+v, want stopped with the weights kept", code, ended)
	}
}

// TestE2EAPersonApproves holds, resumes, answers, all by standard input.
func TestE2EAPersonApproves(t *testing.T) {
	t.Parallel()
	s := start(t, "green", quick(t, 4), "--approve=ask")
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
	s := begin(t, environment, link(t), "run", quick(t, 10), "-o", "json", "--approve=ask", "--record", filepath.Join(t.TempDir(), "run.jsonl"))
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
