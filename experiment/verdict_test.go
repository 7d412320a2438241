package experiment

import (
	"errors"
	"fmt"
	"testing"
)

func TestVerdictText(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]Verdict{"unknown": Unknown, "satisfied": Satisfied, "violated": Violated} {
		text, err := v.MarshalText()
		if err != nil || string(text) != want {
			t.Errorf("want %s, got %s, %v", want, text, err)
		}
		back := Violated
		if err := back.UnmarshalText(text); err != nil || back != v {
			t.Errorf("%s is read as %s, %v", text, back, err)
		}
	}
	v := Satisfied
	if err := v.UnmarshalText([]byte("good")); errorText(err) != `"good" is no verdict` || v != Satisfied {
		t.Errorf("want an error and nothing changed, got %v and %s", err, v)
	}
}

func TestJudgementOfAVersion(t *testing.T) {
	t.Parallel()
	j := func(verdicts ...Verdict) Judgement {
		var j Judgement
		for _, v := range verdicts {
			j.Assessments = append(j.Assessments, Assessment{Version: "a", Verdict: v}, Assessment{Version: "b", Verdict: Violated})
		}
		return j
	}
	for _, row := range []struct {
		name string
		j    Judgement
		want Verdict
	}{
		{"all satisfied", j(Satisfied, Satisfied), Satisfied},
		{"one unknown", j(Satisfied, Unknown), Unknown},
		{"one violated", j(Satisfied, Violated), Violated},
		{"violated beside unknown", j(Unknown, Violated), Violated},
		{"violated before unknown", j(Violated, Unknown), Violated},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := row.j.of("a"); got != row.want {
				t.Errorf("want %s, got %s", row.want, got)
			}
		})
	}
}

func TestDecisionOf(t *testing.T) {
	t.Parallel()
	d := Decision{Assessments: []Assessment{{1, "a", Satisfied, "1 ms"}, {1, "b", Violated, "9 ms > 5 ms"}}}
	if got := d.Of(1, "b"); got.Verdict != Violated {
		t.Errorf("want violated, got %+v", got)
	}
	if got, want := d.Of(0, "b"), (Assessment{Objective: 0, Version: "b"}); got != want {
		t.Errorf("want %+v, got %+v", want, got)
	}
}

func TestJudgeNamed(t *testing.T) {
	t.Parallel()
	if judge, err := JudgeNamed("iter8"); err != nil || judge == nil {
		t.Errorf("want a judge, got %v", err)
	}
	if _, err := JudgeNamed("dredd"); errorText(err) != `there is no judge "dredd"` || HintOf(err) == "" {
		t.Errorf("want an error with a hint, got %v", err)
	}
}

func TestHintOf(t *testing.T) {
	t.Parallel()
	cause := errors.New("connection refused")
	inner := WithHint(cause, "start it")
	for _, row := range []struct {
		name string
		err  error
		want string
	}{
		{"none", cause, ""},
		{"no error", nil, ""},
		{"hinted", inner, "start it"},
		{"under other words", fmt.Errorf("ask: %w", inner), "start it"},
		{"the nearest", WithHint(fmt.Errorf("ask: %w", inner), "look"), "look"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := HintOf(row.err); got != row.want {
				t.Errorf("want %q, got %q", row.want, got)
			}
		})
	}
	if !errors.Is(inner, cause) || inner.Error() != "connection refused" {
		t.Errorf("the hint hides the error: %v", inner)
	}
}
