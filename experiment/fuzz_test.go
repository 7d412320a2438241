package experiment

import (
	"encoding/json"
	"strings"
	"testing"
)

// Whatever a file holds, Parse gives a spec that can run and be recorded, or says what is wrong.
func FuzzParse(f *testing.F) {
	for _, file := range []string{"tutorial.yaml", "mistakes.yaml", "kubectl.yaml"} {
		f.Add(string(testdata(f, file)))
	}
	f.Add(small(f, "", ""))
	f.Add("spec: &a {spec: *a, versionInfo: *a, criteria: *a}")
	f.Add("{? {a: b} : c, <<: [], spec: {versionInfo: {baseline: , candidates: [~]}}}")
	f.Fuzz(func(t *testing.T, text string) {
		spec, err := Parse("f", []byte(text))
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		if len(spec.Versions) != 2 || spec.Duration.Iterations() < 1 || len(spec.Criteria.Objectives) == 0 {
			t.Errorf("no experiment: %+v", spec)
		}
		for _, task := range spec.Finish {
			if _, err := task.Helm(spec.Candidate()); err != nil {
				t.Errorf("a task that was accepted cannot be done: %v", err)
			}
		}
		if _, err := json.Marshal(spec); err != nil {
			t.Errorf("cannot be recorded: %v", err)
		}
	})
}

// Whatever a line of a record holds, it is refused, or it survives being written again, and a
// state that meets it stays usable.
func FuzzEvent(f *testing.F) {
	for i, fact := range facts(f) {
		line, err := json.Marshal(Event{i + 1, start(), fact})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(line))
	}
	f.Fuzz(func(t *testing.T, line string) {
		var e, back Event
		if json.Unmarshal([]byte(line), &e) != nil {
			return
		}
		once, err := json.Marshal(e)
		if err != nil {
			t.Fatalf("%s cannot be written: %v", line, err)
		}
		if err := json.Unmarshal(once, &back); err != nil {
			t.Fatalf("%s cannot be read: %v", once, err)
		}
		twice, err := json.Marshal(back)
		if err != nil || string(once) != string(twice) {
			t.Errorf("want %s\n got %s, %v", once, twice, err)
		}
		for _, s := range []State{{}, begin(tutorial(t), BaselineOnly(2)).state} {
			s = s.Apply(e)
			for _, wish := range Wishes() {
				if err := s.Permits(Command{Wish: wish}); err != nil && strings.TrimSpace(err.Error()) == "" {
					t.Errorf("%s is refused without words", wish)
				}
			}
		}
	})
}
