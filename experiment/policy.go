package experiment

// A Policy is what the team wants done in situations that the spec says nothing about. The zero
// value asks a person, and has the defaults filled in by the methods.
type Policy struct {
	OnDrift      OnDrift `json:"onDrift,omitempty"`
	OutageBudget int     `json:"outageBudget,omitempty"` // looks; 0: DefaultOutageBudget

	OnInconclusive OnInconclusive `json:"onInconclusive,omitempty"`
	Extensions     int            `json:"extensions,omitempty"` // of Extends: how often; 0: once
}

// OnDrift is what becomes of a run when somebody else changes the traffic.
type OnDrift string

// The policies for drift.
const (
	DriftStops   OnDrift = "stop"   // hold, and ask a person
	DriftAdopts  OnDrift = "adopt"  // go on from the split as it is
	DriftRepairs OnDrift = "repair" // write the split that Perch asked for again
)

// OnInconclusive is what becomes of a run whose evidence proves neither that the candidate keeps its
// limits nor that it does not.
type OnInconclusive string

// The policies for evidence that does not suffice.
const (
	PointEstimate OnInconclusive = "pointEstimate" // Iter8's rule decides at the end
	AskPerson     OnInconclusive = "ask"           // as soon as nothing can be proven any more
	KeepsBaseline OnInconclusive = "keepBaseline"  // as soon as nothing can be proven any more
	Extends       OnInconclusive = "extend"        // the experiment takes as long again, then a person is asked
)

// DefaultOutageBudget is how many looks in a row may lack data before a person is asked.
const DefaultOutageBudget = 10

// maxRepairs is how often in a row a repaired split may be changed again before Perch stops writing
// against the other writer, who clearly means it.
const maxRepairs = 3

// outageBudget is the budget with its default.
func (p Policy) outageBudget() int {
	if p.OutageBudget == 0 {
		return DefaultOutageBudget
	}
	return p.OutageBudget
}

// extensions is how often the experiment is made longer by its own length.
func (p Policy) extensions() int {
	if p.OnInconclusive != Extends {
		return 0
	}
	return max(1, p.Extensions)
}

// pointEstimate tells whether Iter8's rule has the last word; the zero policy says so.
func (p OnInconclusive) pointEstimate() bool { return p == PointEstimate || p == "" }

// patient tells whether the run goes on to its end although it will not be proven which way.
func (p OnInconclusive) patient() bool { return p.pointEstimate() || p == Extends }
