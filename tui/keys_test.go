package tui

import (
	"os"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

// press types keys and gives the command that the last one sent, if it did.
func press(t *testing.T, m Model, keys string) (Model, *experiment.Command) {
	t.Helper()
	sent := make(chan experiment.Command, 1)
	if m.commands != nil {
		m.commands = sent
	}
	var cmd tea.Cmd
	for _, k := range keys {
		msg := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{k}}
		switch k {
		case '\n':
			msg = tea.KeyMsg{Type: tea.KeyEnter}
		case '^':
			msg = tea.KeyMsg{Type: tea.KeyCtrlC}
		case '!':
			msg = tea.KeyMsg{Type: tea.KeyEsc}
		}
		var next tea.Model
		next, cmd = m.Update(msg)
		m = next.(Model)
	}
	if cmd == nil {
		return m, nil
	}
	cmd()
	select {
	case c := <-sent:
		return m, &c
	default:
		return m, nil
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	promoted, back := recording(t, "promoted"), recording(t, "rolled-back")
	running, asked := until(t, promoted, "shifted", 2), until(t, promoted, "asked", 1)
	held := until(t, back, "obeyed", 1)
	seq := asked[len(asked)-1].Seq
	tests := map[string]struct {
		events []experiment.Event
		keys   string
		want   *experiment.Command
		flash  string
	}{
		"approve, too early":         {running, "a", nil, "approve: nothing to approve yet: iteration 2 of 10"},
		"approve opens a dialog":     {asked, "a", nil, ""},
		"approve and yes":            {asked, "ay", &experiment.Command{Wish: experiment.Approve, Answers: seq}, ""},
		"enter approves nothing":     {asked, "a\n\n", nil, ""},
		"escape, then yes":           {asked, "a!y", nil, ""},
		"hold":                       {running, "h", &experiment.Command{Wish: experiment.Hold}, ""},
		"hold again resumes":         {held, "h", &experiment.Command{Wish: experiment.Resume}, ""},
		"roll back needs a yes":      {running, "r", nil, ""},
		"roll back and yes":          {running, "ry", &experiment.Command{Wish: experiment.RollBack}, ""},
		"roll back after the end":    {promoted, "r", nil, "rollback: the run has ended"},
		"roll back before the start": {promoted[:1], "r", nil, "rollback: no traffic was moved yet: q stops"},
		"quit asks":                  {running, "q", nil, ""},
		"quit and keep":              {running, "qk", &experiment.Command{Wish: experiment.Stop}, ""},
		"quit and roll back":         {running, "qr", &experiment.Command{Wish: experiment.RollBack}, ""},
		"quit and stay":              {running, "q!k", nil, ""},
		"one Ctrl-C only warns":      {running, "^", nil, "Ctrl-C again keeps the weights and stops; r rolls back"},
		"two Ctrl-C stop":            {running, "^^", &experiment.Command{Wish: experiment.Stop}, ""},
		"Ctrl-C, another key, again": {running, "^h^", nil, "Ctrl-C again keeps the weights and stops; r rolls back"},
		"keys beneath help are dead": {asked, "?ay", nil, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, got := press(t, shown(t, tt.events, 80, 24), tt.keys)
			if tt.want != nil {
				tt.want.By = "test"
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || m.flash != tt.flash {
				t.Errorf("flash %q, want %q; command (-want +got):\n%s", m.flash, tt.flash, diff)
			}
		})
	}
}

func TestObserversAskForNothing(t *testing.T) {
	t.Parallel()
	m := shown(t, until(t, recording(t, "promoted"), "asked", 1), 80, 24, observing)
	for _, keys := range []string{"a", "h", "r"} {
		if m, got := press(t, m, keys); got != nil || !strings.HasSuffix(m.flash, "this screen only observes") {
			t.Errorf("%s: sent %v, said %q", keys, got, m.flash)
		}
	}
}

// TestDialogsDoNotEatKeys: what was asked may change while a finger is on its way.
func TestDialogsDoNotEatKeys(t *testing.T) {
	t.Parallel()
	asked := until(t, recording(t, "promoted"), "asked", 1)
	again := asked[len(asked)-1]
	again.Seq++
	m, _ := press(t, shown(t, asked, 80, 24), "a")
	m = feed(t, m, eventMsg(again))
	if m, got := press(t, m, "y"); got != nil || !strings.Contains(m.View(), "AWAITING") {
		t.Errorf("an answer to the old question was sent: %v", got)
	}
	m, _ = press(t, shown(t, asked, 80, 24), "r")
	m = feed(t, m, eventMsg(again))
	if _, got := press(t, m, "y"); got != nil {
		t.Errorf("a key in the first moment after a change was taken: %v", got)
	}
	m = feed(t, m, settledMsg(time.Time{}))
	if _, got := press(t, m, "y"); got == nil || got.Wish != experiment.RollBack {
		t.Errorf("after the moment, yes sent %v", got)
	}
}

// TestREADMEListsTheKeys keeps the table in the README true.
func TestREADMEListsTheKeys(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range HelpRows() {
		if row := "| `" + r.Key + "` | " + r.Text + " |"; !strings.Contains(string(readme), row) {
			t.Errorf("the README lacks the row %s", row)
		}
	}
}
