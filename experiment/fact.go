package experiment

import (
	"time"

	"perch/experiment/evidence"
)

// Started opens every record: all that is needed to understand the rest of it.
type Started struct {
	Perch   string   `json:"perch"`             // version that ran it
	Context string   `json:"context,omitempty"` // kubeconfig context, for people
	Judge   string   `json:"judge"`
	Spec    Spec     `json:"spec"`
	Metrics []Metric `json:"metrics"` // every metric the spec refers to
	Record  string   `json:"record,omitempty"`
	Driver  Driver   `json:"driver,omitzero"`
	Policy  Policy   `json:"policy,omitzero"`
	Digest  string   `json:"digest,omitempty"` // of the spec as the file had it

	Evidence *evidence.Settings `json:"evidence,omitempty"` // of the judge evidence; nil: nothing is weighed
}

// Resumed says that a run goes on that was killed or stopped. What happened to the cluster in
// between is found out from the cluster, by the facts that follow.
type Resumed struct {
	Driver Driver `json:"driver"`           // who goes on
	Record string `json:"record"`           // where; the old record when it is at hand
	Policy Policy `json:"policy,omitzero"`  // of the one who goes on
	Before *State `json:"before,omitempty"` // as the checkpoint kept it; nil: what stands before in this record
}

// Waiting says what the run waits for, and until when at most.
type Waiting struct {
	For   string    `json:"for"`
	Until time.Time `json:"until"`
}

// Initialized says that the start actions are done and what they found. Its time is the start
// from which cumulative metrics count.
type Initialized struct {
	Variables map[string]map[string]string `json:"variables,omitempty"` // added, by version
	Traffic   Traffic                      `json:"traffic"`
	Owners    []Owner                      `json:"owners,omitempty"` // who may undo what Perch writes
	Next      time.Time                    `json:"next"`             // when the first look is due

	LookSeconds float64 `json:"lookSeconds,omitempty"` // between two counts; 0: nothing is counted
	History     []Tally `json:"history,omitempty"`     // of the baseline before the start, oldest first
}

// A Traffic is the split as the router reports it.
type Traffic struct {
	Split     Split     `json:"split"`
	Settled   bool      `json:"settled"`             // the router serves what was asked of it
	ChangedBy string    `json:"changedBy,omitempty"` // field manager of the last change, if not Perch
	ChangedAt time.Time `json:"changedAt,omitzero"`
}

// Measured is one look at all metrics of all versions, and at the traffic.
type Measured struct {
	Iteration int       `json:"iteration"` // 1 for the first
	Samples   []Sample  `json:"samples"`
	Traffic   *Traffic  `json:"traffic,omitempty"` // nil: the cluster did not say
	TookMS    int64     `json:"tookMs"`
	Next      time.Time `json:"next"` // when the next look is due
}

// Counted is what both versions did since the last scrape that was counted.
type Counted struct {
	Tallies []Tally   `json:"tallies"`        // of both versions; of several scrapes, oldest first
	Rise    bool      `json:"rise,omitempty"` // an iteration's look follows, at which weights may rise
	TookMS  int64     `json:"tookMs"`
	Next    time.Time `json:"next,omitzero"` // when counting goes on; zero: with the next iteration
}

// Decided is what was made of a look.
type Decided struct {
	Iteration int      `json:"iteration"` // iterations completed
	Decision  Decision `json:"decision"`
}

// Shifted says that weights were written and read back.
type Shifted struct {
	From    Split   `json:"from"`
	Asked   Split   `json:"asked"`
	Traffic Traffic `json:"traffic"` // what the router says since
	TookMS  int64   `json:"tookMs"`
}

// Drifted says that somebody else changed the traffic.
type Drifted struct {
	Asked   Split   `json:"asked"`
	Traffic Traffic `json:"traffic"`
}

// A Question is something that only a person may answer.
type Question string

// The questions.
const (
	ToPromote Question = "promote" // may the winner be promoted?
	ToRetry   Question = "retry"   // the promotion failed: again, or back?
	ToDecide  Question = "decide"  // the evidence does not suffice, or measuring has failed for long
	ToAdopt   Question = "adopt"   // somebody else changed the traffic: go on from there?
)

// Asked puts a question; its Seq is what an answer refers to.
type Asked struct {
	Question Question `json:"question"`
	Version  string   `json:"version,omitempty"` // to be promoted
	Plan     Plan     `json:"plan,omitzero"`
	For      []string `json:"for,omitempty"`     // the evidence, a sentence each
	Against  []string `json:"against,omitempty"` // what speaks against it
	Locked   bool     `json:"locked,omitempty"`  // a Helm release is: Recover would free it
}

// A Plan is what a promotion will do, found out without doing it.
type Plan struct {
	Version  string    `json:"version"`
	Upgrades []Upgrade `json:"upgrades"`
	Programs []string  `json:"programs,omitempty"` // command lines that are run as well
}

