package kube

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"perch/experiment"
)

// services is the resource of Knative services.
func services() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "serving.knative.dev", Version: "v1", Resource: "services"}
}

// A service is the part of a Knative service that Perch reads.
type service struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		Traffic []target `json:"traffic"`
	} `json:"spec"`
	Status struct {
		ObservedGeneration      int64       `json:"observedGeneration"`
		LatestReadyRevisionName string      `json:"latestReadyRevisionName"`
		Conditions              []condition `json:"conditions"`
		Traffic                 []target    `json:"traffic"`
	} `json:"status"`
}

// A target is one entry of a service's traffic. Fields that Perch does not know stay in raw.
type target struct {
	RevisionName   string `json:"revisionName,omitempty"`
	LatestRevision *bool  `json:"latestRevision,omitempty"`
	Percent        *int64 `json:"percent,omitempty"`
}

type condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

func decode(u *unstructured.Unstructured) (service, error) {
	var s service
	err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &s)
	return s, err
}

func (t target) percent() int {
	if t.Percent == nil {
		return 0
	}
	return int(*t.Percent)
}

func (t target) latest() bool { return t.LatestRevision != nil && *t.LatestRevision }

// revisionOf is the revision that an entry of the spec stands for.
func (s service) revisionOf(t target) string {
	if t.RevisionName == "" && t.latest() {
		return s.Status.LatestReadyRevisionName
	}
	return t.RevisionName
}

// pending says what the service is not ready for yet, "" when it is ready for its newest spec.
func (s service) pending() string {
	if s.Status.ObservedGeneration != s.Metadata.Generation {
		return "Knative has not taken over its newest spec"
	}
	for _, want := range []string{"ConfigurationsReady", "RoutesReady", "Ready"} {
		i := slices.IndexFunc(s.Status.Conditions, func(c condition) bool { return c.Type == want })
		if i < 0 {
			return want + " is not reported"
		}
		if c := s.Status.Conditions[i]; c.Status != "True" {
			return strings.TrimSuffix(fmt.Sprintf("%s is %s: %s %s", want, c.Status, c.Reason, c.Message), ": ")
		}
	}
	return ""
}

// split adds up the router's percents by revision, in the order of the versions.
func (s service) split(versions []experiment.Version) (experiment.Split, error) {
	percent := make([]int, len(versions))
	for _, t := range s.Status.Traffic {
		i := slices.IndexFunc(versions, func(v experiment.Version) bool { return v.Revision() == t.RevisionName })
		if i >= 0 {
			percent[i] += t.percent()
		} else if t.percent() > 0 {
			return experiment.Split{}, stranger(t)
		}
	}
	return experiment.NewSplit(percent...)
}

func stranger(t target) error {
	return experiment.WithHint(
		fmt.Errorf("revision %s gets %d %% of the traffic, and is no version of the experiment", t.RevisionName, t.percent()),
		"give its traffic to the baseline first, for example with kn service update --traffic")
}

// agrees tells whether the router serves what the spec asks for.
func (s service) agrees(versions []experiment.Version) bool {
	for _, v := range versions {
		sum := 0
		for _, t := range s.Spec.Traffic {
			if s.revisionOf(t) == v.Revision() {
				sum += t.percent()
			}
		}
		for _, t := range s.Status.Traffic {
			if t.RevisionName == v.Revision() {
				sum -= t.percent()
			}
		}
		if sum != 0 {
			return false
		}
	}
	return true
}

// traffic is what the service says of its traffic.
func (s service) traffic(versions []experiment.Version) (experiment.Traffic, error) {
	split, err := s.split(versions)
	if err != nil {
		return experiment.Traffic{}, err
	}
	by, at := s.changedBy()
	return experiment.Traffic{
		Split: split, Settled: s.pending() == "" && s.agrees(versions), ChangedBy: by, ChangedAt: at,
	}, nil
}

// changedBy names the manager that changed the traffic after Perch did last, and when.
func (s service) changedBy() (manager string, at time.Time) {
	var ours time.Time
	for _, f := range s.Metadata.ManagedFields {
		if f.Time == nil || f.Subresource != "" || f.FieldsV1 == nil || !strings.Contains(f.FieldsV1.GetRawString(), `"f:traffic"`) {
			continue
		}
		switch {
		case f.Manager == fieldManager:
			ours = f.Time.UTC()
		case f.Time.After(at):
			manager, at = f.Manager, f.Time.UTC()
		}
	}
	if ours.IsZero() || !at.After(ours) {
		return "", time.Time{}
	}
	return manager, at
}
