package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"time"

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
	_, err := f.loadTheme()
	return errors.Join(wrong, err)
}

func (f *sinkFlags) loadTheme() (themes.Theme, error) {
	if f.theme == "" && os.Getenv("NO_COLOR") != "" {
		return themes.Load("mono")
	}
	if f.theme == "" {
		return tui.DefaultTheme()
	}
	return themes.Load(f.theme)
}

// screen tells whether events are shown on a screen.
func (f *sinkFlags) screen(s Streams) bool {
	return !f.noTUI && f.output == "" && terminal(s.In) && terminal(s.Out)
}

// A sinkOptions is what a screen needs beside the flags.
type sinkOptions struct {
	screen   bool
	commands chan<- experiment.Command // nil: a replay obeys nobody
	replay   bool
}

// A sink shows events until there are no more.
type sink func(ctx context.Context, events <-chan experiment.Event) error

func (f *sinkFlags) open(s Streams, o sinkOptions) sink {
	switch {
	case f.output == "json":
		return pump(tui.JSON(s.Out))
	case !o.screen:
		return pump(tui.Lines(s.Out, time.Local))
	}
	return func(ctx context.Context, events <-chan experiment.Event) error {
		theme, err := f.loadTheme()
		if err != nil {
			return err
		}
		return tui.Run(ctx, tui.Options{
			Events: events, Commands: o.commands, Replay: o.replay, By: whoami(), Theme: theme, Zone: time.Local,
			ASCII: f.ascii || plainTerminal(), In: s.In, Out: s.Out,
		})
	}
}

// whoami names the person at the keys, for the record.
func whoami() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "the keyboard"
}

// plainTerminal: the locale or the terminal has no characters beyond ASCII.
func plainTerminal() bool {
	switch os.Getenv("TERM") {
	case "dumb", "linux":
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := os.Getenv(name); v != "" {
			v = strings.ToUpper(v)
			return !strings.Contains(v, "UTF-8") && !strings.Contains(v, "UTF8")
		}
	}
	return false
}

// pump shows every event. When one cannot be shown, as when a pipe is closed, the rest is received
// all the same: the run goes on, and its record is complete.
func pump(show tui.Sink) sink {
	return func(_ context.Context, events <-chan experiment.Event) error {
		var failed error
		for e := range events {
			if failed == nil {
				failed = show(e)
			}
		}
		if errors.Is(failed, io.ErrClosedPipe) {
			return nil
		}
		return failed
	}
}

// printEnd repeats, after the screen is gone, how it ended and where the record is.
func printEnd(w io.Writer, s experiment.State) {
	fmt.Fprintf(w, "%s: %s\n", s.Spec().Name, tui.LastLine(s))
	if s.Trouble != nil && s.Trouble.Hint != "" {
		fmt.Fprintf(w, " hint: %s\n", s.Trouble.Hint)
	}
	if s.Setup.Record != "" {
		fmt.Fprintf(w, "recorded to %s\n", s.Setup.Record)
	}
}