// An Upgrade is one Helm upgrade of a Plan.
type Upgrade struct {
	Release      string   `json:"release"`
	Namespace    string   `json:"namespace"`
	Chart        string   `json:"chart"`
	ChartVersion string   `json:"chartVersion,omitempty"`
	From         int      `json:"from"` // release revision now; 0: not installed
	To           int      `json:"to"`
	Values       []string `json:"values,omitempty"`  // where the values come from
	Changes      []Change `json:"changes,omitempty"` // of values, against the release as it is
	Wait         string   `json:"wait,omitempty"`    // "up to 5m, atomic"; "" when Helm does not wait
}

// A Change is one value that an upgrade changes. Empty means: not there.
type Change struct {
	Path string `json:"path"`
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// Obeyed says that a command was carried out, or is being carried out from now on.
type Obeyed struct {
	Command Command `json:"command"`
}

// Refused says that a command was not carried out, and why.
type Refused struct {
	Command Command `json:"command"`
	Why     string  `json:"why"`
}

// Promoting says that the finish actions begin. They are not interrupted.
type Promoting struct {
	Version string `json:"version"`
	Plan    Plan   `json:"plan,omitzero"`
}

// Reversed says that the finish actions have ended, well or not, and that the roll back begins which
// somebody has wanted meanwhile.
type Reversed struct {
	Version string `json:"version"` // whose finish actions they were
}

// Recovered says that a release which was locked is free again.
type Recovered struct {
	Details string `json:"details"` // what was done to it
}

// Withdrawn says that a promotion which a killed run had announced has not begun, so that there is
// time to look again before it does.
type Withdrawn struct {
	Version string `json:"version"`
}

// Promoted says that the finish actions are done and that the version serves everything.
type Promoted struct {
	Version string  `json:"version"`
	Details string  `json:"details,omitempty"` // "release sample-app, revision 3"
	Traffic Traffic `json:"traffic"`
	TookMS  int64   `json:"tookMs"`
}

// RolledBack says that the router sends nothing to any candidate any more.
type RolledBack struct {
	From    Split   `json:"from"`
	Reason  string  `json:"reason"`
	Traffic Traffic `json:"traffic"`
	TookMS  int64   `json:"tookMs"`
}

// Troubled is an error, for people: what happened and what to do about it.
type Troubled struct {
	Doing string `json:"doing"` // "measure", "shift", "promote", "roll back"
	What  string `json:"what"`
	Hint  string `json:"hint,omitempty"`
}

// Watched says how a run stands that another process drives, as its checkpoint has it. It is told to
// those who look on, and stands in no record.
type Watched struct {
	State  *State `json:"state"`           // nil: nothing has changed
	Driver Driver `json:"driver,omitzero"` // who has the lease; zero: nobody
}

// Ended closes every record.
type Ended struct {
	Outcome Outcome  `json:"outcome"`
	Reason  string   `json:"reason"`
	Version string   `json:"version,omitempty"` // that won
	Traffic *Traffic `json:"traffic,omitempty"` // nil: never seen

	LastSeen bool `json:"lastSeen,omitempty"` // Traffic is as it was last seen: nobody knows how it is now
}

// An Outcome is how a run ended.
type Outcome string

// The outcomes.
const (
	OutcomePromoted        Outcome = "promoted"
	OutcomeBaselineKept    Outcome = "baseline kept" // the judge decided so
	OutcomeRolledBack      Outcome = "rolled back"   // a person or a rollback objective decided so
	OutcomeUndecided       Outcome = "undecided"
	OutcomeStopped         Outcome = "stopped"
	OutcomePromotionFailed Outcome = "promotion failed"
	OutcomeFailed          Outcome = "failed"     // before or beside the verdict: cluster, metrics, spec
	OutcomeTakenOver       Outcome = "taken over" // another driver has the target now
)

// Final tells whether the run is over for good: nothing is left that a later run could go on with.
func (o Outcome) Final() bool {
	switch o {
	case OutcomePromoted, OutcomeBaselineKept, OutcomeRolledBack, OutcomeUndecided:
		return true
	case OutcomeStopped, OutcomePromotionFailed, OutcomeFailed, OutcomeTakenOver:
	}
	return false
}

func (Started) name() string     { return "started" }
func (Resumed) name() string     { return "resumed" }
func (Waiting) name() string     { return "waiting" }
func (Initialized) name() string { return "initialized" }
func (Counted) name() string     { return "counted" }
func (Measured) name() string    { return "measured" }
func (Decided) name() string     { return "decided" }
func (Shifted) name() string     { return "shifted" }
func (Drifted) name() string     { return "drifted" }
func (Asked) name() string       { return "asked" }
func (Obeyed) name() string      { return "obeyed" }
func (Refused) name() string     { return "refused" }
func (Promoting) name() string   { return "promoting" }
func (Reversed) name() string    { return "reversed" }
func (Recovered) name() string   { return "recovered" }
func (Withdrawn) name() string   { return "withdrawn" }
func (Promoted) name() string    { return "promoted" }
func (RolledBack) name() string  { return "rolledBack" }
func (Troubled) name() string    { return "troubled" }
func (Watched) name() string     { return "watched" }
func (Ended) name() string       { return "ended" }
