package tui

import (
	"context"
	"fmt"
	"io"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"perch/experiment"
)

// Options say what a screen shows, and what its keys do.
type Options struct {
	Appearance

	// Events is what happens; its sender closes it after the last one. The screen receives until it
	// is left.
	Events <-chan experiment.Event
	// Send hands a command to the run. It is called in a goroutine and may wait; an error means that
	// the command did not arrive, and is shown. Without Send the screen only observes.
	Send func(experiment.Command) error
	// By is who the commands are from.
	By string
	// Now is the clock for what counts up and down. Without it the time of the latest event is now,
	// as suits a record.
	Now func() time.Time
	// Leave leaves the screen at the end, instead of waiting for a key: when the run has ended or, on a
	// screen that only observes, when there are no more events.
	Leave bool

	In  io.Reader // the keys; nil: standard input
	Out io.Writer // the terminal; nil: standard output
}

// Run shows a screen until the person leaves it or ctx ends, and returns the state as it was then.
// A person cannot leave a run that this screen drives before it has ended, except by Ctrl+C three
// times. The end of ctx ends the screen only; what it showed goes on. The terminal is as it was
// before, whatever happened.
func Run(ctx context.Context, o Options) (experiment.State, error) {
	settings := []tea.ProgramOption{tea.WithAltScreen(), tea.WithoutSignalHandler()}
	if o.In != nil {
		settings = append(settings, tea.WithInput(o.In))
	}
	if o.Out != nil {
		settings = append(settings, tea.WithOutput(o.Out))
	}
	if o.Renderer == nil && o.Out != nil {
		o.Renderer = lipgloss.NewRenderer(o.Out)
	}
	program := tea.NewProgram(newModel(o), settings...)
	stop := context.AfterFunc(ctx, program.Quit)
	defer stop()
	last, err := program.Run()
	var state experiment.State
	if m, ok := last.(model); ok {
		state = m.state
	}
	if err != nil {
		return state, fmt.Errorf("show the screen: %w", err)
	}
	return state, nil
}
