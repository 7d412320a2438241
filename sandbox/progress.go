package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// A progress tells which part is being started: on a terminal in one line that is rewritten,
// elsewhere in a line each.
type progress struct {
	w        io.Writer
	terminal bool
	begin    time.Time
}

func newProgress(f *os.File) *progress {
	return &progress{w: f, terminal: term.IsTerminal(int(f.Fd())), begin: time.Now()}
}

func (p *progress) stage(name string) {
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[Ksandbox: starting %s ...", name)
		return
	}
	fmt.Fprintf(p.w, "sandbox: %4.1fs starting %s\n", time.Since(p.begin).Seconds(), name)
}

func (p *progress) end(word string) {
	if p.terminal {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	fmt.Fprintf(p.w, "sandbox: %4.1fs %s\n", time.Since(p.begin).Seconds(), word)
}
