package cli

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"perch/experiment"
	"perch/kube"
	"perch/runner"
	"perch/themes"
	"perch/tui"
)

// nasty are inputs of a mebibyte that have cost parsers their memory before.
func nasty() map[string]string {
	const size = 1 << 20
	fill := func(head, unit, tail string) string {
		return head + strings.Repeat(unit, (size-len(head)-len(tail))/len(unit)) + tail
	}
	const started = `{"seq":1,"at":"2026-03-01T12:00:00Z","fact":"started","judge":"iter8","spec":`
	const event = `{"seq":2,"at":"2026-03-01T12:00:00Z","fact":`
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := range 40 {
		before := "*a" + string(rune('0'+i%10))
		bomb += "a" + string(rune('0'+(i+1)%10)) + ": &a" + string(rune('0'+(i+1)%10)) + " [" + strings.Repeat(before+",", 9) + "]\n"
	}
	return map[string]string{
		"deep lists": fill("", "[", ""), "deep objects": fill("", `{"a":`, ""), "deep flow maps": fill("spec: ", "{a: ", ""),
		"deep blocks": fill("", "- ", ""), "keys without values": fill("{", "a,", "}"), "short items": fill("", "- a\n", ""),
		"empty items": fill("[", ",", "]"), "many keys": fill("", "a:\n", ""), "alias bomb": fill(bomb, "# x\n", ""),
		"many aliases": fill("a: &a b\nl: [", "*a,", "]"), "merge keys": fill("a: &a {b: c}\n", "d: {<<: *a}\n", ""),
		"documents": fill("", "---\na\n", ""), "one long line": fill("", "x", ""), "one long string": fill(`"`, `\"`, `"`),
		"a huge number": fill("a: ", "9", ""), "a huge exponent": fill("a: 1e", "9", ""), "zeros": fill("", "\x00", ""),
		"no text": fill("", "\xff\xfe", ""), "line ends": fill("", "\n", ""), "tabs": fill("", "\t", ""),
		"a long comment": fill("#", "#", ""), "a folded text": fill("a: >\n", " b\n\n", ""),
		"short events": fill("", event+"\"waiting\"}\n", ""), "samples": fill(event+`"measured","samples":[`, "{},", "{}]}"),
		"tallies": fill(event+`"counted","tallies":[`, "{},", "{}]}"), "weights": fill(event+`"shifted","from":[`, "0,", "100]}"),
		"versions": fill(started+`{"versions":[`, "{},", "{}]}}"), "a big seq": fill(`{"seq":`, "9", `,"fact":"started"}`),
		"looks": fill(`{"History":[`, "{},", "{}]}"), "a ledger": fill(`{"Weighing":{"ledger":[`, "{},", "{}]}}"),
		"variables": fill(event+`"initialized","variables":{"a":{`, `"a":"b",`, `"a":"b"}}}`),
		"null":      fill("[", "null,", "null]"), "commas": fill("", ",", ""), "rules": fill("", "a,", ""), "mirrors": fill("", "a://=b,", ""),
	}
}

// readers are all that reads what others have written.
func readers(t *testing.T) map[string]func(string) {
	t.Helper()
	theme := filepath.Join(t.TempDir(), "theme.yaml")
	return map[string]func(string){
		"experiment": func(text string) { _, _ = experiment.Parse("nasty.yaml", []byte(text)) },
		"record": func(text string) {
			if events, _, err := runner.ReadRecord("nasty.jsonl", strings.NewReader(text)); err == nil {
				_ = tui.Describe(io.Discard, experiment.Fold(events), plain())
			}
		},
		"checkpoint": func(text string) {
			_, _ = experiment.ReadState([]byte(text))
		},
		"theme": func(text string) {
			if os.WriteFile(theme, []byte(text), 0o600) == nil {
				_, _ = themes.Load(theme)
			}
		},
		"mirror": func(text string) { _, _ = kube.ParseMirror(strings.Split(text, ",")) },
	}
}

// TestMemoryIsBounded: no input of a mebibyte makes Perch take more than 64.
func TestMemoryIsBounded(t *testing.T) { //nolint:paralleltest // what others allocate would count
	const most = 64 << 20
	for what, read := range readers(t) {
		for name, text := range nasty() {
			if got := allocated(func() { read(text) }); got > most {
				t.Errorf("%s from %q: took %d MiB, want at most %d", what, name, got>>20, most>>20)
			}
		}
	}
}

// allocated is how much f allocates in all, which is more than it ever holds.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
