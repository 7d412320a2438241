package runner

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

// checkAnswers: every command that was taken has one answer.
func (m *model) checkAnswers() {
	for by, n := range m.watch.sent {
		if got := m.watch.answers[by]; got > 1 || got == 0 && n > 0 && !m.watch.life.dead.Load() {
			m.watch.broken("%q was taken %d times and answered %d times", by, n, got)
		}
	}
	clear(m.watch.sent)
	clear(m.watch.answers)
}

// checkEnd checks what a life that was not killed leaves.
func (m *model) checkEnd(l *life, s experiment.State) {
	o := m.watch
	if s.Ended == nil {
		o.broken("it has not ended")
		return
	}
	m.came[string(s.Ended.Outcome)]++
	m.checkStream(l.record, s)
	m.checkLastLine(s)
	switch s.Ended.Outcome {
	case experiment.OutcomePromoted:
		if !o.promoted || o.undo {
			o.broken("said to be promoted: it was %t, and to be rolled back %t", o.promoted, o.undo)
		}
	case experiment.OutcomeRolledBack, experiment.OutcomeBaselineKept:
		if !o.rolled || o.heading == "" {
			o.broken("said to be rolled back, and was not")
		}
	case experiment.OutcomeStopped, experiment.OutcomeTakenOver, experiment.OutcomePromotionFailed:
	case experiment.OutcomeUndecided, experiment.OutcomeFailed:
		if o.heading != "" {
			o.broken("ended %s instead of rolling back", s.Ended.Outcome)
		}
	}
	if o.heading != "" && !o.rolled && s.Ended.Outcome == experiment.OutcomeStopped && o.stopping == "" {
		o.broken("a roll back was given up, and nobody wanted that")
	}
}

// checkStream checks the form of a record, and that it is all there is to know.
func (m *model) checkStream(record []experiment.Event, s experiment.State) {
	ended := 0
	for i, e := range record {
		if e.Seq != i+1 {
			m.watch.broken("event %d has the number %d", i+1, e.Seq)
		}
		if e.Name() == "ended" {
			ended++
		}
		first, second := e.Name() == "started", e.Name() == "resumed"
		if first != (i == 0) || second && i != 1 {
			m.watch.broken("event %d is %q", i+1, e.Name())
		}
	}
	if ended != 1 || record[len(record)-1].Name() != "ended" {
		m.watch.broken("ended %d times", ended)
	}
	if got := experiment.Fold(record); !reflect.DeepEqual(got, s) {
		m.watch.broken("the fold of the record is not the last state: %s", cmp.Diff(s, got))
	}
	if m.seed%8 == 0 {
		m.checkReadBack(record, s)
	}
}

// checkReadBack takes a record the way of a file.
func (m *model) checkReadBack(record []experiment.Event, s experiment.State) {
	var text strings.Builder
	for _, e := range record {
		line, err := json.Marshal(e)
		if err != nil {
			m.t.Fatal(err)
		}
		text.Write(append(line, '\n'))
	}
	events, torn, err := ReadRecord("record", strings.NewReader(text.String()))
	if err != nil || torn {
		m.watch.broken("the record cannot be read: torn %t, %v", torn, err)
	}
	want, wrong := json.Marshal(s)
	got, err := json.Marshal(experiment.Fold(events))
	if string(want) != string(got) || err != nil || wrong != nil {
		m.watch.broken("a record that was read is another: %s", cmp.Diff(string(want), string(got)))
	}
}

// checkLastLine: the last event tells the split as it is, or says that it does not know.
func (m *model) checkLastLine(s experiment.State) {
	told := s.Seen.Split
	if s.Ended.Traffic != nil {
		told = s.Ended.Traffic.Split
	}
	if !told.Known() || s.Ended.LastSeen {
		return
	}
	if !m.world.hadLately(told, time.Now().Add(-observeTimeout)) {
		m.watch.broken("the last line tells %s, and the traffic is %s", told, m.world.split)
	}
}
