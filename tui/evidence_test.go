package tui

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"perch/experiment"
	"perch/experiment/evidence"
)

// TestTheScreenSaysWhyAndHowLong: somebody who knows no statistics must find both, in words.
func TestTheScreenSaysWhyAndHowLong(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		tape *tape
		want []string
	}{
		"warming":     {warming(t), []string{"WARMING UP at 5 %", "not judged for another 20s", "not judged yet: the candidate is young"}},
		"exploring":   {exploring(t), []string{"EXPLORING at 45 %", "needs about 2,400 more requests", "decision in 2–5 min, about 2,400 more requests"}},
		"bursts":      {exploring(t), []string{"10,120 requests count as 410: errors come in bursts"}},
		"excluded":    {accelerating(t), []string{"1:10, in which the baseline was out of its limits too", "excluded", "rewound", "no scrape: unreachable"}},
		"alarmed":     {alarmed(t), []string{"HOLDING at 45 %", "error rate 1.64 % against a limit of 1 %", "decision within 3 min", "47 % worst: error rate"}},
		"silent":      {silent(t), []string{"HOLDING at 45 %", "no newer scrape", "waits for data: no newer scrape", "no data"}},
		"quarantined": {quarantined(t), []string{"QUARANTINED at 25 %", "but the baseline may have the same trouble"}},
		"proven":      {proven(t), []string{"AWAITING APPROVAL", "every limit is kept", "100 % slowest: error rate"}},
		"condemned":   {condemned(t), []string{"ROLLING BACK", "violated", "a limit is violated, by the candidate's fault"}},
		"hopeless":    {hopeless(t), []string{"UNDECIDED", "the time left is too short", "nothing more can be proven in time"}},
		"late":        {late(t), []string{"decision in 7–31 min", "but only 9:11 is left", "by value only"}},
	}
	for name, row := range rows {
		view := screen(t, driving(), row.tape.events, 150, 50).View()
		for _, want := range row.want {
			if !strings.Contains(view, want) {
				t.Errorf("%s: no %q in:\n%s", name, want, view)
			}
		}
	}
}

// TestNobodyIsToldAProbability: evidence is no probability that a candidate is good.
func TestNobodyIsToldAProbability(t *testing.T) {
	t.Parallel()
	for name, tp := range weighings(t) {
		var report bytes.Buffer
		if err := Describe(&report, tp.state, Appearance{NoColor: true}); err != nil {
			t.Fatal(err)
		}
		help := newHand(t, tp, 120, 200).press("?").now().View()
		view := screen(t, driving(), tp.events, 200, 50).View()
		for _, text := range []string{report.String(), help, view} {
			if strings.Contains(strings.ToLower(text), "probab") {
				t.Errorf("%s speaks of probability:\n%s", name, text)
			}
		}
	}
}

// TestSmallScreensKeepTheProofs: 80 columns have a bar in each row and both meters in one; 60 have
// the sentence and the verdicts.
func TestSmallScreensKeepTheProofs(t *testing.T) {
	t.Parallel()
	lines := strings.Split(screen(t, driving(), exploring(t).events, 80, 24).View(), "\n")
	bars, meters := 0, 0
	for _, line := range lines {
		if strings.Contains(line, "●") && strings.Contains(line, "│") && (strings.Contains(line, "proven") || strings.Contains(line, "undecided")) {
			bars++
		}
		if strings.Contains(line, "certified ") && strings.Contains(line, "alarm ") {
			meters++
		}
	}
	if bars != 3 || meters != 1 {
		t.Errorf("%d rows with a bar and a verdict, want 3; %d rows of meters, want 1:\n%s", bars, meters, strings.Join(lines, "\n"))
	}
	small := screen(t, driving(), exploring(t).events, 60, 16).View()
	if !strings.Contains(small, "EXPLORING") || strings.Count(small, "undecided") != 2 || !strings.Contains(small, "proven") {
		t.Errorf("60x16 lacks the sentence or a verdict:\n%s", small)
	}
}

func TestRangeBar(t *testing.T) {
	t.Parallel()
	limit, value, high := 10.0, 4.0, 8.0
	far := 40.0
	rows := map[string]struct {
		a         evidence.Assessment
		tolerated float64
		want      string
	}{
		"inside":       {evidence.Assessment{Limit: &limit, Candidate: &value, Range: &evidence.Range{Low: 2, High: &high}}, 12.5, "··━━━●━━━━·│··┊·····"},
		"across":       {evidence.Assessment{Limit: &limit, Candidate: &value, Range: &evidence.Range{Low: 2, High: &far}}, 12.5, "··━━━●━━━━━│━━┊━━━━→"},
		"unbounded":    {evidence.Assessment{Limit: &limit, Candidate: &value, Range: &evidence.Range{Low: 2}}, 0, "··━━━●━━━━━│━━━━━━━→"},
		"beyond":       {evidence.Assessment{Limit: &limit, Candidate: &far, Range: &evidence.Range{Low: 30, High: &far}}, 12.5, "···········│··┊····→"},
		"no range":     {evidence.Assessment{Limit: &limit, Candidate: &value}, 0, "·····●·····│········"},
		"no data":      {evidence.Assessment{Limit: &limit}, 12.5, "···········│··┊·····"},
		"no limit yet": {evidence.Assessment{Candidate: &value}, 0, "····················"},
		"limit of 0":   {evidence.Assessment{Limit: new(float64), Candidate: &value}, 0, "····················"},
	}
	sc := scene{styles: newStyles(Appearance{NoColor: true})}
	// The limit of 10 stands at 60 % of 19 columns, rounded to 11; so a unit is 1.14 columns.
	for name, row := range rows {
		if got := sc.rangeBar(row.a, row.tolerated, candidate, 20); got != row.want {
			t.Errorf("%s: got %s, want %s", name, got, row.want)
		}
	}
}

