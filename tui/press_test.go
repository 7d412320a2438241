package tui

import (
	"errors"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

// A hand presses keys and collects the commands that come of it.
type hand struct {
	model tea.Model
	sent  []experiment.Command
	quit  bool
}

func newHand(t *testing.T, tp *tape, width, height int) *hand {
	t.Helper()
	h := &hand{}
	o := Options{By: "alice", Send: func(c experiment.Command) error {
		h.sent = append(h.sent, c)
		return nil
	}}
	h.model = screen(t, o, tp.events, width, height)
	return h
}

// press sends keys, and carries out the commands of the last one.
func (h *hand) press(keys ...string) *hand {
	for _, k := range keys {
		msg := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}
		switch k {
		case "enter":
			msg = tea.KeyMsg{Type: tea.KeyEnter}
		case "esc":
			msg = tea.KeyMsg{Type: tea.KeyEsc}
		case "ctrl+c":
			msg = tea.KeyMsg{Type: tea.KeyCtrlC}
		}
		var cmd tea.Cmd
		h.model, cmd = h.model.Update(msg)
		h.run(cmd)
	}
	return h
}

// run does what a program would with a command that does not wait.
func (h *hand) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	msg := cmd()
	if _, ok := msg.(tea.QuitMsg); ok {
		h.quit = true
		return
	}
	h.model, cmd = h.model.Update(msg)
	if cmd != nil {
		h.run(cmd)
	}
}

// hear lets an event happen; what it starts is not waited for, except leaving.
func (h *hand) hear(tp *tape) *hand {
	e := tp.events[len(tp.events)-1]
	var cmd tea.Cmd
	h.model, cmd = h.model.Update(heardMsg(e))
	if h.leaves(e) {
		h.run(cmd)
	}
	return h
}

func (h *hand) leaves(e experiment.Event) bool {
	_, ended := e.Fact.(experiment.Ended)
	return ended && h.now().leaving.asked
}

func (h *hand) now() model { return h.model.(model) }

func TestKeysSend(t *testing.T) {
	t.Parallel()
	by := func(w experiment.Wish) experiment.Command { return experiment.Command{Wish: w, By: "alice"} }
	asked := awaiting(t).state.Seq
	retry := retrying(t).state.Seq
	rows := map[string]struct {
		tape *tape
		keys []string
		want []experiment.Command
	}{
		"approve":                     {awaiting(t), []string{"a", "y"}, []experiment.Command{{Wish: experiment.Approve, By: "alice", Answers: asked}}},
		"retry":                       {retrying(t), []string{"a", "y"}, []experiment.Command{{Wish: experiment.Approve, By: "alice", Answers: retry}}},
		"Enter does not approve":      {awaiting(t), []string{"a", "enter"}, nil},
		"other keys do not approve":   {awaiting(t), []string{"a", "a", "k", "n", "q", "Y"}, nil},
		"esc does not approve":        {awaiting(t), []string{"a", "esc", "y"}, nil},
		"approve too early":           {running(t), []string{"a", "y"}, nil},
		"roll back":                   {running(t), []string{"r", "y"}, []experiment.Command{by(experiment.RollBack)}},
		"Enter does not roll back":    {running(t), []string{"r", "enter", "esc"}, nil},
		"roll back from the log":      {running(t), []string{"l", "r", "y"}, []experiment.Command{by(experiment.RollBack)}},
		"hold":                        {running(t), []string{"h"}, []experiment.Command{by(experiment.Hold)}},
		"resume":                      {drifted(t), []string{"h"}, []experiment.Command{by(experiment.Resume)}},
		"hold while promoting":        {promoting(t), []string{"h", "r", "a"}, nil},
		"keep and stop":               {running(t), []string{"q", "k"}, []experiment.Command{by(experiment.Stop)}},
		"roll back and stop":          {running(t), []string{"q", "r"}, []experiment.Command{by(experiment.RollBack)}},
		"stay":                        {running(t), []string{"q", "esc"}, nil},
		"q is not yes":                {running(t), []string{"q", "y", "q", "enter"}, nil},
		"roll back while promoting":   {promoting(t), []string{"r", "y"}, []experiment.Command{by(experiment.RollBack)}},
		"and stop while promoting":    {promoting(t), []string{"q", "r"}, []experiment.Command{by(experiment.RollBack)}},
		"rolling back once is enough": {undoing(t), []string{"r", "y"}, nil},
		"unlock":                      {locked(t), []string{"u", "y"}, []experiment.Command{{Wish: experiment.Recover, By: "alice", Answers: locked(t).state.Seq}}},
		"Enter does not unlock":       {locked(t), []string{"u", "enter", "esc"}, nil},
		"unlock what is not locked":   {retrying(t), []string{"u", "y"}, nil},
		"go on from a drift":          {adopting(t), []string{"a", "y"}, []experiment.Command{{Wish: experiment.Approve, By: "alice", Answers: adopting(t).state.Seq}}},
		"interrupt once":              {running(t), []string{"ctrl+c"}, nil},
		"interrupt twice":             {running(t), []string{"ctrl+c", "ctrl+c"}, []experiment.Command{by(experiment.Stop)}},
		"a key between interrupts":    {running(t), []string{"ctrl+c", "x", "ctrl+c"}, nil},
		"keys after the end":          {promoted(t), []string{"a", "y", "h", "r", "y"}, nil},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, row.tape, 80, 24).press(row.keys...)
			if diff := cmp.Diff(row.want, h.sent); diff != "" {
				t.Errorf("keys %q sent (-want +got):\n%s", row.keys, diff)
			}
			if h.quit {
				t.Errorf("keys %q left the screen", row.keys)
			}
		})
	}
}

