//go:build e2e || faults

package cli

import (
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"perch/experiment"
	"perch/tui"
)

// A scenario is a run into something that breaks, and what has to become of it.
type scenario struct {
	name       string
	short      bool   // make test runs it too
	tag        string // of the candidate's image; "": green
	iterations int    // 0: four
	change     []string
	args       []string
	steps      []step
	want       ending
	facts      []string // that have to occur, as the events' names
	never      []string // that must not
	says       []string // that have to be told, on any stream
	writers    []string // field managers beside Perch that write
	upgrades   int      // Helm upgrades that have to go well
	// then is how the next run ends, after everything is healed; zero: there is none.
	then ending
	// also checks more, before the next run.
	also func(*stage)
}

// A step is something that is done in the course of a run.
type step struct {
	// after is the event behind which it is done: shifted 2, decided/hold 1; struck 3 waits for the
	// rules; "" does not wait.
	after string
	rules string // to be set; heal removes all
	say   experiment.Wish
	kill  os.Signal
	do    func(*stage)
}

// heal is the rules that break nothing.
const heal = "[]"

// A stage is a scenario while it is played.
type stage struct {
	*trial

	driver driver
	file   string
	run    *sandbox
	second successor // that took the target over; zero: nobody
}

// play runs a scenario in a sandbox.
func (s scenario) play(t *testing.T, all *worlds, r *report) {
	t.Helper()
	if s.tag == "" {
		s.tag = "green"
	}
	if s.iterations == 0 {
		s.iterations = killedIterations
	}
	w := all.borrow(t, s.tag)
	p := &stage{trial: r.trial(t, w, s.name), driver: w.driver(t), file: quick(t, s.iterations, s.change...)}
	p.writers = s.writers
	steps := s.steps
	for len(steps) > 0 && steps[0].after == "" { // before the run begins
		p.take(steps[0])
		steps = steps[1:]
	}
	p.run = p.driver.run(t, p.file, s.args...)
	p.runs++
	for _, next := range steps {
		p.take(next)
	}
	got, _ := p.rest(p.run)
	p.remark = string(got.outcome) + " " + strconv.Itoa(got.code)
	p.compare(got, s.want)
	s.told(p)
	if s.also != nil {
		s.also(p)
	}
	if s.then != (ending{}) {
		p.again(s.then, s.args)
	}
	p.observe()
	p.released(s.upgrades)
}

// take waits for what a step is behind, and does it.
func (p *stage) take(s step) {
	p.Helper()
	if space := strings.LastIndexByte(s.after, ' '); space > 0 {
		name := s.after[:space]
		n, err := strconv.Atoi(s.after[space+1:])
		if err != nil {
			p.Fatal(err)
		}
		if name == "struck" {
			p.world.struck(p.T, n)
		} else {
			p.reach(name, n)
		}
	}
	switch {
	case s.rules != "":
		p.world.ask(p.T, http.MethodPut, "/faults", s.rules)
	case s.say != "":
		p.run.say(p.T, s.say)
	case s.kill != nil:
		if err := p.run.cmd.Process.Signal(s.kill); err != nil {
			p.Fatal(err)
		}
	case s.do != nil:
		s.do(p)
	}
}

// reach reads up to the n-th event of a name since the run began.
func (p *stage) reach(name string, n int) experiment.Event {
	p.Helper()
	for _, e := range p.run.events {
		if is(e, name) {
			if n--; n == 0 {
				return e
			}
		}
	}
	return p.run.until(p.T, name, n)
}

func (p *stage) compare(got, want ending) {
	p.Helper()
	if want.traffic == "" {
		got.traffic = ""
	}
	if got != want {
		p.violate("ended %+v, want %+v; events %s", got, want, p.run.names())
		p.Log(p.said())
	}
}

// said is all that the run put out, for people.
func (p *stage) said() string {
	p.Helper()
	var text strings.Builder
	tell := tui.Lines(&text, true)
	for _, e := range p.run.events {
		if err := tell(e); err != nil {
			p.Fatal(err)
		}
	}
	return text.String() + p.run.err.String()
}

// told checks what was said, and what must not have happened.
func (s scenario) told(p *stage) {
	p.Helper()
	occurred := func(name string) bool {
		return slices.ContainsFunc(p.run.events, func(e experiment.Event) bool { return is(e, name) })
	}
	for _, name := range s.facts {
		if !occurred(name) {
			p.violate("nothing %s; events %s", name, p.run.names())
		}
	}
	for _, name := range s.never {
		if occurred(name) {
			p.violate("%s, which must not be; events %s", name, p.run.names())
		}
	}
	said := p.said()
	for _, text := range s.says {
		if !strings.Contains(said, text) {
			p.violate("nobody said %q:\n%s", text, said)
		}
	}
}

// again runs the experiment once more, with nothing broken.
func (p *stage) again(want ending, args []string) {
	p.Helper()
	p.world.ask(p.T, http.MethodDelete, "/faults", "")
	p.run = p.driver.run(p.T, p.file, args...)
	p.runs++
	p.resumes++
	got, _ := p.rest(p.run)
	p.compare(got, want)
}

// The endings that most scenarios have.
func promoted() ending  { return ending{experiment.OutcomePromoted, codeOK, "0/100"} }
func undecided() ending { return ending{experiment.OutcomeUndecided, codeUndecided, ""} }
func takenOver() ending { return ending{experiment.OutcomeTakenOver, codeLocked, ""} }
func rolledBack() ending {
	return ending{experiment.OutcomeRolledBack, codeBaseline, "100/0"}
}

// notPromoted is a promotion that failed, with the traffic as it was.
func notPromoted() ending {
	return ending{experiment.OutcomePromotionFailed, codePromotionFailed, "35/65"}
}

// scenarios are all there are.
func scenarios() []scenario {
	return slices.Concat(apiScenarios(), metricsScenarios(), helmScenarios(), driftScenarios(), driverScenarios(), rollbackScenarios())
}
