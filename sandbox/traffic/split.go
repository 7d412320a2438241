package traffic

import (
	"encoding/json"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Split is what a service asked for from one version of it on.
type Split struct {
	ResourceVersion string `json:"resourceVersion"`
	// At is when the version was seen, in UTC.
	At time.Time `json:"at"`
	// Percent is the share of each revision, by name, the sum of its targets.
	Percent map[string]int64 `json:"percent"`
	// Manager is the field manager that spec.traffic is from. If it is Knative's default, which
	// belongs to nobody, it is who wrote the service last.
	Manager string `json:"manager"`
	// Targets is spec.traffic as it stands.
	Targets []any `json:"targets"`
}

// splitOf reads spec.traffic. A target that follows the latest revision counts for the one that the
// template names, or else for the latest that is ready.
func splitOf(service *unstructured.Unstructured, at time.Time) Split {
	targets, _, _ := unstructured.NestedSlice(service.Object, "spec", "traffic")
	latest, _, _ := unstructured.NestedString(service.Object, "spec", "template", "metadata", "name")
	if latest == "" {
		latest, _, _ = unstructured.NestedString(service.Object, "status", "latestReadyRevisionName")
	}
	split := Split{
		ResourceVersion: service.GetResourceVersion(),
		At:              at.UTC(),
		Percent:         map[string]int64{},
		Manager:         manager(service.GetManagedFields()),
		Targets:         targets,
	}
	for _, each := range targets {
		target, isMap := each.(map[string]any)
		if !isMap {
			continue
		}
		name, _, _ := unstructured.NestedString(target, "revisionName")
		if name == "" {
			name = latest
		}
		percent, _, _ := unstructured.NestedInt64(target, "percent")
		split.Percent[name] += percent
	}
	return split
}

// manager is who wrote spec.traffic last: the list is one field, which its last writer owns.
func manager(entries []metav1.ManagedFieldsEntry) string {
	if owner := newest(entries, func(e metav1.ManagedFieldsEntry) bool { return owns(e.FieldsV1) }); owner != "" {
		return owner
	}
	return newest(entries, func(metav1.ManagedFieldsEntry) bool { return true })
}

// newest is the manager of the latest of the entries that fit, but for those of a status.
func newest(entries []metav1.ManagedFieldsEntry, fits func(metav1.ManagedFieldsEntry) bool) (name string) {
	var latest metav1.Time
	for _, entry := range entries {
		if entry.Subresource != "" || entry.Time == nil || entry.Time.Before(&latest) || !fits(entry) {
			continue
		}
		name, latest = entry.Manager, *entry.Time
	}
	return name
}

func owns(fields *metav1.FieldsV1) bool {
	if fields == nil {
		return false
	}
	var owned struct {
		Spec map[string]json.RawMessage `json:"f:spec"`
	}
	if err := json.Unmarshal(fields.Raw, &owned); err != nil {
		return false
	}
	_, traffic := owned.Spec["f:traffic"]
	return traffic
}
