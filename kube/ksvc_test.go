package kube

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestChanged(t *testing.T) {
	t.Parallel()
	stripped := func(manager, at string) object {
		m := managed(manager, at)
		m["fieldsV1"] = object{"f:spec": object{"f:template": object{}}}
		return m
	}
	applied, lastApplied := managed("kubectl", "2026-11-24T10:00:08Z"), managed("kubectl-last-applied", "2026-11-24T10:00:09Z")
	applied["operation"], lastApplied["time"] = "Apply", nil // as a real server says it
	status := managed("controller", "2026-11-24T10:00:09Z")
	status["subresource"] = "status"
	tests := []struct {
		name   string
		fields []any
		by     string
		at     time.Time
	}{
		{name: "nobody"},
		{name: "helm before Perch ever wrote", fields: []any{managed("helm", "2026-11-24T10:00:00Z")},
			by: "helm", at: at(t, "2026-11-24T10:00:00Z")},
		{name: "kubectl apply --server-side", fields: []any{applied, lastApplied, stripped("perch", "2026-11-24T10:00:09Z")},
			by: "kubectl", at: at(t, "2026-11-24T10:00:08Z")},
		{name: "kubectl edit takes it from kubectl patch", fields: []any{stripped("kubectl-patch", "2026-11-24T10:00:00Z"),
			managed("kubectl-edit", "2026-11-24T10:00:06Z")}, by: "kubectl-edit", at: at(t, "2026-11-24T10:00:06Z")},
		{name: "Perch takes it from kubectl, who writes another field then", fields: []any{managed(FieldManager, "2026-11-24T10:00:05Z"),
			stripped("kubectl-edit", "2026-11-24T10:00:07Z")}},
		{name: "kubectl apply of what Perch wrote", fields: []any{managed(FieldManager, "2026-11-24T10:00:05Z"), applied}},
		{name: "the latest of two", fields: []any{managed("b", "2026-11-24T10:00:07Z"), managed("a", "2026-11-24T10:00:06Z")},
			by: "b", at: at(t, "2026-11-24T10:00:07Z")},
		{name: "other fields and the status are no matter", fields: []any{stripped("argocd", "2026-11-24T10:00:09Z"), status}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := parseKsvc(&unstructured.Unstructured{Object: object{"metadata": object{"managedFields": tt.fields}}})
			if err != nil {
				t.Fatal(err)
			}
			if by, at := s.changed(); by != tt.by || !at.Equal(tt.at) {
				t.Errorf("changed() = %q, %s, want %q, %s", by, at, tt.by, tt.at)
			}
		})
	}
}
