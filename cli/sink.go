package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"syscall"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"perch/experiment"
	"perch/themes"
	"perch/tui"
)

// sinkFlags choose how events are shown.
type sinkFlags struct {
	noTUI  bool
	output string
	theme  string
	ascii  bool
	live   bool // what is only observed happens now: the clock is the machine's, and the end is the end
}

func (f *sinkFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.noTUI, "no-tui", false, "plain lines instead of the screen (always so when stdout is no terminal)")
	flags.StringVarP(&f.output, "output", "o", "", "json: one event a line, as in a record")
	flags.StringVar(&f.theme, "theme", "", "colours of the screen: "+strings.Join(themes.Names(), ", ")+", or a file")
	flags.BoolVar(&f.ascii, "ascii", false, "only ASCII characters on the screen")
}

func (f *sinkFlags) complete(c *cobra.Command) {
	complete(c, "output", "json")
	complete(c, "theme", themes.Names()...)
}

func (f *sinkFlags) check() error {
	var wrong error
	if f.output != "" && f.output != "json" {
		wrong = fmt.Errorf("--output=%s: want json", f.output)
	}
	_, err := f.appearance()
	return errors.Join(wrong, err)
}

// appearance is the theme that was asked for, or the one that suits the terminal.
func (f *sinkFlags) appearance() (tui.Appearance, error) {
	name := f.theme
	if name == "" {
		name = "dark"
		if !lipgloss.HasDarkBackground() {
			name = "light"
		}
	}
	theme, err := themes.Load(name)
	return tui.Appearance{
		Theme: theme, ASCII: f.ascii || tui.NeedsASCII(os.Getenv), NoColor: os.Getenv("NO_COLOR") != "",
	}, err
}

// printed is the appearance of what is printed and not shown on a screen: without color but on a terminal.
func (f *sinkFlags) printed(s Streams) (tui.Appearance, error) {
	look, err := f.appearance()
	look.NoColor = look.NoColor || !terminal(s.Out)
	return look, err
}

// screen tells whether events are shown on a screen.
func (f *sinkFlags) screen(s Streams) bool {
	return !f.noTUI && f.output == "" && terminal(s.In) && terminal(s.Out)
}

// A sink shows events until there are no more. The end of its context ends a screen.
type sink func(ctx context.Context, events <-chan experiment.Event) error

// open makes the sink that the flags ask for. A screen passes on what people want with send; without
// it the screen only observes, and its clock is the events'.
func (f *sinkFlags) open(s Streams, send func(experiment.Command) error) sink {
	switch {
	case f.output == "json":
		return feed(tui.JSON(s.Out))
	case !f.screen(s):
		return feed(tui.Lines(s.Out, true))
	}
	return func(ctx context.Context, events <-chan experiment.Event) error {
		look, err := f.appearance()
		if err != nil {
			return err
		}
		o := tui.Options{Appearance: look, Events: events, Send: send, By: whoami(), In: s.In, Out: s.Out}
		if o.Leave = f.live; f.live || send != nil {
			o.Now = time.Now
		}
		_, err = tui.Run(ctx, o)
		return err
	}
}

// feed shows every event. When one cannot be shown, as when a pipe is closed, the rest is received
// all the same: the run goes on, and its record is complete.
func feed(show tui.Sink) sink {
	return func(_ context.Context, events <-chan experiment.Event) error {
		_, err := tui.Feed(events, show)
		if errors.Is(err, syscall.EPIPE) {
			return nil
		}
		return err
	}
}

// whoami names the person at the keys, for the record.
func whoami() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "the keyboard"
}

// printEnd repeats, after the screen is gone, how it ended and where the record is.
func printEnd(w io.Writer, s experiment.State) {
	if s.Ended != nil {
		fmt.Fprintf(w, "%s: %s: %s\n", s.Spec().Name, s.Ended.Outcome, s.Ended.Reason)
	}
	if s.Trouble != nil && s.Trouble.Hint != "" {
		fmt.Fprintf(w, " hint: %s\n", s.Trouble.Hint)
	}
	if s.Setup.Record != "" {
		fmt.Fprintf(w, "recorded to %s\n", s.Setup.Record)
	}
	fmt.Fprintln(w, tui.TrafficNow(s))
}
