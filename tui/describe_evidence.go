package tui

import (
	"fmt"
	"slices"
	"strings"

	"perch/experiment/evidence"
)

// describeEvidence is what the counts prove, as text.
func (sc scene) describeEvidence() []string {
	if sc.Weighing == nil {
		return nil
	}
	c := sc.Weighing.Call
	list := []string{" " + sc.paint(title, "EVIDENCE")}
	add := func(name, text string) { list = append(list, sc.reportItem(name, text)...) }
	add("phase", strings.ToLower(phaseWords(c.Phase))+": "+c.Reason)
	add("certified", levelWords(c.Certified, "the slowest is "+sc.limitName(c.Slowest)))
	add("alarm", levelWords(c.Alarm, "the worst is "+sc.limitName(c.Worst)))
	if words := sc.forecastWords(); len(words) > 0 {
		add("forecast", words[0])
	}
	for k, o := range sc.Weighing.State.Objectives {
		add(sc.limitName(k), sc.provenWords(k, o))
	}
	for _, o := range sc.byValue() {
		add(o, "judged by its value only: there are no counts of it")
	}
	add("excluded", sc.excludedWords())
	add("intervals", sc.ledgerWords())
	if sc.Ended != nil && sc.Setup.Record != "" {
		add("again", "perch replay "+sc.Setup.Record)
	}
	return list
}

// levelWords writes a meter, and whose it is unless it is nobody's.
func levelWords(level float64, whose string) string {
	text := percent(levelPercent(level))
	if level > 0 {
		text += ", " + whose
	}
	return text
}

// provenWords says where the true value is, how sure that is, and what it rests on.
func (sc scene) provenWords(k int, o evidence.Objective) string {
	a, units := sc.assessment(k), sc.Metric(sc.Spec().Criteria.Objectives[sc.Weighing.Of[k]].Metric).Units
	var words []string
	if a.Candidate != nil {
		text := units.Format(*a.Candidate)
		if a.Range != nil {
			text += ", truly " + rangeWords(a.Range, units)
		}
		words = append(words, text)
	}
	if a.Limit != nil {
		text := "limit " + units.Format(*a.Limit)
		if o.Lower {
			text = "lower " + text
		}
		if t := sc.tolerated(k); t > 0 {
			text += ", tolerated " + units.Format(t)
		}
		words = append(words, text)
	}
	return strings.Join(append(words, verdictWords(a.Verdict), sc.restsOn(k, true)), "; ")
}

// byValue names the objectives that nothing is counted for.
func (sc scene) byValue() []string {
	var list []string
	for i, o := range sc.Spec().Criteria.Objectives {
		if !slices.Contains(sc.Weighing.Of, i) {
			list = append(list, sc.Metric(o.Metric).Label)
		}
	}
	return list
}

// ledgerWords counts the latest intervals by what became of them.
func (sc scene) ledgerWords() string {
	var words []string
	for _, flag := range []evidence.Flag{
		evidence.Judged, evidence.WarmingUp, evidence.Excluded, evidence.Rewound, evidence.NoScrape, evidence.NoTraffic,
	} {
		name := string(flag)
		if flag == evidence.Judged {
			name = "judged"
		}
		n, served := sc.flagged(flag)
		if n > 0 {
			words = append(words, fmt.Sprintf("%d %s (%s)", n, name, requests(served)))
		}
	}
	return strings.Join(words, ", ")
}

// flagged counts the intervals of the ledger with a flag, and the candidate's requests in them.
func (sc scene) flagged(flag evidence.Flag) (n int, served int64) {
	for _, l := range sc.Weighing.Ledger {
		if l.Flag == flag {
			n, served = n+1, served+l.Requests
		}
	}
	return n, served
}