func TestDimmedKeysSayWhy(t *testing.T) {
	t.Parallel()
	rows := []struct {
		tape      *tape
		key, want string
	}{
		{running(t), "a", "approve: nothing to approve yet: iteration 4 of 10"},
		{undoing(t), "r", "rollback: rolling back begins as soon as the finish actions have ended"},
		{retrying(t), "u", "recover: no Helm release is known to be locked"},
		{promoting(t), "h", "hold: nothing to hold while finishing"},
	}
	for _, row := range rows {
		h := newHand(t, row.tape, 120, 40).press(row.key)
		if view := h.now().View(); !strings.Contains(view, row.want) {
			t.Errorf("key %s: no %q on the screen:\n%s", row.key, row.want, view)
		}
	}
}

func TestObserversSendNothing(t *testing.T) {
	t.Parallel()
	for _, keys := range [][]string{{"a", "y"}, {"h"}, {"r", "y"}} {
		h := &hand{model: screen(t, Options{}, awaiting(t).events, 80, 24)}
		h.press(keys...)
		if view := h.now().View(); !strings.Contains(view, "only observing") && keys[0] == "h" {
			t.Errorf("keys %q: the screen does not say that it only observes:\n%s", keys, view)
		}
		if h.now().dialog.kind != noDialog {
			t.Errorf("keys %q opened a dialog for an observer", keys)
		}
	}
	h := &hand{model: screen(t, Options{}, running(t).events, 80, 24)}
	if h.press("q"); !h.quit {
		t.Error("q does not let an observer go")
	}
}

func TestLeavingWaitsForTheEnd(t *testing.T) {
	t.Parallel()
	tp := running(t)
	h := newHand(t, tp, 80, 24).press("q", "k")
	if h.quit {
		t.Fatal("left before the run had ended")
	}
	tp.tell(0, experiment.Obeyed{Command: h.sent[0]})
	h.hear(tp)
	tp.tell(0, experiment.Ended{Outcome: experiment.OutcomeStopped, Reason: "stopped by alice"})
	if h.hear(tp); !h.quit {
		t.Error("did not leave when the run had ended")
	}
}

func TestARefusedRollBackDoesNotLeave(t *testing.T) {
	t.Parallel()
	tp := running(t)
	h := newHand(t, tp, 80, 24).press("q", "r")
	tp.tell(0, experiment.Refused{Command: h.sent[0], Why: "a Helm upgrade is not interrupted"})
	if h.hear(tp); h.now().leaving.asked {
		t.Error("still leaving after the rollback was refused")
	}
}

func TestTheThirdInterruptDoesNotWait(t *testing.T) {
	t.Parallel()
	h := newHand(t, running(t), 80, 24).press("ctrl+c", "ctrl+c")
	if h.quit {
		t.Fatal("the second Ctrl+C left before the run had ended")
	}
	if h.press("ctrl+c"); !h.quit {
		t.Error("the third Ctrl+C does not leave")
	}
}

func TestTheEndStaysUntilAKey(t *testing.T) {
	t.Parallel()
	h := newHand(t, promoted(t), 80, 24)
	if h.quit {
		t.Fatal("left by itself")
	}
	if h.press("q"); !h.quit {
		t.Error("q does not leave after the end")
	}
}

func TestLeaveLeavesAtTheEnd(t *testing.T) {
	t.Parallel()
	tp := promoted(t)
	drives := driving()
	drives.Leave = true
	m := screen(t, drives, tp.events[:len(tp.events)-1], 80, 24)
	_, cmd := m.Update(heardMsg(tp.events[len(tp.events)-1]))
	if _, ok := cmd().(tea.QuitMsg); !ok {
		t.Error("the end does not leave a screen that is to leave at the end")
	}
}

// TestAReplayGoesOnAfterAnEnd: a run that was stopped may have been resumed.
func TestAReplayGoesOnAfterAnEnd(t *testing.T) {
	t.Parallel()
	tp := resumed(t)
	end := slices.IndexFunc(tp.events, func(e experiment.Event) bool { return e.Name() == "ended" })
	h := &hand{model: screen(t, Options{Leave: true}, tp.events[:end], 80, 24)}
	for _, e := range tp.events[end:] {
		h.model, _ = h.model.Update(heardMsg(e))
	}
	if m := h.now(); m.state.Seq != len(tp.events) || m.state.Ended != nil {
		t.Errorf("the screen is at event %d with the end %v, want %d and none", m.state.Seq, m.state.Ended, len(tp.events))
	}
	var cmd tea.Cmd
	h.model, cmd = h.model.Update(silentMsg{})
	if h.run(cmd); !h.quit {
		t.Error("the last event does not leave a screen that is to leave at the end")
	}
}

