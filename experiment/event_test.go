package experiment

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// facts has one fact of each kind, with every field set.
func facts(tb testing.TB) []Fact {
	tb.Helper()
	at := start().Add(time.Minute)
	split := weights(tb, 75, 25)
	traffic := Traffic{Split: split, Settled: true, ChangedBy: "kubectl", ChangedAt: at}
	plan := Plan{Version: "candidate", Upgrades: []Upgrade{{
		Release: "shop", Namespace: "default", Chart: "shop", ChartVersion: "1.0.0", From: 1, To: 2, Values: []string{"v.yaml"},
		Changes: []Change{{"name", "a", "b"}}, Wait: "up to 5m",
	}}}
	command := Command{Wish: Approve, By: "ann", Answers: 7}
	decision := Decision{
		Kind: Advance, Split: split, Winner: "candidate", Reason: "why",
		Assessments: []Assessment{{0, "candidate", Satisfied, "1 ms"}, {1, "candidate", Violated, "2 > 1"}, {2, "candidate", Unknown, "no series"}},
	}
	before := State{
		Times: Times{Since: at, At: at, Next: at}, Setup: Started{Judge: "iter8", Spec: tutorial(tb)}, Seq: 9, Stage: Running,
		Iteration: 2, Wanted: split, Seen: traffic, History: []Look{{Iteration: 2, At: at, Split: split, Decision: decision}},
		Held: &command, Outage: 1, Owners: []Owner{{"Flux", "shop", "commit it"}}, Finish: Finish{Version: "candidate"},
	}
	driver := Driver{Run: "1a2b", Holder: "ann@laptop", Since: at, Expires: at.Add(time.Minute)}
	policy := Policy{OnDrift: DriftRepairs, OutageBudget: 3}
	return []Fact{
		Started{
			Perch: "1", Context: "prod", Judge: "iter8", Spec: tutorial(tb), Metrics: known(), Record: "r.jsonl",
			Driver: driver, Policy: policy,
		},
		Waiting{For: "the target", Until: at},
		Initialized{Variables: map[string]map[string]string{"current": {"a": "b"}}, Traffic: traffic, Next: at},
		Measured{
			Iteration: 3, Traffic: &traffic, TookMS: 12, Next: at,
			Samples: []Sample{
				{Metric: "a/b", Version: "current", Value: new(0.1), Requests: new(1e9), Query: "up", Detail: "<&>"},
				{Metric: "a/b", Version: "candidate", Missing: Unreachable, Detail: "refused"},
			},
		},
		Decided{Iteration: 3, Decision: decision},
		Shifted{From: BaselineOnly(2), Asked: split, Traffic: traffic, TookMS: 5},
		Drifted{Asked: split, Traffic: traffic},
		Asked{Question: ToPromote, Version: "candidate", Plan: plan, For: []string{"a"}, Against: []string{"b"}},
		Obeyed{command},
		Refused{command, "not now"},
		Promoting{Version: "candidate", Plan: plan},
		Reversed{Version: "candidate"},
		Recovered{Details: "release shop, rolled back to revision 1"},
		Withdrawn{Version: "candidate"},
		Promoted{Version: "candidate", Details: "revision 2", Traffic: traffic, TookMS: 9},
		RolledBack{From: split, Reason: "asked", Traffic: traffic, TookMS: 9},
		Troubled{Doing: "shift", What: "conflict", Hint: "wait"},
		Ended{Outcome: OutcomePromoted, Reason: "done", Version: "candidate", Traffic: &traffic},
		Resumed{Driver: driver, Record: "s.jsonl", Policy: policy, Before: &before},
		Watched{State: &before, Driver: driver},
	}
}

func TestEventsSurviveTheRecord(t *testing.T) {
	t.Parallel()
	for i, f := range facts(t) {
		t.Run(f.name(), func(t *testing.T) {
			t.Parallel()
			want := Event{i + 1, start().Add(time.Duration(i) * time.Nanosecond), f}
			line, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(line), "\n") {
				t.Errorf("more than a line: %s", line)
			}
			var got Event
			if err := json.Unmarshal(line, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s\n%s", line, diff)
			}
		})
	}
}

// The zero values are what a record holds when little is known: an unknown split, no traffic.
func TestEmptyFactsSurviveTheRecord(t *testing.T) {
	t.Parallel()
	for _, f := range []Fact{
		Waiting{}, Initialized{}, Measured{}, Decided{}, Shifted{}, Drifted{}, Asked{}, Obeyed{}, Refused{}, Promoting{},
		Reversed{}, Recovered{}, Withdrawn{}, Promoted{}, RolledBack{}, Troubled{}, Ended{}, Resumed{}, Watched{}, Started{Spec: tutorial(t)},
	} {
		want := Event{1, start(), f}
		line, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Event
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", line, diff)
		}
	}
}

func TestEventIsOneFlatObject(t *testing.T) {
	t.Parallel()
	line, err := json.Marshal(Event{7, start(), Troubled{Doing: "shift", What: "conflict"}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"seq":7,"at":"2026-03-01T12:00:00Z","fact":"troubled","doing":"shift","what":"conflict"}`
	if string(line) != want {
		t.Errorf("want %s\n got %s", want, line)
	}
}

func TestEventRefuses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, line, want string }{
		{"unknown fact", `{"seq":1,"at":"2026-03-01T12:00:00Z","fact":"danced"}`, `unknown event "danced"`},
		{"no fact", `{"seq":1}`, `unknown event ""`},
		{"null", `null`, `unknown event ""`},
		{"wrong field", `{"seq":4,"fact":"waiting","for":5}`, "event 4, waiting: json: cannot unmarshal number"},
		{"split that does not sum", `{"seq":4,"fact":"shifted","from":[50,40]}`, "event 4, shifted: weights [50 40] sum to 90, want 100"},
		{"unknown verdict", `{"seq":4,"fact":"decided","decision":{"assessments":[{"verdict":"fine"}]}}`, `event 4, decided: "fine" is no verdict`},
		{"no object", `[1]`, "json: cannot unmarshal array"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var e Event
			err := json.Unmarshal([]byte(row.line), &e)
			if err == nil || !strings.HasPrefix(err.Error(), row.want) || e.Fact != nil {
				t.Errorf("want %q, got %v with %+v", row.want, err, e)
			}
			if strings.HasPrefix(row.want, "unknown event") && HintOf(err) == "" {
				t.Error("want a hint")
			}
		})
	}
}
