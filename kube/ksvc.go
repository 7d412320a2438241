package kube

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"perch/experiment"
)

// A ksvc is a Knative service.
type ksvc struct {
	ksvcFields
	entries []any // spec.traffic as it stands, with the fields that Perch does not know
}

// ksvcFields are those that Perch reads.
type ksvcFields struct {
	Meta   metav1.ObjectMeta `json:"metadata"`
	Spec   ksvcSpec          `json:"spec"`
	Status ksvcStatus        `json:"status"`
}

type ksvcSpec struct {
	Traffic []share `json:"traffic"`
}

type ksvcStatus struct {
	ObservedGeneration      int64       `json:"observedGeneration"`
	Conditions              []condition `json:"conditions"`
	Traffic                 []share     `json:"traffic"`
	LatestReadyRevisionName string      `json:"latestReadyRevisionName"`
}

// A share is one entry of a list of traffic targets.
type share struct {
	Tag            string `json:"tag"`
	RevisionName   string `json:"revisionName"`
	LatestRevision bool   `json:"latestRevision"`
	Percent        int64  `json:"percent"`
}

type condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

func parseKsvc(u *unstructured.Unstructured) (ksvc, error) {
	var s ksvc
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &s.ksvcFields); err != nil {
		return ksvc{}, fmt.Errorf("the service is not as expected: %w", err)
	}
	entries, _, err := unstructured.NestedSlice(u.Object, "spec", "traffic")
	if err != nil {
		return ksvc{}, fmt.Errorf("the service is not as expected: %w", err)
	}
	s.entries = entries
	return s, nil
}

// revisionOf is the revision that an entry of the spec means now.
func (s ksvc) revisionOf(e share) string {
	if e.LatestRevision {
		return s.Status.LatestReadyRevisionName
	}
	return e.RevisionName
}

// asked is the percentage of each revision as the spec wants it, served as the router has it.
func (s ksvc) asked() map[string]int {
	sum := map[string]int{}
	for _, e := range s.Spec.Traffic {
		sum[s.revisionOf(e)] += int(e.Percent)
	}
	return sum
}

func (s ksvc) served() map[string]int {
	sum := map[string]int{}
	for _, e := range s.Status.Traffic {
		sum[e.RevisionName] += int(e.Percent)
	}
	return sum
}

func (s ksvc) condition(kind string) condition {
	for _, c := range s.Status.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return condition{Type: kind, Status: "Unknown"}
}

// is tells whether the conditions are true of the spec as it is now.
func (s ksvc) is(kinds ...string) bool {
	if s.Status.ObservedGeneration != s.Meta.Generation {
		return false
	}
	for _, kind := range kinds {
		if s.condition(kind).Status != "True" {
			return false
		}
	}
	return true
}

// why is what Knative says about a service that is not ready.
func (s ksvc) why() string {
	if s.Status.ObservedGeneration != s.Meta.Generation {
		return "Knative has not looked at the latest change yet"
	}
	for _, kind := range []string{"Ready", "RoutesReady", "ConfigurationsReady"} {
		if c := s.condition(kind); c.Status != "True" {
			return "Ready is " + c.Status + ": " + cmp.Or(oneLine(c.Message), c.Reason, "no reason given")
		}
	}
	return "Ready is True"
}

// split divides percentages by revision over the versions. A revision that has traffic and is no
// version is a *StrangerError, because the versions' weights could not sum to 100.
func (s ksvc) split(percent map[string]int, revisions []string) (experiment.Split, error) {
	weights := make([]int, len(revisions))
	for i, revision := range revisions {
		weights[i] = percent[revision]
		delete(percent, revision)
	}
	if err := s.stranger(percent); err != nil {
		return experiment.Split{}, err
	}
	split, err := experiment.NewSplit(weights...)
	if err != nil {
		return experiment.Split{}, experiment.WithHint(fmt.Errorf("the router reports no whole split: %s", s.why()),
			"kubectl describe ksvc "+s.Meta.Name+" -n "+s.Meta.Namespace)
	}
	return split, nil
}

// traffic is the split as the router reports it. With an error it still says who changed it last.
func (s ksvc) traffic(revisions []string) (experiment.Traffic, error) {
	by, at := s.changed()
	t := experiment.Traffic{ChangedBy: by, ChangedAt: at}
	split, err := s.split(s.served(), revisions)
	if err != nil {
		return t, err
	}
	asked, err := s.split(s.asked(), revisions)
	t.Split = split
	t.Settled = err == nil && asked.Equal(split) && s.is("RoutesReady")
	return t, nil
}

// changed is the field manager that gave spec.traffic its value, and when, if that was not Perch. An
// API server takes a field away from all who own it when somebody gives it another value, and lets
// those share it who write the same: as long as Perch owns it, nobody changed what Perch wrote. The
// time is that of the manager's last change to any field of the service, which may be a later one.
func (s ksvc) changed() (by string, at time.Time) {
	for _, m := range s.Meta.ManagedFields {
		if m.Time == nil || m.Subresource != "" || !ownsTraffic(m.FieldsV1) {
			continue
		}
		switch {
		case m.Manager == FieldManager:
			return "", time.Time{}
		case m.Time.After(at):
			by, at = m.Manager, m.Time.UTC()
		}
	}
	return by, at
}

func ownsTraffic(fields *metav1.FieldsV1) bool {
	if fields == nil {
		return false
	}
	var owned struct {
		Spec map[string]json.RawMessage `json:"f:spec"`
	}
	if json.Unmarshal(fields.GetRawBytes(), &owned) != nil {
		return false
	}
	_, ok := owned.Spec["f:traffic"]
	return ok
}
