package tui

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/teatest"
	"github.com/google/go-cmp/cmp"

	"perch/experiment"
	"perch/experiment/evidence"
	"perch/themes"
)

// checkSize reports what of a view is outside of the terminal.
func checkSize(t *testing.T, what, view string, width, height int) {
	t.Helper()
	lines := strings.Split(view, "\n")
	if len(lines) != height {
		t.Errorf("%s at %dx%d: %d rows", what, width, height, len(lines))
	}
	for i, line := range lines {
		if w := ansi.StringWidth(line); w > width {
			t.Errorf("%s at %dx%d: row %d is %d wide: %q", what, width, height, i, w, line)
			return
		}
	}
}

// crowded is a state that is hard to lay out: long and wide names, many objectives, much history.
func crowded(t *testing.T) *tape {
	t.Helper()
	tp := newTape(t)
	s := started()
	s.Context = strings.Repeat("gke_project_europe-west1_", 4)
	s.Spec.Name = strings.Repeat("名前", 30)
	s.Spec.Target.Name = strings.Repeat("service-", 12)
	s.Spec.Versions[0].Name, s.Spec.Versions[1].Name = "基準", strings.Repeat("candidate-", 6)
	s.Spec.Versions[1].Variables["revision"] = strings.Repeat("revision-", 9)
	for i := range 9 {
		s.Spec.Criteria.Objectives = append(s.Spec.Criteria.Objectives, experiment.Objective{Metric: fmt.Sprintf("metric/%d", i)})
	}
	s.Spec.Criteria.Indicators = []string{"indicator/with-a-very-long-name-that-has-no-label"}
	s.Spec.Duration.IterationsPerLoop = 500
	tp.tell(0, s)
	tp.begin()
	for i := range 120 {
		tp.look([]reading{good(i), bad(), noTraffic(), down()}[i%4])
	}
	long := strings.Repeat("all of this is evidence ", 40)
	tp.tell(0, experiment.Asked{Question: experiment.ToPromote, Version: "candidate", Plan: plan(), For: []string{long, long}, Against: []string{long}})
	tp.tell(0, experiment.Troubled{Doing: "measure", What: long, Hint: long})
	return tp
}

// weighty is a crowded state of the judge evidence.
func weighty(t *testing.T) *tape {
	t.Helper()
	tp := crowded(t)
	w := &experiment.Weighing{}
	far := 1e9
	for k := range 24 {
		w.Of = append(w.Of, k/2)
		w.State.Objectives = append(w.State.Objectives, evidence.Objective{Kind: evidence.Mean, Lower: k%2 == 0})
		a := known(1e6*float64(k), 1, far, float64(k)/9, float64(k)/12)
		a.Limit, a.Requests, a.Effective = &far, 1e15, 3
		w.Call.Objectives = append(w.Call.Objectives, a)
		w.Ledger = append(w.Ledger, flagged(1e15, evidence.NoScrape, strings.Repeat("no answer ", 30)))
	}
	w.Call.Phase, w.Call.Reason, w.Call.Excluded = evidence.Exploring, strings.Repeat("because ", 40), 1000*time.Hour
	w.Call.Forecast = evidence.Forecast{Known: true, Soonest: time.Hour, Latest: 1e6 * time.Hour, MaxRequests: 1e18}
	before := tp.state
	before.Weighing = w
	after := &tape{t: t, at: tp.at, judge: experiment.ByEvidence}
	after.tell(time.Second, experiment.Resumed{Before: &before})
	after.look(good(1))
	return after
}

func TestNothingLeavesTheTerminal(t *testing.T) {
	t.Parallel()
	all := tapes(t)
	all["crowded"], all["nothing"], all["weighty"] = crowded(t), &tape{}, weighty(t)
	colours := lipgloss.NewRenderer(io.Discard)
	dark, err := themes.Load(themes.Default)
	if err != nil {
		t.Fatal(err)
	}
	keys := [][]string{{}, {"a"}, {"r"}, {"q"}, {"?"}, {"l"}, {"ctrl+c"}}
	for n, name := range slices.Sorted(maps.Keys(all)) {
		tp := all[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := driving()
			o.Appearance = Appearance{Theme: dark, Renderer: colours, ASCII: n%2 == 0}
			var m tea.Model = screen(t, o, tp.events, 80, 24)
			for width := 1 + n%3; width <= 220; width += 3 { // all tapes together have every width
				for height := 1 + width%11; height <= 70; height += 11 {
					at, _ := m.Update(tea.WindowSizeMsg{Width: width, Height: height})
					h := &hand{model: at}
					h.press(keys[(width+height)%len(keys)]...)
					checkSize(t, name, h.now().View(), width, height)
				}
			}
		})
	}
}

