package runner

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

func recorded(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("../testdata/promoted.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRecordIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	want := recorded(t)
	events, torn, err := ReadRecord("promoted.jsonl", bytes.NewReader(want))
	if err != nil || torn {
		t.Fatalf("torn %v, error %v", torn, err)
	}
	file := filepath.Join(t.TempDir(), "new", "record.jsonl")
	r, err := CreateRecord(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if err := r.Record(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if diff := cmp.Diff(string(want), string(got)); err != nil || diff != "" {
		t.Errorf("error %v, record (-want +got):\n%s", err, diff)
	}
	if _, err := CreateRecord(file); err == nil || experiment.HintOf(err) == "" {
		t.Errorf("a record that is there: %v, want an error with a hint", err)
	}
}

func TestBrokenRecords(t *testing.T) {
	t.Parallel()
	whole := string(recorded(t))
	lines := strings.SplitAfter(whole, "\n")
	tests := map[string]struct {
		text   string
		events int
		torn   bool
		err    string
	}{
		"cut in the last line":   {whole[:len(whole)-20], len(lines) - 2, true, ""},
		"no line end":            {strings.TrimSuffix(whole, "\n"), len(lines) - 1, false, ""},
		"cut in the middle":      {lines[0] + lines[1][:20] + "\n" + lines[2], 0, false, "x:2: unexpected end of JSON input"},
		"a line is missing":      {lines[0] + lines[2], 0, false, "x: event 3 stands where event 2 is due: lines are missing"},
		"the start is missing":   {lines[1] + lines[2], 0, false, `x: begins with "initialized" instead of "started": not a record of Perch, or not a whole one`},
		"empty":                  {"", 0, false, "x: holds no events"},
		"of another version":     {lines[0] + `{"seq":2,"at":"2026-01-01T00:00:00Z","fact":"new"}`, 0, false, `x:2: unknown event "new"`},
		"an impossible split":    {lines[0] + strings.Replace(lines[1], "[100,0]", "[80,30]", 1), 0, false, "x:2: event 2, initialized: weights [80 30] sum to 110, want 100"},
		"a line without an end":  {strings.Repeat("x", maxRecordLine+10), 0, false, "x:1: line is too long for an event"},
		"blank lines in between": {lines[0] + "\n\n" + lines[1], 2, false, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events, torn, err := ReadRecord("x", strings.NewReader(tt.text))
			text := ""
			if err != nil {
				text = err.Error()
			}
			if text != tt.err || torn != tt.torn || err == nil && len(events) != tt.events {
				t.Errorf("%d events, torn %v, %q; want %d, %v, %q", len(events), torn, text, tt.events, tt.torn, tt.err)
			}
		})
	}
}

func TestReplayKeepsTheTimesAndSkipsLongWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		at := func(s int) experiment.Event { return experiment.Event{At: begin.Add(time.Duration(s) * time.Second)} }
		var got []time.Duration
		for range Replay(t.Context(), []experiment.Event{at(0), at(4), at(4), at(3000)}, 2) {
			got = append(got, time.Since(begin))
		}
		want := []time.Duration{0, 2 * time.Second, 2 * time.Second, 2*time.Second + longestPause/2}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("times (-want +got):\n%s", diff)
		}
	})
}

func FuzzReadRecord(f *testing.F) {
	data, err := os.ReadFile("../testdata/rolled-back.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[:4000])
	f.Add([]byte("{}\n"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		events, _, err := ReadRecord("fuzz", bytes.NewReader(data))
		if err == nil {
			experiment.Fold(events) // it must not panic
		}
	})
}
