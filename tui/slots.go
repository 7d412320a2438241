package tui

import (
	"strconv"

	"perch/experiment"
)

// A slot is one iteration on the way of the candidate's weight: measured, being measured, or to come.
type slot struct {
	label  string // the number of the iteration; "" when it is the one before again; "end"
	weight int    // in percent; of the future: what the limits allow
	tone   tone   // what the candidate's verdicts were
	kind   slotKind
}

type slotKind int

const (
	past slotKind = iota
	present
	future
)

// slots are all looks so far, the iteration that is going on, and those to come.
func (sc scene) slots() []slot {
	var list []slot
	last := 0
	for _, look := range sc.History {
		s := slot{weight: look.Split.Candidate(), tone: sc.lookTone(look)}
		if look.Iteration != last {
			s.label, last = strconv.Itoa(look.Iteration), look.Iteration
		}
		list = append(list, s)
	}
	if sc.Ended != nil {
		if seen := lastSeen(sc.State); seen.Split.Known() {
			list = append(list, slot{label: "end", weight: seen.Split.Candidate(), tone: plain})
		}
		return list
	}
	if sc.Stage == experiment.RollingBack || sc.Stage == experiment.Finishing {
		return list
	}
	kind, weight, most := present, sc.Seen.Split.Candidate(), sc.Spec().Strategy.MaxCandidateWeight
	for i := sc.Iteration + 1; i <= sc.Iterations(); i++ {
		list = append(list, slot{label: strconv.Itoa(i), weight: weight, kind: kind})
		kind = future
		if sc.Held == nil && weight < most {
			weight = min(most, weight+sc.Spec().Strategy.MaxCandidateWeightIncrement)
		}
	}
	return list
}

// lookTone is the worst verdict of the candidate in a look.
func (sc scene) lookTone(look experiment.Look) tone {
	worst := met
	if look.Decision.Kind == "" {
		return plain
	}
	for i := range sc.Spec().Criteria.Objectives {
		switch look.Decision.Of(i, versionName(sc.State, candidateIndex)).Verdict {
		case experiment.Violated:
			return missed
		case experiment.Unknown:
			worst = unknown
		case experiment.Undecided:
			if worst == met {
				worst = open
			}
		case experiment.Satisfied:
		}
	}
	return worst
}

// window keeps the slots that a row has room for: the present one in sight, with two of the future
// behind it, and the newest of the past before it.
func window(list []slot, room int) []slot {
	if len(list) <= room {
		return list
	}
	now := 0
	for i, s := range list {
		if s.kind != future {
			now = i
		}
	}
	start := min(max(0, now+3-room), len(list)-room)
	return list[start : start+max(0, room)]
}
