package tui

import (
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/viewport"
	tea "github.com/charmbracelet/bubbletea"

	"perch/experiment"
)

// grace is how long keys are ignored after the state has changed beneath a dialog.
const grace = 400 * time.Millisecond

// The messages of the screen.
type (
	eventMsg   experiment.Event
	closedMsg  struct{} // the stream of events has ended
	tickMsg    time.Time
	settledMsg time.Time
	unsentMsg  experiment.Command // nobody took it
)

// An overlay takes the place of the panels.
type overlay int

const (
	noOverlay overlay = iota
	helpOverlay
	logOverlay
)

// A Model is the whole screen: the state of the run, and how it is looked at. It is a value; Update
// gives a new one, and View depends on nothing else.
type Model struct {
	look
	state    experiment.State
	log      []entry
	now      time.Time // of the last tick; zero in a replay, whose clock is the events'
	events   <-chan experiment.Event
	commands chan<- experiment.Command // nil: the screen only observes
	by       string
	replay   bool
	overlay  overlay
	dialog   dialog
	viewport viewport.Model
	answer
}

// A look is how things are drawn.
type look struct {
	styles        Styles
	keys          KeyMap
	zone          *time.Location
	width, height int
}

// An answer is what the screen owes to the last key.
type answer struct {
	flash       string
	flashTone   tone
	interrupted bool // Ctrl-C was pressed once
	quitAtEnd   bool // leave by itself when the run has ended
	ended       bool // the stream of events has ended
}

// newModel makes the screen before its first event.
func newModel(o Options) Model {
	return Model{
		look: look{
			styles: newStyles(o.Theme, o.Out, o.ASCII), keys: Keys(), zone: o.Zone,
			width: leastWidth, height: leastHeight,
		},
		events: o.Events, commands: o.Commands, by: o.By, replay: o.Replay,
		viewport: viewport.New(0, 0),
	}
}

// Init waits for the first event and the first tick.
func (m Model) Init() tea.Cmd {
	if m.replay {
		return next(m.events)
	}
	return tea.Batch(next(m.events), tick())
}

// next waits for one event. There is never more than one of it under way.
func next(events <-chan experiment.Event) tea.Cmd {
	return func() tea.Msg {
		if e, open := <-events; open {
			return eventMsg(e)
		}
		return closedMsg{}
	}
}

func tick() tea.Cmd {
	return tea.Tick(time.Second, func(at time.Time) tea.Msg { return tickMsg(at) })
}

// clock is the time that the screen counts with.
func (m Model) clock() time.Time {
	if m.now.Before(m.state.At) {
		return m.state.At
	}
	return m.now
}

// Update takes one message.
func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case eventMsg:
		return m.event(experiment.Event(msg))
	case closedMsg:
		m.ended = true
		return m, m.leaveAtEnd()
	case tickMsg:
		m.now = time.Time(msg)
		return m, tick()
	case settledMsg:
		m.dialog.deaf = false
		return m, nil
	case unsentMsg:
		m.flash, m.flashTone = string(msg.Wish)+": nobody takes commands any more", noNews
		return m, nil
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		return m.fillLog(), nil
	case tea.KeyMsg:
		return m.key(msg)
	}
	return m, nil
}

// event folds one event into the state.
func (m Model) event(e experiment.Event) (tea.Model, tea.Cmd) {
	before := m.state.Stage
	m.state = m.state.Apply(e)
	m.log = append(m.log[max(0, len(m.log)+1-logLimit):len(m.log):len(m.log)], newEntry(m.state, e))
	switch f := e.Fact.(type) {
	case experiment.Obeyed:
		m.flash, _ = words(m.state, e)
		m.flashTone = goodNews
		m.quitAtEnd = m.quitAtEnd || f.Command.Wish == experiment.Stop
	case experiment.Refused:
		m.flash, m.flashTone = words(m.state, e)
	}
	m = m.fillLog()
	cmds := []tea.Cmd{next(m.events)}
	_, asked := e.Fact.(experiment.Asked)
	if m.state.Stage != before || asked {
		var cmd tea.Cmd
		m, cmd = m.refresh()
		cmds = append(cmds, cmd)
	}
	return m, tea.Batch(cmds...)
}

// leaveAtEnd quits when nobody has to be shown the end.
func (m Model) leaveAtEnd() tea.Cmd {
	if m.quitAtEnd {
		return tea.Quit
	}
	return nil
}

