package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
	"perch/runner"
	"perch/tui"
)

// A fakePost has the run of a record, one more event of it every second.
type fakePost struct {
	events []experiment.Event
	begun  time.Time
	each   time.Duration
	fails  func(at time.Duration) error
	driver experiment.Driver
	renews time.Duration // for how long the driver renews its lease
}

func newPost(t *testing.T, record string) *fakePost {
	t.Helper()
	data, err := os.ReadFile("../testdata/" + record)
	if err != nil {
		t.Fatal(err)
	}
	events, _, err := runner.ReadRecord(record, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return &fakePost{events: events, begun: time.Now(), each: 3 * time.Second, renews: time.Hour,
		driver: experiment.Driver{Run: "r", Holder: "ann@ci-7", Since: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}}
}

func (p *fakePost) passed() time.Duration { return time.Since(p.begun) }

// Load has the checkpoint of the moment.
func (p *fakePost) Load(context.Context, experiment.Target) ([]byte, bool, error) {
	if p.fails != nil {
		if err := p.fails(p.passed()); err != nil {
			return nil, false, err
		}
	}
	n := min(int(p.passed()/p.each)+4, len(p.events))
	if p.events == nil {
		return nil, false, nil
	}
	data, err := json.Marshal(experiment.Fold(p.events[:n]).Snapshot())
	return data, true, err
}

// Driver is who drives.
func (p *fakePost) Driver(context.Context, experiment.Target) (experiment.Driver, error) {
	d := p.driver
	if d.Run != "" {
		d.Expires = p.begun.Add(min(p.passed(), p.renews) + 15*time.Second)
	}
	return d, nil
}

// seen looks on with plain lines until the end, or for so long.
func seen(t *testing.T, p *fakePost, most time.Duration) (string, experiment.State, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	var text strings.Builder
	s, err := lookOn(ctx, lookout{p, experiment.Target{Namespace: "default", Name: "sample-app"}}, feed(tui.Lines(&text, true)))
	return text.String(), s, err
}

func TestWatchShowsARunToItsEnd(t *testing.T) {
	t.Parallel()
	for record, outcome := range map[string]experiment.Outcome{
		"promoted.jsonl": experiment.OutcomePromoted, "rolled-back.jsonl": experiment.OutcomeRolledBack,
	} {
		t.Run(record, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				text, s, err := seen(t, newPost(t, record), time.Hour)
				if err != nil || s.Ended == nil || s.Ended.Outcome != outcome {
					t.Fatalf("want %s, got %+v, %v", outcome, s.Ended, err)
				}
				for _, want := range []string{
					"started    canary-progressive on default/sample-app", "watched    driven by ann@ci-7 since 2026-03-01 12:00:00 UTC; ",
					"running, iteration 1/10, traffic is current 95 %, candidate 5 %", "ended      " + string(outcome),
				} {
					if !strings.Contains(text, want) {
						t.Errorf("want %q in\n%s", want, text)
					}
				}
				if n := strings.Count(text, "driven by ann@ci-7 since"); n != 1 {
					t.Errorf("who drives was said %d times, want once:\n%s", n, text)
				}
			})
		})
	}
}

func TestWatchSaysThatTheDriverIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPost(t, "promoted.jsonl")
		p.each, p.renews = time.Hour, 10*time.Second
		text, s, err := seen(t, p, time.Minute)
		want := "watched    driven by ann@ci-7, whose lease expired at 00:00:25\n" + strings.Repeat(" ", 20) + "hint: perch run goes on with it\n"
		if !strings.Contains(text, want) || s.Ended != nil || err != nil {
			t.Errorf("want %q, got %v, %+v in\n%s", want, err, s.Ended, text)
		}
	})
}

func TestWatchGoesOnThroughAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPost(t, "promoted.jsonl")
		p.fails = func(at time.Duration) error {
			if at > 20*time.Second && at < 40*time.Second {
				return errors.New("read the checkpoint of default/sample-app: connection refused")
			}
			return nil
		}
		text, s, err := seen(t, p, time.Hour)
		if n := strings.Count(text, "cannot watch: read the checkpoint"); n != 1 || s.Ended == nil || err != nil {
			t.Errorf("the outage was told %d times, and it ended %+v, %v", n, s.Ended, err)
		}
	})
}

func TestWatchOfNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		post       fakePost
		want, hint string
	}{
		"no run": {fakePost{}, "there is no run on default/sample-app", "perch run FILE begins one"},
		"one that begins": {fakePost{driver: experiment.Driver{Run: "r", Holder: "ann@ci-7"}},
			"default/sample-app is driven by ann@ci-7, and has no checkpoint yet", "try again in a moment"},
		"one of another version": {fakePost{events: []experiment.Event{{Fact: experiment.Started{}}}},
			"the checkpoint of default/sample-app cannot be read: the experiment has no candidate", "another version of Perch"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tt.post.each, tt.post.begun = time.Second, time.Now()
				text, _, err := seen(t, &tt.post, time.Hour)
				if err == nil || err.Error() != tt.want || !strings.Contains(experiment.HintOf(err), tt.hint) || text != "" {
					t.Errorf("want %q, got %v (%q) after %q", tt.want, err, experiment.HintOf(err), text)
				}
			})
		})
	}
}

func TestTargetOf(t *testing.T) {
	t.Parallel()
	for arg, want := range map[string]string{
		"default/sample-app": "default/sample-app", "../testdata/canary-progressive/experiment.yaml": "default/sample-app",
	} {
		if got, err := targetOf(arg); err != nil || got.String() != want {
			t.Errorf("%s: want %s, got %s, %v", arg, want, got, err)
		}
	}
	for _, arg := range []string{"sample-app", "a/b/c", "A/b", "nowhere.yaml", "nowhere/x.yaml"} {
		_, err := targetOf(arg)
		if _, usage := errors.AsType[usageError](err); !usage || experiment.HintOf(err) == "" {
			t.Errorf("%s: want a mistake with a way out, got %v", arg, err)
		}
	}
}

func TestAssertWaits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		conditions []string
		timeout    time.Duration
		record     string
		want       string
	}{
		"at once":                {[]string{"completed"}, 0, "promoted.jsonl", "experiment has not completed"},
		"too short":              {[]string{"completed"}, 5 * time.Second, "promoted.jsonl", "experiment has not completed"},
		"long enough":            {[]string{"completed", "winnerFound"}, time.Hour, "promoted.jsonl", ""},
		"the first that fails":   {[]string{"winnerFound", "completed"}, 0, "promoted.jsonl", "no winner found in experiment"},
		"a person rolled back":   {[]string{"completed", "winnerFound"}, time.Hour, "rolled-back.jsonl", "no winner found in experiment"},
		"the baseline is better": {[]string{"completed", "winnerFound"}, time.Hour, "baseline-kept.jsonl", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := lookout{newPost(t, tt.record), experiment.Target{}}
				ctx, cancel := context.WithTimeout(t.Context(), tt.timeout)
				defer cancel()
				got, err := await(ctx, func(ctx context.Context) (experiment.State, error) {
					s, _, err := l.look(ctx)
					return s, err
				}, tt.conditions)
				if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
					t.Errorf("%v: %s", err, diff)
				}
			})
		})
	}
}
