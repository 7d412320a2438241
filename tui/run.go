package tui

import (
	"context"
	"errors"
	"io"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"perch/experiment"
	"perch/themes"
)

// errObserving is why a screen without commands asks for nothing.
var errObserving = errors.New("this screen only observes")

// Options are what a screen needs.
type Options struct {
	Events   <-chan experiment.Event   // shown until it is closed
	Commands chan<- experiment.Command // never closed by the screen; nil: the screen only observes
	By       string                    // who presses the keys
	Replay   bool                      // the clock is the events', not the wall's
	Theme    themes.Theme
	Zone     *time.Location // of the times that are shown
	ASCII    bool           // no characters beyond ASCII
	In       io.Reader      // the terminal
	Out      io.Writer
}

// Run shows the events on the whole terminal until the person quits, and gives the terminal back as
// it was. Signals are not its business: whoever turns them into commands sees to it that the run
// ends, and then the screen does. Events that come after the person has quit are received, not shown.
func Run(ctx context.Context, o Options) error {
	program := tea.NewProgram(newModel(o), tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out),
		tea.WithAltScreen(), tea.WithoutSignalHandler())
	_, err := program.Run()
	if o.Replay { // whoever replays ends with the screen
		return err
	}
	for range o.Events {
		continue
	}
	return err
}
