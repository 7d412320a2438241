package experiment

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// recording reads a record of the testdata at the root.
func recording(t *testing.T, name string) []Event {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var events []Event
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		var e Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

// With the recorded setup everything comes out as it did, to the bit.
func TestRejudgingAsRecorded(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"promoted.jsonl", "baseline-kept.jsonl", "rolled-back.jsonl", "evidence-promoted.jsonl", "evidence-kept.jsonl", "evidence-rolled-back.jsonl"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events := recording(t, name)
			list, err := Rejudge(events, events[0].Fact.(Started))
			if err != nil || len(list) == 0 {
				t.Fatalf("got %d looks, %v", len(list), err)
			}
			for _, r := range list {
				if diff := cmp.Diff(r.Recorded, r.Now); diff != "" && r.Now.Kind != "" {
					t.Errorf("look of %s (-recorded +now)\n%s", r.Event.At, diff)
				}
			}
		})
	}
}

func TestRejudgingWithOtherRules(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, record string
		change       func(*Started)
		want         DecisionKind // that settles
		reason       string
	}{
		{"a limit that it missed", "evidence-promoted.jsonl", func(s *Started) { s.Spec.Criteria.Objectives[0].UpperLimit = new(5.0) }, RollBackNow, "mean latency"},
		{"Iter8's rule, whose last iteration did not come", "evidence-rolled-back.jsonl", func(s *Started) { s.Judge = JudgeIter8 }, "", ""},
		{"a limit that a bad candidate keeps", "evidence-kept.jsonl", func(s *Started) { s.Spec.Criteria.Objectives[2].UpperLimit = new(0.5) }, "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			events := recording(t, row.record)
			setup := events[0].Fact.(Started)
			setup.Spec.Criteria.Objectives = append([]Objective(nil), setup.Spec.Criteria.Objectives...)
			row.change(&setup)
			list, err := Rejudge(events, setup)
			if err != nil {
				t.Fatal(err)
			}
			var last Decision
			for _, r := range list {
				if r.Now.Kind.Settles() {
					last = r.Now
				}
			}
			if settled := last.Kind; settled != row.want || !strings.Contains(last.Reason, row.reason) {
				t.Errorf("want %q, got %q: %s", row.want, settled, last.Reason)
			}
		})
	}
}

func TestRejudgingNeedsAWholeRecord(t *testing.T) {
	t.Parallel()
	r := begin(tutorial(t), BaselineOnly(2))
	before := r.state
	before.Setup.Record = "first.jsonl"
	_, err := Rejudge([]Event{{1, start(), before.Setup}, {2, start(), Resumed{Before: &before}}}, before.Setup)
	if err == nil || !strings.Contains(HintOf(err), "first.jsonl") {
		t.Errorf("want a hint to the first record, got %v (%s)", err, HintOf(err))
	}
}