// key handles one key.
func (m Model) key(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	m.flash = ""
	if key.Matches(msg, m.keys.Interrupt) {
		return m.interrupt()
	}
	m.interrupted = false
	switch {
	case m.dialog.kind != noDialog:
		return m.dialogKey(msg)
	case m.overlay != noOverlay:
		return m.overlayKey(msg)
	case key.Matches(msg, m.keys.Approve):
		return m.open(experiment.Approve, approveDialog)
	case key.Matches(msg, m.keys.RollBack):
		return m.open(experiment.RollBack, rollBackDialog)
	case key.Matches(msg, m.keys.Hold):
		return m.send(experiment.Command{Wish: wishOf(m.state, m.keys, m.keys.Hold)})
	case key.Matches(msg, m.keys.Help):
		m.overlay = helpOverlay
	case key.Matches(msg, m.keys.Log):
		m.overlay = logOverlay
		m = m.fillLog()
		m.viewport.GotoBottom()
	case key.Matches(msg, m.keys.Quit):
		return m.quit()
	}
	return m, nil
}

func (m Model) overlayKey(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	if key.Matches(msg, m.keys.Back, m.keys.Help, m.keys.Log) {
		m.overlay = noOverlay
		return m, nil
	}
	var cmd tea.Cmd
	m.viewport, cmd = m.viewport.Update(msg)
	return m, cmd
}

// permits says whether a wish can be had: of the state, and of a screen that only observes.
func (m Model) permits(w experiment.Wish) error {
	if m.commands == nil {
		return errObserving
	}
	return m.state.Permits(experiment.Command{Wish: w})
}

// open opens a dialog for a wish, or says why not. Trying a failed promotion again needs no dialog:
// it was approved.
func (m Model) open(w experiment.Wish, kind dialogKind) (Model, tea.Cmd) {
	if err := m.permits(w); err != nil {
		m.flash, m.flashTone = string(w)+": "+err.Error(), noNews
		return m, nil
	}
	m.dialog = dialog{kind: kind}
	if w == experiment.Approve {
		m.dialog.answers = m.state.Asked.Seq
		if m.state.Asked.Fact.Question == experiment.ToRetry {
			answers := m.dialog.answers
			return m.close().send(experiment.Command{Wish: w, Answers: answers})
		}
	}
	return m, nil
}

// send passes a command on, unless the state does not permit it.
func (m Model) send(c experiment.Command) (Model, tea.Cmd) {
	if err := m.permits(c.Wish); err != nil {
		m.flash, m.flashTone = string(c.Wish)+": "+err.Error(), noNews
		return m, nil
	}
	c.By = m.by
	commands := m.commands
	return m, func() tea.Msg {
		select {
		case commands <- c:
			return nil
		case <-time.After(time.Second): // the run has ended in this moment
			return unsentMsg(c)
		}
	}
}

// quit leaves a screen on which nothing runs, and asks otherwise.
func (m Model) quit() (Model, tea.Cmd) {
	if m.ended || m.commands == nil || m.state.Ended != nil {
		return m, tea.Quit
	}
	m.dialog = dialog{kind: quitDialog}
	return m, nil
}

// interrupt stops at the second Ctrl-C.
func (m Model) interrupt() (Model, tea.Cmd) {
	if m.ended || m.commands == nil || m.state.Ended != nil {
		return m, tea.Quit
	}
	if !m.interrupted {
		m.interrupted = true
		m.flash, m.flashTone = "Ctrl-C again keeps the weights and stops; r rolls back", noNews
		return m, nil
	}
	m.quitAtEnd = true
	return m.send(experiment.Command{Wish: experiment.Stop})
}

// fillLog brings the log's viewport up to date, and keeps it at the end if it was there.
func (m Model) fillLog() Model {
	if m.overlay != logOverlay {
		return m
	}
	end := m.viewport.AtBottom()
	m.viewport.Width, m.viewport.Height = m.width, max(1, m.height-3)
	m.viewport.SetContent(strings.Join(m.logLines(), "\n"))
	if end {
		m.viewport.GotoBottom()
	}
	return m
}

// View draws the screen.
func (m Model) View() string {
	if m.state.Stage == experiment.Idle {
		return strings.Join(m.styles.block(panel{m.bannerLine(m.width)}, m.width, m.height), "\n")
	}
	var p panel
	switch m.overlay {
	case helpOverlay:
		p = m.helpPanel(m.width, m.height)
	case logOverlay:
		p = panel{m.bannerLine(m.width), m.rule(m.width, -1, "")}
		p = append(p, strings.Split(m.viewport.View(), "\n")...)
		p = append(p, m.styles.Dim.Render(" up, down: scroll   esc: back"))
		p = m.styles.block(p, m.width, m.height)
	case noOverlay:
		p = m.screen(m.width, m.height)
		if m.dialog.kind != noDialog && m.width >= leastWidth && m.height >= leastHeight {
			p = over(p, m.dialogPanel(m.width, m.height), m.width)
		}
	}
	return strings.Join(p, "\n")
}