func TestSpanWords(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		soonest, latest time.Duration
		want            string
	}{
		"now":     {0, 0, "at the next look"},
		"seconds": {12 * time.Second, 61 * time.Second, "in 10–70 s"},
		"soon":    {3 * time.Second, 8 * time.Second, "within 10 s"},
		"minutes": {130 * time.Second, 290 * time.Second, "in 2–5 min"},
		"within":  {30 * time.Second, 290 * time.Second, "within 5 min"},
		"exact":   {5 * time.Minute, 5 * time.Minute, "in about 5 min"},
		"hours":   {2 * time.Hour, 7*time.Hour + time.Second, "in 2–8 h"},
	}
	for name, row := range rows {
		if got := spanWords(evidence.Forecast{Known: true, Soonest: row.soonest, Latest: row.latest}); got != row.want {
			t.Errorf("%s: %v to %v: got %q, want %q", name, row.soonest, row.latest, got, row.want)
		}
	}
}

// TestOnlyAProofIsWhole: a meter that is nearly full must not look like a proof.
func TestOnlyAProofIsWhole(t *testing.T) {
	t.Parallel()
	for level, want := range map[float64]int{-0.2: 0, 0: 0, 0.004: 0, 0.18: 18, 0.999: 99, 1: 100, 3.1: 100} {
		if got := levelPercent(level); got != want {
			t.Errorf("a level of %v is %d %%, want %d %%", level, got, want)
		}
	}
}

func TestTolerated(t *testing.T) {
	t.Parallel()
	limit := 50.0
	share := 0.01
	for name, row := range map[string]struct {
		o     evidence.Objective
		limit *float64
		want  string
	}{
		"mean":     {evidence.Objective{Kind: evidence.Mean}, &limit, "62.5"},
		"lower":    {evidence.Objective{Kind: evidence.Mean, Lower: true}, &limit, "40"},
		"share":    {evidence.Objective{Kind: evidence.ErrorRate}, &share, "0.01247"},
		"ratio":    {evidence.Objective{Kind: evidence.ErrorRate, Relative: true}, &share, "0.0125"},
		"quantile": {evidence.Objective{Kind: evidence.Quantile}, &limit, "0"},
		"unknown":  {evidence.Objective{Kind: evidence.Mean}, nil, "0"},
	} {
		sc := scene{State: experiment.State{Weighing: &experiment.Weighing{
			State: evidence.State{Settings: evidence.Balanced(), Objectives: []evidence.Objective{row.o}},
			Call:  evidence.Call{Objectives: []evidence.Assessment{{Limit: row.limit}}},
		}}}
		if got := experiment.Units("").Format(sc.tolerated(0)); got != row.want {
			t.Errorf("%s: got %s, want %s", name, got, row.want)
		}
	}
}

// BenchmarkEvidence is a frame of a large screen, with an hour of counts behind it.
func BenchmarkEvidence(b *testing.B) {
	benchmarkFrames(b, counting(b, 60, 9))
}

func TestProofLimit(t *testing.T) {
	t.Parallel()
	lower, upper, absolute := 0.5, 1.2, 60.0
	for name, row := range map[string]struct {
		o     experiment.Objective
		lower bool
		limit *float64
		want  string
	}{
		"upper of two":     {experiment.Objective{LowerLimit: &lower, UpperLimit: &upper}, false, &upper, "≤ 1.2"},
		"lower of two":     {experiment.Objective{LowerLimit: &lower, UpperLimit: &upper}, true, &lower, "≥ 0.5"},
		"relative":         {experiment.Objective{UpperLimit: &upper, Relative: true}, false, &absolute, "≤ 60"},
		"relative, lower":  {experiment.Objective{LowerLimit: &lower, Relative: true}, true, &absolute, "≥ 60"},
		"not known so far": {experiment.Objective{LowerLimit: &lower, UpperLimit: &upper, Relative: true}, true, nil, "≥ 0.5×"},
	} {
		sc := scene{State: experiment.State{Weighing: &experiment.Weighing{
			State: evidence.State{Objectives: []evidence.Objective{{Lower: row.lower}}},
			Call:  evidence.Call{Objectives: []evidence.Assessment{{Limit: row.limit}}}, Of: []int{0},
		}}}
		sc.Setup.Spec.Criteria.Objectives = []experiment.Objective{row.o}
		if got := sc.proofLimit(proofRow{tableRow{objective: 0}, 0}); got != row.want {
			t.Errorf("%s: got %q, want %q", name, got, row.want)
		}
	}
}
