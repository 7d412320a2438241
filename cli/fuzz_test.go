package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"perch/experiment"
	"perch/kube"
	"perch/runner"
	"perch/tui"
)

// records are those that the repository has.
func records(f *testing.F) [][]byte {
	f.Helper()
	files, err := filepath.Glob("../testdata/*.jsonl")
	if err != nil || len(files) == 0 {
		f.Fatalf("no records: %v", err)
	}
	var all [][]byte
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, data)
	}
	return all
}

// token is a value, or a name, of JSON.
var token = regexp.MustCompile(`"[^"]*"|-?[0-9][0-9.eE+-]*|true|false|null|\[\]|\{\}`)

// swap puts another value in the place of the n-th token of a line.
func swap(line []byte, n uint16, value string) []byte {
	all := token.FindAllIndex(line, -1)
	if len(all) == 0 {
		return []byte(value)
	}
	at := all[int(n)%len(all)]
	return slices.Concat(line[:at[0]], []byte(value), line[at[1]:])
}

// oddities are what values are swapped for.
func oddities() []string {
	return []string{`-1`, `99`, `1e308`, `null`, `[]`, `{}`, `""`, `"x"`, `true`, `[0,100]`, `[{}]`, `{"a":1}`, `"0001-01-01T00:00:00Z"`, `x`}
}

// FuzzRecord: whatever stands on the lines of a record, it is refused, or it can be described and told.
func FuzzRecord(f *testing.F) {
	all := records(f)
	for i, record := range all {
		for n := range bytes.Count(record, []byte("\n")) {
			f.Add(uint8(i), uint16(n), uint16(37*n), oddities()[n%len(oddities())], []byte("\n"))
		}
		f.Add(uint8(i), uint16(0), uint16(0), `"seq"`, record)
	}
	f.Fuzz(func(t *testing.T, which uint8, line, at uint16, value string, tail []byte) {
		lines := bytes.SplitAfter(all[int(which)%len(all)], []byte("\n"))
		i := int(line) % len(lines)
		lines[i] = swap(lines[i], at, value)
		text := append(bytes.Join(lines, nil), tail...)
		events, _, err := runner.ReadRecord("f", bytes.NewReader(text))
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Error("an error without words")
			}
			return
		}
		tell(t, events)
	})
}

// tell folds, describes and shows events.
func tell(t *testing.T, events []experiment.Event) {
	t.Helper()
	s := experiment.Fold(events)
	if err := tui.Describe(io.Discard, s, plain()); err != nil {
		t.Errorf("describe: %v", err)
	}
	for _, wish := range experiment.Wishes() {
		_ = s.Permits(experiment.Command{Wish: wish})
	}
	queue := make(chan experiment.Event, len(events))
	for _, e := range events {
		queue <- e
	}
	close(queue)
	if _, err := tui.Feed(queue, tui.Lines(io.Discard, true)); err != nil {
		t.Errorf("tell: %v", err)
	}
}

// FuzzCheckpoint: whatever a checkpoint holds, it is refused, or a run can go on from it.
func FuzzCheckpoint(f *testing.F) {
	var states [][]byte
	for _, record := range records(f) {
		events, _, err := runner.ReadRecord("f", bytes.NewReader(record))
		if err != nil {
			f.Fatal(err)
		}
		for n := 4; n <= len(events); n += 7 {
			state, err := json.Marshal(experiment.Fold(events[:n]).Snapshot())
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(len(states)), uint16(13*n), oddities()[n%len(oddities())], []byte{})
			f.Add(uint8(0), uint16(0), `"Setup"`, state)
			states = append(states, state)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, at uint16, value string, whole []byte) {
		data := whole
		if len(data) == 0 {
			data = swap(states[int(which)%len(states)], at, value)
		}
		s, err := experiment.ReadState(data)
		if err != nil {
			return
		}
		tell(t, []experiment.Event{{Seq: 1, Fact: s.Setup}, {Seq: 2, Fact: experiment.Resumed{Before: &s}}})
		for _, judge := range []experiment.Judge{experiment.Iter8, experiment.ByEvidence} {
			if s.Stage == experiment.Running {
				_ = experiment.Decide(s, judge)
			}
		}
	})
}

// FuzzMirror: whatever PERCH_MIRROR holds, it is refused, or it rewrites the start of a URL.
func FuzzMirror(f *testing.F) {
	f.Add("https://a/=https://b/", "https://a/x.tgz")
	f.Add("https://a/=https://b/, https://a/b/=file:///c,", "https://a/b/x?y=z")
	f.Add("a=b,=,://=://", "://")
	f.Fuzz(func(t *testing.T, rules, url string) {
		m, err := kube.ParseMirror(strings.Split(rules, ","))
		if err != nil {
			return
		}
		if got := m.Rewrite(url); got != url && !strings.Contains(rules, "=") {
			t.Errorf("%q rewrites %q to %q", rules, url, got)
		}
	})
}
