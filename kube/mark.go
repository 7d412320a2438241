package kube

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/util/validation"
)

// The labels of a release that Perch wrote.
const (
	runLabel      = "perch.run"
	versionLabel  = "perch.version"
	revisionLabel = "perch.revision"
)

// A mark says for which run and version a revision of a release was written. The zero value marks
// nothing.
type mark struct{ run, version string }

// Mark names the run by which Progress tells what was done. Guard does it too.
func (h *Helm) Mark(run string) { h.run = run }

// labels are those of a revision. Helm copies labels to whatever revision follows, and to what is
// rolled back: the number of the revision tells the original from its copies.
func (m mark) labels(revision int) map[string]string {
	if m.run == "" {
		return nil
	}
	return map[string]string{runLabel: labelValue(m.run), versionLabel: labelValue(m.version),
		revisionLabel: strconv.Itoa(revision)}
}

// on tells whether a revision has the mark.
func (m mark) on(r *release.Release) bool {
	labels := m.labels(r.Version)
	for name, want := range labels {
		if r.Labels[name] != want {
			return false
		}
	}
	return len(labels) > 0
}

// author is the run that wrote a revision, "" when it was not Perch.
func author(r *release.Release) string {
	if r.Labels[revisionLabel] != strconv.Itoa(r.Version) {
		return ""
	}
	return r.Labels[runLabel]
}

// labelValue is a text as a label can have it: what it cannot have becomes a digest.
func labelValue(text string) string {
	if len(validation.IsValidLabelValue(text)) == 0 {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:12])
}