func TestTinyTerminals(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{40, 10}, {59, 15}, {20, 4}} {
		golden(t, sized("running-tiny", size), screen(t, driving(), running(t).events, size[0], size[1]).View())
	}
	h := newHand(t, running(t), 40, 10).press("r", "y")
	if len(h.sent) != 1 || h.sent[0].Wish != experiment.RollBack {
		t.Errorf("rolling back in a tiny terminal sent %v", h.sent)
	}
}

func TestViewIsPure(t *testing.T) {
	t.Parallel()
	m := screen(t, driving(), awaiting(t).events, 120, 40)
	first := m.View()
	if diff := cmp.Diff(first, m.View()); diff != "" {
		t.Errorf("two views of one model differ:\n%s", diff)
	}
}

func TestClocksCount(t *testing.T) {
	t.Parallel()
	tp := awaiting(t)
	now := tp.at
	o := driving()
	o.Now = func() time.Time { return now }
	var m tea.Model = screen(t, o, tp.events, 120, 40)
	m, cmd := m.Update(tickMsg(now.Add(5 * time.Second)))
	if cmd == nil {
		t.Error("a tick is not followed by another")
	}
	for _, want := range []string{"next in 0:04", "elapsed 1:46", "waiting 0:05"} {
		if view := m.View(); !strings.Contains(view, want) {
			t.Errorf("no %q in:\n%s", want, view)
		}
	}
}

func TestAnswersFade(t *testing.T) {
	t.Parallel()
	h := newHand(t, running(t), 80, 24).press("a")
	m := h.now()
	if !strings.Contains(m.View(), "nothing to approve yet") {
		t.Fatalf("no answer on the screen:\n%s", m.View())
	}
	faded, _ := m.Update(tickMsg(m.now.Add(flashTime + time.Second)))
	if strings.Contains(faded.View(), "nothing to approve yet") {
		t.Error("the answer does not fade")
	}
}

func TestTheLogIsBounded(t *testing.T) {
	t.Parallel()
	tp := running(t)
	m := screen(t, driving(), tp.events, 80, 24)
	for i := range entriesMax + 1000 {
		next, _ := m.heard(experiment.Event{Seq: 100 + i, At: tp.at, Fact: experiment.Waiting{For: "Godot", Until: tp.at}})
		m = next.(model)
	}
	if len(m.entries) > entriesMax {
		t.Errorf("%d entries, want at most %d", len(m.entries), entriesMax)
	}
}

// TestReplay runs a whole record through a program, as a person would see it.
func TestReplay(t *testing.T) {
	t.Parallel()
	tp := promoted(t)
	events := make(chan experiment.Event)
	go func() {
		defer close(events)
		for _, e := range tp.events {
			events <- e
		}
	}()
	m := newModel(Options{Events: events})
	tm := teatest.NewTestModel(t, m, teatest.WithInitialTermSize(80, 24))
	teatest.WaitFor(t, tm.Output(), func(out []byte) bool { return bytes.Contains(out, []byte("candidate is promoted")) },
		teatest.WithDuration(10*time.Second))
	tm.Send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("q")})
	last := tm.FinalModel(t, teatest.WithFinalTimeout(10*time.Second)).(model)
	if last.state.Seq != len(tp.events) || last.state.Ended == nil {
		t.Errorf("left at event %d of %d", last.state.Seq, len(tp.events))
	}
	checkSize(t, "replay", last.View(), 80, 24)
}

// TestRun is the real program, on streams that are no terminal.
func TestRun(t *testing.T) {
	t.Parallel()
	tp := rolledBack(t)
	events := make(chan experiment.Event, len(tp.events))
	for _, e := range tp.events {
		events <- e
	}
	close(events)
	keys, typed := io.Pipe()
	t.Cleanup(func() { _ = typed.Close() })
	var out bytes.Buffer
	state, err := Run(t.Context(), Options{Events: events, Leave: true, In: keys, Out: &out})
	if err != nil {
		t.Fatal(err)
	}
	if state.Ended == nil || state.Ended.Outcome != experiment.OutcomeRolledBack {
		t.Errorf("ended with %v, want %q", state.Ended, experiment.OutcomeRolledBack)
	}
}

func BenchmarkFrame(b *testing.B) {
	tp := newTape(b)
	s := started()
	s.Spec.Duration.IterationsPerLoop = 120
	tp.tell(0, s)
	tp.begin()
	for i := range 100 {
		tp.look(good(i))
	}
	benchmarkFrames(b, tp)
}

// benchmarkFrames draws a large screen of a tape's events again and again.
func benchmarkFrames(b *testing.B, tp *tape) {
	b.Helper()
	dark, err := themes.Load(themes.Default)
	if err != nil {
		b.Fatal(err)
	}
	o := driving()
	o.Theme = dark
	var m tea.Model = newModel(o)
	m, _ = m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	for _, e := range tp.events {
		m, _ = m.Update(heardMsg(e))
	}
	b.ReportAllocs()
	for b.Loop() {
		m, _ = m.Update(tickMsg(tp.at))
		if m.View() == "" {
			b.Fatal("nothing to see")
		}
	}
}
