package experiment

import (
	"slices"
	"time"

	"perch/experiment/evidence"
)

// A Weighing is what the evidence of a run amounts to: the judge's memory and its call.
type Weighing struct {
	State  evidence.State `json:"state"`
	Call   evidence.Call  `json:"call"`
	Of     []int          `json:"of"`               // which of the spec's objectives each of the judge's is about
	To     time.Time      `json:"to,omitzero"`      // the newest scrape that was counted
	Ledger []LedgerLine   `json:"ledger,omitempty"` // the latest intervals, oldest first, at most ledgerLimit
}

// A LedgerLine is what one interval did to the evidence, and on how much.
type LedgerLine struct {
	evidence.Line
	Requests int64 `json:"requests,omitempty"` // of the candidate
}

// patience is how many looks a scrape may take to come before it counts as missing.
const patience = 3

// ledgerLimit is how many intervals can be looked back at.
const ledgerLimit = 120

// Family is the family of series that a spec's evidence is counted in: that of the first objective
// which has one. Objectives on metrics of other families, or of none, are judged by their values.
func (s State) Family() string {
	for _, o := range s.Spec().Criteria.Objectives {
		if m := s.Metric(o.Metric); m.Family != "" && m.Kind != "" {
			return m.Family
		}
	}
	return ""
}

// weighed begins the weighing, where the run has settings for it and something can be counted.
func (s State) weighed(f Initialized) *Weighing {
	if s.Setup.Evidence == nil {
		return nil
	}
	objectives, of := s.counted()
	if len(objectives) == 0 {
		return nil
	}
	var history []evidence.Interval
	for _, t := range f.History {
		history = append(history, interval(s.Since, t, Tally{To: t.To}, 0))
	}
	settings := *s.Setup.Evidence
	settings.WhenUndecided = evidence.KeepBaseline
	if s.Setup.Policy.OnInconclusive.patient() {
		settings.WhenUndecided = evidence.PointEstimate
	}
	st := evidence.New(settings, s.plan(f.LookSeconds), objectives, history)
	return &Weighing{State: st, Call: st.Call(), Of: of}
}

// plan is what the spec allows the judge.
func (s State) plan(lookSeconds float64) evidence.Plan {
	d, strategy := s.Spec().Duration, s.Spec().Strategy
	look := time.Duration(lookSeconds * float64(time.Second))
	if look <= 0 || look > d.Interval() {
		look = d.Interval()
	}
	return evidence.Plan{
		Interval: d.Interval(), Look: look, Budget: time.Duration(s.Iterations()) * d.Interval(),
		MaxWeight: strategy.MaxCandidateWeight, MaxIncrement: strategy.MaxCandidateWeightIncrement,
	}
}

// counted lists the limits that counts can prove, and which objective of the spec each belongs to.
func (s State) counted() (list []evidence.Objective, of []int) {
	family := s.Family()
	for i, o := range s.Spec().Criteria.Objectives {
		m := s.Metric(o.Metric)
		if m.Kind == "" || m.Family != family {
			continue
		}
		for _, limit := range []struct {
			value *float64
			lower bool
		}{{o.UpperLimit, false}, {o.LowerLimit, true}} {
			if limit.value != nil {
				list = append(list, evidence.Objective{
					Kind: evidence.Kind(m.Kind), Quantile: m.Quantile, Limit: *limit.value, Lower: limit.lower,
					Relative: o.Relative,
				})
				of = append(of, i)
			}
		}
	}
	return list, of
}

// interval makes the judge's view of one scrape of both versions.
func interval(since time.Time, baseline, candidate Tally, weight int) evidence.Interval {
	i := evidence.Interval{
		Start: baseline.From.Sub(since), End: baseline.To.Sub(since), Weight: weight,
		Bounds: baseline.Bounds, Baseline: baseline.counts(), Candidate: candidate.counts(),
	}
	for _, t := range []Tally{baseline, candidate} {
		if t.Missing != "" {
			i.Missing = string(t.Missing)
		}
	}
	if len(i.Bounds) == 0 { // a version without requests has no histogram
		i.Bounds = candidate.Bounds
	}
	return i
}

func (t Tally) counts() evidence.Counts {
	return evidence.Counts{Requests: t.Requests, Errors: t.Errors, Buckets: t.Buckets, Sum: t.Sum}
}

// countedUp folds the counts of the scrapes since the last look into the weighing.
func (s State) countedUp(f Counted) State {
	s.NextCount = f.Next
	if s.Weighing == nil {
		return s
	}
	w := *s.Weighing
	w.Ledger = slices.Clone(w.Ledger)
	intervals := s.intervals(f)
	for n, i := range intervals {
		i.Rise = f.Rise && n == len(intervals)-1
		w.State = w.State.Step(i)
		w.Call = w.State.Call()
		if n := len(w.Ledger); n == 0 || w.Ledger[n-1].End != w.Call.Line.End { // after its last word the judge says the same
			w.Ledger = append(w.Ledger, LedgerLine{w.Call.Line, i.Candidate.Requests})
		}
		if i.Missing == "" {
			w.To = s.Since.Add(i.End)
		}
	}
	if extra := len(w.Ledger) - ledgerLimit; extra > 0 {
		w.Ledger = w.Ledger[extra:]
	}
	s.Weighing = &w
	return s
}

// intervals pairs the tallies of both versions by their scrape.
func (s State) intervals(f Counted) []evidence.Interval {
	family, weight := s.Family(), s.Seen.Split.Candidate()
	baseline, candidate := s.Spec().Baseline().Name, s.Spec().Candidate().Name
	var list []evidence.Interval
	for _, t := range f.Tallies {
		if t.Family != family || t.Version != baseline {
			continue
		}
		other := Tally{From: t.From, To: t.To, Missing: NoSeries}
		for _, c := range f.Tallies {
			if c.Family == family && c.Version == candidate && c.To.Equal(t.To) {
				other = c
			}
		}
		i := interval(s.Since, t, other, weight)
		if i.Missing != "" { // nothing was scraped: time has passed all the same
			i.Start, i.End = s.Weighing.until(s.Since).Sub(s.Since), s.At.Sub(s.Since)
		}
		if t.Missing == Stale && i.End-i.Start < patience*s.Weighing.State.Plan.Look {
			continue // no scrape was due yet, or it is a little late
		}
		list = append(list, i)
	}
	return list
}

// until is up to when counts are known.
func (w Weighing) until(since time.Time) time.Time {
	if w.To.IsZero() {
		return since
	}
	return w.To
}
