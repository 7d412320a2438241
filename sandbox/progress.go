package main

import (
	"os"
	"time"

	"golang.org/x/term"
)

// progress shows what a sandbox is doing while it starts: a line for each stage, or on a terminal
// one line that is written again.
type progress struct {
	terminal bool
	start    time.Time
}

func newProgress() *progress {
	return &progress{terminal: term.IsTerminal(int(os.Stderr.Fd())), start: time.Now()}
}

// stage tells what begins now.
func (p *progress) stage(name string) {
	if p.terminal {
		p.write("\r\x1b[K%5.1fs  %s…", p.elapsed(), name)
		return
	}
	p.write("%5.1fs  %s\n", p.elapsed(), name)
}

// done ends the progress with a last line.
func (p *progress) done(text string) {
	p.clear()
	p.write("%5.1fs  %s\n", p.elapsed(), text)
}

// clear leaves the terminal as if nothing had been shown.
func (p *progress) clear() {
	if p.terminal {
		p.write("\r\x1b[K")
	}
}

func (p *progress) elapsed() float64 { return time.Since(p.start).Seconds() }

func (p *progress) write(format string, arguments ...any) {
	say(os.Stderr, format, arguments...) // which the journal moves while the sandbox starts
}
