package evidence

// A State is all that the judge remembers.
type State struct {
	Settings   Settings    `json:"settings"`
	Plan       Plan        `json:"plan"`
	Objectives []Objective `json:"objectives"`
	Latest     Call        `json:"latest"`
}

// New begins an experiment. The history holds the baseline's intervals before it, oldest first: half
// an hour to an hour is useful, none is allowed.
func New(s Settings, p Plan, o []Objective, history []Interval) State {
	_ = history
	return State{Settings: s, Plan: p, Objectives: o, Latest: Call{Action: Continue, Phase: Warming, Weight: min(5, p.MaxWeight, p.MaxIncrement)}}
}

// Step folds one interval in. It never changes s.
func (s State) Step(i Interval) State {
	_ = i
	return s
}

// Call says what follows from all evidence so far.
func (s State) Call() Call { return s.Latest }
