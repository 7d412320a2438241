// Package experiment says what a progressive canary is: the spec a team wrote, the facts of one
// run, and the rules by which the run goes on.
//
// It has no I/O, no goroutine and no clock, and never will: a State is the left fold of a list of
// Events, and Decide is a pure function of a State. Everything that touches the world lives in
// sibling packages, which know each other only through the values declared here.
//
// The words are Iter8's: experiment, version (baseline, candidate), revision, objective, weight,
// iteration, winner, promotion, action, task. Weights are whole percent, times are UTC, latencies
// are milliseconds, error rates are fractions between 0 and 1.
package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Spec is one Iter8 v2alpha2 Experiment as its file states it, with the defaults filled in.
// Parse is the only way to get a valid one.
type Spec struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace,omitempty"` // where the file does not say: empty
	Annotations map[string]string `json:"annotations,omitempty"`
	Target      Target            `json:"target"`
	Strategy    Strategy          `json:"strategy"`
	Criteria    Criteria          `json:"criteria"`
	Duration    Duration          `json:"duration"`
	Versions    []Version         `json:"versions"` // the baseline first, then the candidates
	Start       []Task            `json:"start,omitempty"`
	Finish      []Task            `json:"finish,omitempty"`
}

// A Target is the service under experiment.
type Target struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// String writes the target as an experiment file does, namespace/name.
func (t Target) String() string { return t.Namespace + "/" + t.Name }

// A Strategy says how versions are tested and how far traffic may move, in percent.
type Strategy struct {
	TestingPattern              string `json:"testingPattern"`
	DeploymentPattern           string `json:"deploymentPattern"`
	MaxCandidateWeight          int    `json:"maxCandidateWeight"`
	MaxCandidateWeightIncrement int    `json:"maxCandidateWeightIncrement"`
}

// Criteria are what the versions are held to.
type Criteria struct {
	RequestCount string      `json:"requestCount,omitempty"` // a metric that is shown, never judged
	Indicators   []string    `json:"indicators,omitempty"`   // metrics that are shown, never judged
	Objectives   []Objective `json:"objectives"`
}

// An Objective bounds one metric. Both limits are inclusive; a nil limit does not bind.
type Objective struct {
	Metric            string   `json:"metric"` // namespace/name
	UpperLimit        *float64 `json:"upperLimit,omitempty"`
	LowerLimit        *float64 `json:"lowerLimit,omitempty"`
	RollbackOnFailure bool     `json:"rollbackOnFailure,omitempty"`
	Relative          bool     `json:"relative,omitempty"` // limits are multiples of the baseline's value
}

// Duration says how often and how many times the versions are judged.
type Duration struct {
	IntervalSeconds   int `json:"intervalSeconds"`
	IterationsPerLoop int `json:"iterationsPerLoop"`
	MaxLoops          int `json:"maxLoops"`
}

// Interval is the time between two looks.
func (d Duration) Interval() time.Duration { return time.Duration(d.IntervalSeconds) * time.Second }

// Iterations is how many looks decide, over all loops.
func (d Duration) Iterations() int { return d.IterationsPerLoop * d.MaxLoops }

// A Version is one of the competing revisions, with the variables that metrics and tasks refer to.
type Version struct {
	Name         string            `json:"name"`
	Variables    map[string]string `json:"variables,omitempty"`
	WeightObjRef *WeightObjRef     `json:"weightObjRef,omitempty"`
}

// Revision is the Knative revision that serves the version, or "" while only its WeightObjRef is
// known.
func (v Version) Revision() string { return v.Variables["revision"] }

// A WeightObjRef names the field that holds a version's weight. Perch reads it once, to find out
// which revision the field belongs to, and addresses the revision from then on.
type WeightObjRef struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
	FieldPath  string `json:"fieldPath"`
}

// TrafficIndex is the position i of a field path .spec.traffic[i].percent.
func (r WeightObjRef) TrafficIndex() (int, error) {
	inner, ok := strings.CutPrefix(r.FieldPath, ".spec.traffic[")
	digits, ok2 := strings.CutSuffix(inner, "].percent")
	i, err := strconv.Atoi(digits)
	if !ok || !ok2 || err != nil || i < 0 {
		return 0, fmt.Errorf("fieldPath %q is not of the form .spec.traffic[i].percent", r.FieldPath)
	}
	return i, nil
}

// Baseline is the version that serves today.
func (s Spec) Baseline() Version { return s.Versions[0] }

// Candidate is the version that wants to replace the baseline.
func (s Spec) Candidate() Version { return s.Versions[1] }

// Version finds a version by name.
func (s Spec) Version(name string) (Version, bool) {
	for _, v := range s.Versions {
		if v.Name == name {
			return v, true
		}
	}
	return Version{}, false
}

// Digest is the same for two specs exactly when they say the same.
func (s Spec) Digest() string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // a spec is plain data
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
