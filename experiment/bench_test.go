package experiment

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// BenchmarkDecide is the judge's time for one iteration of three objectives and two versions, at the
// end of a recorded run.
func BenchmarkDecide(b *testing.B) {
	data, err := os.ReadFile("../testdata/promoted.jsonl")
	if err != nil {
		b.Fatal(err)
	}
	var s State
	for line := range strings.Lines(string(data)) {
		var e Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			b.Fatal(err)
		}
		if e.Name() == "asked" {
			break
		}
		s = s.Apply(e)
	}
	for b.Loop() {
		Decide(s, Iter8)
	}
}
