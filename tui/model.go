package tui

import (
	"time"

	"github.com/charmbracelet/bubbles/viewport"
	tea "github.com/charmbracelet/bubbletea"

	"perch/experiment"
)

// A model is the whole screen. It changes in Update alone; commands bring messages and touch nothing.
type model struct {
	opts          Options
	styles        styles
	keys          KeyMap
	state         experiment.State
	entries       []entry // oldest first, at most entriesMax
	promoting     experiment.Promoting
	resumed       *resumption // nil once the run has looked again
	now           time.Time
	width, height int
	dialog        dialog
	pane          pane
	flash         flash
	leaving       leaving
}

// entriesMax bounds the memory of a screen that is left open for days; when it is reached, the
// oldest tenth goes.
const entriesMax = 10_000

// A pane takes the place of the panels.
type pane struct {
	kind paneKind
	view viewport.Model
}

type paneKind int

const (
	noPane paneKind = iota
	helpPane
	logPane
)

// leaving is how far a person is on the way out.
type leaving struct {
	asked      bool // the run was asked to end; its end leaves the screen
	interrupts int  // how often Ctrl+C was pressed in a row
	silent     bool // no more events will come
}

// The messages of the screen, beside those of the terminal.
type (
	heardMsg  experiment.Event // an event came
	silentMsg struct{}         // the sender of events has closed
	tickMsg   time.Time        // a second went by
	graceMsg  int              // a grace is over
	sentMsg   struct {         // a command was handed over, or not
		command experiment.Command
		err     error
	}
)

func newModel(o Options) model {
	m := model{opts: o, styles: newStyles(o.Appearance), keys: Keys()}
	if o.Now != nil {
		m.now = o.Now()
	}
	m.pane.view = viewport.New(0, 0)
	m.pane.view.KeyMap = m.keys.Scroll
	m.pane.view.MouseWheelEnabled = false
	return m
}

// Init begins to listen.
func (m model) Init() tea.Cmd { return tea.Batch(m.listen(), m.tick()) }

// listen waits for the next event; exactly one listener is under way, so that events keep their order.
func (m model) listen() tea.Cmd {
	events := m.opts.Events
	return func() tea.Msg {
		e, ok := <-events
		if !ok {
			return silentMsg{}
		}
		return heardMsg(e)
	}
}

// tick waits a second, if there is a clock.
func (m model) tick() tea.Cmd {
	now := m.opts.Now
	if now == nil {
		return nil
	}
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return tickMsg(now()) })
}

// Update takes one message in.
func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		return m.resized(msg), nil
	case tea.KeyMsg:
		return m.pressed(msg)
	case heardMsg:
		return m.heard(experiment.Event(msg))
	case silentMsg:
		return m.silenced()
	case tickMsg:
		m.now = time.Time(msg)
		return m, m.tick()
	case graceMsg:
		if int(msg) == m.dialog.graces {
			m.dialog.deaf = false
		}
	case sentMsg:
		if msg.err != nil {
			m = m.flashed(missed, string(msg.command.Wish)+" did not arrive: "+msg.err.Error())
			m.leaving.asked = false
		}
	}
	return m, nil
}

func (m model) resized(msg tea.WindowSizeMsg) model {
	m.width, m.height = msg.Width, msg.Height
	if m.tiny() && m.dialog.kind == promoteDialog {
		m.dialog = dialog{graces: m.dialog.graces} // nobody promotes on a plan that cannot be seen
	}
	return m.filled()
}

// tiny tells whether there is no room for the panels.
func (m model) tiny() bool { return m.width < minWidth || m.height < minHeight }

// heard takes an event into the state, and says what it does to what is on the screen.
func (m model) heard(e experiment.Event) (tea.Model, tea.Cmd) {
	before := m.state
	m.state = m.state.Apply(e)
	if len(m.entries) >= entriesMax {
		m.entries = m.entries[entriesMax/10:]
	}
	m.entries = append(m.entries, narrate(before, m.state, e))
	m.resumed = m.resumed.hear(before, e)
	if m.opts.Now == nil || e.At.After(m.now) {
		m.now = e.At
	}
	switch f := e.Fact.(type) {
	case experiment.Promoting:
		m.promoting = f
	case experiment.Obeyed:
		m = m.flashed(met, "obeyed: "+commandWords(f.Command))
	case experiment.Refused:
		m = m.flashed(missed, "refused: "+commandWords(f.Command)+": "+f.Why)
		if f.Command.Wish == experiment.RollBack {
			m.leaving.asked = false // the run goes on, so the person stays
		}
	case experiment.Ended:
		if m.leaving.asked || m.opts.Leave && m.opts.Send != nil {
			return m, tea.Quit // what this screen only observes may be resumed
		}
	}
	m, deaf := m.changedBeneath(before)
	return m.filled(), tea.Batch(m.listen(), deaf)
}

// silenced: no more events will come, with or without an end.
func (m model) silenced() (tea.Model, tea.Cmd) {
	m.leaving.silent = true
	if m.opts.Leave || m.leaving.asked {
		return m, tea.Quit
	}
	if m.state.Ended == nil {
		m = m.flashed(unknown, "no more events: the record, or the connection to the run, ends here")
	}
	return m, nil
}

// changedBeneath keeps an open dialog honest: it closes when what it asks is no longer the question,
// and is deaf for a moment when the run has moved on.
func (m model) changedBeneath(before experiment.State) (model, tea.Cmd) {
	if m.dialog.kind == noDialog || sameMoment(before, m.state) {
		return m, nil
	}
	wish := experiment.RollBack
	switch m.dialog.kind {
	case promoteDialog:
		wish = experiment.Approve
	case recoverDialog:
		wish = experiment.Recover
	case quitDialog:
		wish = experiment.Stop
	case rollBackDialog, noDialog:
	}
	if err := m.state.Permits(experiment.Command{Wish: wish}); err != nil {
		m.dialog = dialog{graces: m.dialog.graces}
		m = m.flashed(unknown, "the question is gone: "+err.Error())
		return m, nil
	}
	answers := m.dialog.kind == promoteDialog || m.dialog.kind == recoverDialog
	if m.state.Asked != nil && answers && m.state.Asked.Seq != m.dialog.answers {
		m.dialog.answers = m.state.Asked.Seq
		m.dialog.note = "this is new: the question has changed since you opened it"
	}
	m.dialog.deaf = true
	m.dialog.graces++
	over := graceMsg(m.dialog.graces)
	return m, tea.Tick(grace, func(time.Time) tea.Msg { return over })
}

// sameMoment tells whether a person who looked at one state would act the same in the other.
func sameMoment(a, b experiment.State) bool {
	seq := func(s experiment.State) int {
		if s.Asked == nil {
			return 0
		}
		return s.Asked.Seq
	}
	return a.Stage == b.Stage && seq(a) == seq(b) && (a.Held == nil) == (b.Held == nil)
}

// filled puts the text of the open pane in its place; a log that shows its end goes on showing it.
func (m model) filled() model {
	if m.pane.kind == noPane || m.tiny() {
		return m
	}
	follow := m.pane.kind == logPane && m.pane.view.AtBottom()
	m.pane.view.Width, m.pane.view.Height = m.width, m.bodyHeight()-1
	lines := helpLines(m.scene(), m.keys, m.width)
	if m.pane.kind == logPane {
		lines = logLines(m.scene(), m.width)
	}
	m.pane.view.SetContent(joinRows(lines))
	if follow {
		m.pane.view.GotoBottom()
	}
	return m
}
