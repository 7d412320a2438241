package tui

import (
	"bytes"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"perch/experiment"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	states := map[string]experiment.State{
		"spec": {Setup: experiment.Started{Spec: started().Spec, Metrics: started().Metrics}},
	}
	for name, tp := range tapes(t) {
		states[name] = tp.state
	}
	for name, state := range states {
		var out bytes.Buffer
		if err := Describe(&out, state, Appearance{NoColor: true}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(out.String(), "\n") {
			if w := ansi.StringWidth(line); w > reportWidth {
				t.Errorf("%s: %d columns wide: %q", name, w, line)
			}
		}
		golden(t, "describe-"+name, strings.TrimSuffix(out.String(), "\n"))
		out.Reset()
		if err := Describe(&out, state, Appearance{ASCII: true, NoColor: true}); err != nil {
			t.Fatal(err)
		}
		if !isASCII(out.String()) {
			t.Errorf("%s: not ASCII:\n%s", name, out.String())
		}
	}
}