func TestADialogIsDeafAfterAChange(t *testing.T) {
	t.Parallel()
	tp := awaiting(t)
	h := newHand(t, tp, 80, 24).press("a")
	tp.tell(0, experiment.Asked{Question: experiment.ToPromote, Version: "candidate", Plan: plan()})
	h.hear(tp).press("y")
	if len(h.sent) > 0 {
		t.Fatalf("y within the grace sent %v", h.sent)
	}
	if view := h.now().View(); !strings.Contains(view, "the question has changed") {
		t.Errorf("the dialog does not say that it has changed:\n%s", view)
	}
	h.model, _ = h.model.Update(graceMsg(h.now().dialog.graces - 1))
	if h.press("y"); len(h.sent) > 0 {
		t.Fatal("an older grace ended a newer one")
	}
	h.model, _ = h.model.Update(graceMsg(h.now().dialog.graces))
	h.press("y")
	want := []experiment.Command{{Wish: experiment.Approve, By: "alice", Answers: tp.state.Seq}}
	if diff := cmp.Diff(want, h.sent); diff != "" {
		t.Errorf("y after the grace (-want +got):\n%s", diff)
	}
}

func TestADialogClosesWhenItsQuestionIsGone(t *testing.T) {
	t.Parallel()
	tp := awaiting(t)
	h := newHand(t, tp, 80, 24).press("a")
	tp.tell(0, experiment.Obeyed{Command: experiment.Command{Wish: experiment.RollBack, By: "bob"}})
	h.hear(tp)
	if h.now().dialog.kind != noDialog {
		t.Fatal("the dialog is still open")
	}
	if view := h.now().View(); !strings.Contains(view, "the question is gone") {
		t.Errorf("nothing says that the question is gone:\n%s", view)
	}
	if h.press("y"); len(h.sent) > 0 {
		t.Errorf("y sent %v", h.sent)
	}
}

func TestNobodyPromotesBlindly(t *testing.T) {
	t.Parallel()
	h := newHand(t, awaiting(t), 40, 10).press("a", "y")
	if len(h.sent) > 0 {
		t.Errorf("promoted without room for the plan: %v", h.sent)
	}
	h = newHand(t, awaiting(t), 80, 24).press("a")
	h.model, _ = h.model.Update(tea.WindowSizeMsg{Width: 40, Height: 10})
	if h.press("y"); len(h.sent) > 0 {
		t.Errorf("promoted after the plan had gone out of sight: %v", h.sent)
	}
}

func TestACommandThatDoesNotArriveIsShown(t *testing.T) {
	t.Parallel()
	o := Options{Send: func(experiment.Command) error { return errors.New("connection lost") }}
	h := &hand{model: screen(t, o, running(t).events, 80, 24)}
	h.press("q", "k")
	if view := h.now().View(); !strings.Contains(view, "stop did not arrive: connection lost") {
		t.Errorf("the screen does not say so:\n%s", view)
	}
	if h.now().leaving.asked {
		t.Error("still leaving")
	}
}

func TestDialogsAndPanes(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		tape *tape
		keys []string
	}{
		"dialog-promote":        {awaiting(t), []string{"a"}},
		"dialog-retry":          {retrying(t), []string{"a"}},
		"dialog-rollback":       {running(t), []string{"r"}},
		"dialog-quit":           {running(t), []string{"q"}},
		"dialog-unlock":         {locked(t), []string{"u"}},
		"dialog-adopt":          {adopting(t), []string{"a"}},
		"dialog-undo":           {promoting(t), []string{"r"}},
		"dialog-owned":          {owned(t), []string{"a"}},
		"dialog-owned-rollback": {owned(t), []string{"r"}},
		"pane-help":             {running(t), []string{"?"}},
		"pane-evidence-help":    {exploring(t), []string{"?"}},
		"pane-evidence-log":     {exploring(t), []string{"l"}},
		"pane-log":              {troubled(t), []string{"l"}},
	}
	for name, row := range rows {
		for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}} {
			h := newHand(t, row.tape, size[0], size[1]).press(row.keys...)
			golden(t, sized(name, size), h.now().View())
		}
	}
}

func TestPanesCloseAndScroll(t *testing.T) {
	t.Parallel()
	h := newHand(t, awaiting(t), 80, 24)
	plainView := h.now().View()
	for _, keys := range [][]string{{"?", "?"}, {"l", "l"}, {"?", "esc"}, {"l", "q"}, {"?", "l", "esc"}} {
		if h.press(keys...); h.now().View() != plainView || h.quit {
			t.Errorf("keys %q do not lead back to the panels", keys)
		}
	}
	h.press("l")
	bottom := h.now().View()
	if h.press("g"); h.now().View() == bottom {
		t.Error("g does not scroll to the beginning")
	}
	if h.press("G"); h.now().View() != bottom {
		t.Error("G does not scroll to the end")
	}
}
