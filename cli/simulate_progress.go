package cli

import (
	"fmt"
	"io"
	"strings"
)

// A progress shows on a terminal how far a computation is, on one line; elsewhere it is silent.
type progress struct {
	w     io.Writer // nil: silent
	shown int       // percent
}

// progressWidth is the bar's, in columns.
const progressWidth = 40

func newProgress(w io.Writer) *progress {
	if !terminal(w) {
		return &progress{}
	}
	return &progress{w: w, shown: -1}
}

// tell draws the bar when it has grown by a percent.
func (p *progress) tell(done, total int) {
	percent := 100 * done / max(1, total)
	if p.w == nil || percent == p.shown {
		return
	}
	p.shown = percent
	full := progressWidth * percent / 100
	p.say(fmt.Sprintf("[%s%s] %3d %%", strings.Repeat("#", full), strings.Repeat(" ", progressWidth-full), percent))
}

// say replaces the line by a text.
func (p *progress) say(text string) {
	if p.w != nil {
		fmt.Fprintf(p.w, "\r%-*s", progressWidth+8, text)
	}
}

// clear leaves an empty line to whoever writes next.
func (p *progress) clear() {
	if p.w != nil {
		fmt.Fprintf(p.w, "\r%*s\r", progressWidth+8, "")
	}
}
