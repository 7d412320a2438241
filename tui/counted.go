package tui

import (
	"fmt"
	"strings"

	"perch/experiment"
	"perch/experiment/evidence"
)

// decided is a decision, and how far the proofs are where there are any.
func (n *entry) decided(s experiment.State, f experiment.Decided) {
	n.tone, n.text = decisionTone(f.Decision), f.Decision.Reason
	if s.Weighing != nil {
		c := s.Weighing.Call
		n.gist = n.text
		n.text += fmt.Sprintf(" (certified %s, alarm %s)", percent(levelPercent(c.Certified)), percent(levelPercent(c.Alarm)))
	}
}

// counted says what the candidate did since the last scrape, and what that did to the evidence. It is
// quiet unless a flag, a verdict or the phase has changed.
func (n *entry) counted(before, s experiment.State, f experiment.Counted) {
	n.quiet = true
	n.text = talliesWords(versionName(s, candidateIndex), f.Tallies)
	if s.Weighing == nil || before.Weighing == nil {
		return
	}
	line, was := latestLine(s), latestLine(before)
	if line.Flag == evidence.Judged {
		n.text += fmt.Sprintf(": certified %s, alarm %s", stepWords(before.Weighing.Call.Certified, s.Weighing.Call.Certified),
			stepWords(before.Weighing.Call.Alarm, s.Weighing.Call.Alarm))
	} else {
		n.text += ": " + flagWords(line)
	}
	changes := changeOfCall(before, s)
	flag := line.Flag != was.Flag && len(before.Weighing.Ledger) > 0
	if flag && line.Flag == evidence.Judged {
		changes = append([]string{"judged from now on"}, changes...)
	}
	if len(changes) > 0 {
		n.text += "; " + strings.Join(changes, "; ")
	}
	if flag && line.Flag != evidence.Judged {
		changes = append([]string{flagWords(line)}, changes...)
	}
	n.gist, n.quiet = strings.Join(changes, "; "), len(changes) == 0
	if !n.quiet {
		n.tone = phaseTone(s.Weighing.Call.Phase)
	}
}

// latestLine is what the latest interval did.
func latestLine(s experiment.State) evidence.Line {
	if l := s.Weighing.Ledger; len(l) > 0 {
		return l[len(l)-1].Line
	}
	return evidence.Line{}
}

// changeOfCall lists what is new in a call: the phase and the reason for it, and verdicts.
func changeOfCall(before, s experiment.State) []string {
	var list []string
	was, is := before.Weighing.Call, s.Weighing.Call
	if was.Phase != is.Phase {
		list = append(list, fmt.Sprintf("%s: %s", strings.ToLower(phaseWords(is.Phase)), is.Reason))
	}
	sc := scene{State: s}
	for k, a := range is.Objectives {
		if k >= len(was.Objectives) || was.Objectives[k].Verdict == a.Verdict {
			continue
		}
		list = append(list, sc.limitName(k)+" is "+verdictWords(a.Verdict))
	}
	return list
}

func verdictWords(v evidence.Verdict) string {
	switch v {
	case evidence.Satisfied:
		return "proven"
	case evidence.Violated:
		return "violated"
	case evidence.Undecided:
	}
	return "undecided"
}

// stepWords writes how a meter moved, "39 → 42 %".
func stepWords(from, to float64) string {
	if a, b := levelPercent(from), levelPercent(to); a != b {
		return fmt.Sprintf("%d → %s", a, percent(b))
	}
	return percent(levelPercent(to))
}

// talliesWords sums up a version's tallies: "412 requests of candidate, 3 failed".
func talliesWords(version string, tallies []experiment.Tally) string {
	var served, failed int64
	missing := ""
	for _, t := range tallies {
		if t.Version != version {
			continue
		}
		served, failed = served+t.Requests, failed+t.Errors
		if t.Missing != "" {
			missing = ", no data (" + string(t.Missing) + ")"
		}
	}
	text := fmt.Sprintf("%s of %s", requests(served), version)
	if failed > 0 {
		text += fmt.Sprintf(", %s failed", evidence.Thousands(failed))
	}
	return text + missing
}
