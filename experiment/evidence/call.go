package evidence

import "time"

// An Action is what should be done now.
type Action string

// The actions. RollBack and GiveUp are final. Promote is not: as long as nobody has acted on it,
// the judge looks on, and may change its mind.
const (
	Continue Action = "continue" // give the candidate Call.Weight and look again
	Promote  Action = "promote"  // every objective is proven to be kept
	RollBack Action = "rollBack" // an objective is proven to be violated, by the candidate's fault
	GiveUp   Action = "giveUp"   // neither can be proven: the baseline stays, a person may decide otherwise
)

// A Phase is where the experiment stands.
type Phase string

// The phases.
const (
	Warming      Phase = "warming"      // the candidate is young: what it does is not judged yet
	Exploring    Phase = "exploring"    // as much traffic as learning needs
	Accelerating Phase = "accelerating" // half certified: as much traffic as the plan allows
	Holding      Phase = "holding"      // alarm, an incident of both versions, or no data: the weight stays
	Quarantined  Phase = "quarantined"  // out of limits, but the baseline might be too: less traffic
	AllSatisfied Phase = "satisfied"    // of Promote
	AnyViolated  Phase = "violated"     // of RollBack
	Inconclusive Phase = "inconclusive" // of GiveUp
)

// A Verdict is what the evidence says of one objective.
type Verdict string

// The verdicts.
const (
	Undecided Verdict = "undecided"
	Satisfied Verdict = "satisfied"
	Violated  Verdict = "violated"
)

// A Call is what the judge makes of all evidence so far.
type Call struct {
	Action     Action        `json:"action"`
	Phase      Phase         `json:"phase"`
	Weight     int           `json:"weight"` // what the candidate should get now, in percent, within the plan
	Reason     string        `json:"reason"` // one short clause for people who know no statistics
	Objectives []Assessment  `json:"objectives"`
	Certified  float64       `json:"certified"` // 0 to 1 and above: 1 is proof that all limits are kept
	Slowest    int           `json:"slowest"`   // index of the objective that Certified waits for
	Alarm      float64       `json:"alarm"`     // 0 to 1 and above: 1 is proof that a limit is violated
	Worst      int           `json:"worst"`     // index of the objective with the highest alarm
	Forecast   Forecast      `json:"forecast"`
	Excluded   time.Duration `json:"excluded,omitempty"` // not judged, since the baseline was out of limits too
	Line       Line          `json:"line"`               // what the latest interval did
}

// An Assessment is what is known of one objective. Values have the unit of the kind.
type Assessment struct {
	Verdict   Verdict  `json:"verdict"`
	Limit     *float64 `json:"limit,omitempty"`     // in the unit of the values even if Relative; nil: not known yet
	Baseline  *float64 `json:"baseline,omitempty"`  // the baseline's value; nil: no data
	Candidate *float64 `json:"candidate,omitempty"` // the candidate's, since it is judged; nil: no data
	Range     *Range   `json:"range,omitempty"`     // where the candidate's true value is; nil: nothing known
	Certified float64  `json:"certified"`           // 0 to 1 and above: 1 is proof that the limit is kept
	Alarm     float64  `json:"alarm"`               // 0 to 1 and above: 1 is proof that it is violated
	Requests  int64    `json:"requests"`            // of the candidate, judged
	Effective int64    `json:"effective"`           // what they count as: fewer when failures come in clusters
	Events    int64    `json:"events,omitempty"`    // of the requests: errors, or slow ones
}

// A Range holds the true value, at all looks at once, with the confidence 1-alpha.
type Range struct {
	Low  float64  `json:"low"`
	High *float64 `json:"high,omitempty"` // nil: not bounded yet
}

// A Forecast says how far the end is. Durations and requests are those of the candidate's traffic
// from now on; both are 0 when the end is here, and Known is false when nothing can be said.
type Forecast struct {
	Known       bool          `json:"known,omitempty"`
	Soonest     time.Duration `json:"soonest,omitempty"`
	Latest      time.Duration `json:"latest,omitempty"` // may lie behind the budget: then time is too short
	Requests    int64         `json:"requests,omitempty"`
	MaxRequests int64         `json:"maxRequests,omitempty"`
	Slowest     int           `json:"slowest"` // index of the objective that takes longest
}

// A Line says what one interval did, for a ledger.
type Line struct {
	Start      time.Duration `json:"start"`
	End        time.Duration `json:"end"`
	Flag       Flag          `json:"flag,omitempty"`
	Missing    string        `json:"missing,omitempty"`    // why there was no data
	Objectives []Bet         `json:"objectives,omitempty"` // one each; none if nothing was judged
}

// A Bet is what one interval did to one objective.
type Bet struct {
	Violated  float64 `json:"violated"`  // nats gained or lost for "violated"
	Satisfied float64 `json:"satisfied"` // nats gained or lost for "satisfied"
	Phi       float64 `json:"phi"`       // as many requests counted as one, at least 1
}

// A Flag says why an interval was not judged.
type Flag string

// The flags.
const (
	Judged    Flag = ""
	WarmingUp Flag = "warm-up"
	Excluded  Flag = "excluded"  // the baseline was out of limits too
	Rewound   Flag = "rewound"   // this one and those before it that raised the alarm are excluded
	NoScrape  Flag = "no scrape" // no data
	NoTraffic Flag = "no traffic"
)
