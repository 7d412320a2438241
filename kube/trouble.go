package kube

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"perch/experiment"
)

// A DriftError says that somebody else changed the traffic between Perch's reading and its writing.
// Perch wrote nothing over it.
type DriftError struct {
	Service string    // namespace/name
	By      string    // field manager; "": unknown
	At      time.Time // zero: unknown
}

// Error is one line that says who changed what.
func (e *DriftError) Error() string {
	return "the traffic of " + e.Service + " was changed meanwhile by " + writer(e.By, e.At)
}

func drift(s ksvc) error {
	by, at := s.changed()
	return experiment.WithHint(&DriftError{Service: s.Meta.Namespace + "/" + s.Meta.Name, By: by, At: at},
		"find out who writes there, and let only one of you go on: kubectl get ksvc "+s.Meta.Name+
			" -n "+s.Meta.Namespace+" -o yaml --show-managed-fields")
}

// A StrangerError says that traffic goes to a revision that is no version of the experiment.
type StrangerError struct {
	Revision string
	Percent  int
	By       string    // field manager of the last change; "": Perch or unknown
	At       time.Time // zero: unknown
}

// Error is one line that names the revision.
func (e *StrangerError) Error() string {
	text := fmt.Sprintf("revision %s has %d %% of the traffic and is no version of the experiment", e.Revision, e.Percent)
	if e.By != "" {
		text += ", changed by " + writer(e.By, e.At)
	}
	return text
}

// stranger is the error for the first revision among these that has traffic, if there is one.
func (s ksvc) stranger(percent map[string]int) error {
	for _, revision := range slices.Sorted(maps.Keys(percent)) {
		if percent[revision] == 0 {
			continue
		}
		by, at := s.changed()
		return experiment.WithHint(
			&StrangerError{Revision: cmp.Or(revision, "(not ready yet)"), Percent: percent[revision], By: by, At: at},
			"give its traffic to the versions (kubectl edit ksvc "+s.Meta.Name+" -n "+s.Meta.Namespace+
				", spec.traffic), or name it in versionInfo")
	}
	return nil
}

func writer(by string, at time.Time) string {
	text := cmp.Or(by, "somebody unknown")
	if at.IsZero() {
		return text
	}
	return text + " at " + at.UTC().Format("15:04:05 MST")
}

// A LostError says that a write was refused because this run does not have the lease of the target.
type LostError struct {
	Target experiment.Target
	Why    string
	Driver experiment.Driver // who has it now; zero: nobody or unknown
	Cause  error             // why it could not be renewed; nil: another reason
}

// Error is one line that says how it was lost.
func (e *LostError) Error() string {
	return "this run does not have the lease of " + e.Target.String() + ": " + e.Why
}

// Unwrap gives what kept the lease from being renewed.
func (e *LostError) Unwrap() error { return e.Cause }

func stolen(t experiment.Target, by experiment.Driver) *LostError {
	if by.Run == "" {
		return &LostError{Target: t, Why: "somebody gave it back"}
	}
	return &LostError{Target: t, Driver: by, Why: by.Holder + " has it"}
}
