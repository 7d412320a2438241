package experiment

import (
	"errors"
	"fmt"
	"time"
)

// A Driver is a run that has the target to itself.
type Driver struct {
	Run     string    `json:"run"`    // unique over all runs
	Holder  string    `json:"holder"` // user@host, for people
	Since   time.Time `json:"since,omitzero"`
	Expires time.Time `json:"expires,omitzero"` // unless it is renewed before
}

// A LockedError says that another driver has the target.
type LockedError struct {
	Target  Target
	Driver  Driver
	Expired bool // it has not renewed its lease in time: it may be dead
}

// Error is one line with who holds the target since when.
func (e *LockedError) Error() string {
	text := fmt.Sprintf("%s is driven by %s since %s", e.Target, e.Driver.Holder, e.Driver.Since.UTC().Format("2006-01-02 15:04:05 MST"))
	if e.Expired {
		return text + "; its lease expired at " + e.Driver.Expires.UTC().Format("15:04:05 MST")
	}
	return text
}

// An Owner is a tool that believes the target is its own, and may undo what Perch writes.
type Owner struct {
	Tool string `json:"tool"` // "Argo CD", "Flux", "Helm"
	Name string `json:"name"` // of its application, kustomization or release
	Hint string `json:"hint"` // what to change so that the tool does not undo Perch's writes
}

// ErrReleaseLocked is under every error that says that another Helm operation is, or seems to be,
// under way on a release.
var ErrReleaseLocked = errors.New("release locked")

// A Progress is how far the finish actions of a version came that a killed run had begun.
type Progress string

// The stages of progress.
const (
	NotBegun Progress = "not begun"
	CutShort Progress = "cut short" // begun, and not done: to be done again
	Done     Progress = "done"
)
