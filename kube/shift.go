package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"perch/experiment"
)

// conflictTries bounds how often a write is based anew after somebody else wrote other fields.
const conflictTries = 5

// Shift writes a split and waits until the router serves it. Only the percents of the versions'
// entries change; an entry that follows the latest revision is pinned to the version's, so that a
// template pushed meanwhile gets no traffic. Changes of the traffic by others between reading and
// writing are an error.
func (k *Knative) Shift(ctx context.Context, spec experiment.Spec, to experiment.Split) (experiment.Traffic, error) {
	if err := k.write(ctx, spec, to); err != nil {
		return experiment.Traffic{}, fmt.Errorf("shift %s to %s: %w", spec.Target, to, err)
	}
	var seen experiment.Traffic
	_, err := k.poll(ctx, spec.Target, shiftTimeout, func(s service) (string, error) {
		var err error
		if seen, err = s.traffic(spec.Versions); err != nil {
			return "", err
		}
		if !seen.Split.Equal(to) {
			return fmt.Sprintf("traffic is %s, asked for %s", seen.Split, to), nil
		}
		return s.pending(), nil
	})
	return seen, err
}

func (k *Knative) write(ctx context.Context, spec experiment.Spec, to experiment.Split) error {
	var before []any
	for try := range conflictTries {
		u, s, err := k.get(ctx, spec.Target)
		if err != nil {
			return err
		}
		raw, _, err := unstructured.NestedSlice(u.Object, "spec", "traffic")
		if err != nil {
			return err
		}
		if try > 0 && !sameTraffic(before, raw) {
			by, _ := s.changedBy()
			return experiment.WithHint(fmt.Errorf("the traffic was changed by %q at the same time", by),
				"find out who else moves this service's traffic")
		}
		before = raw
		entries, err := s.withSplit(raw, spec.Versions, to)
		if err != nil {
			return err
		}
		err = k.patch(ctx, spec.Target, u.GetResourceVersion(), entries)
		if !apierrors.IsConflict(err) {
			return explain(err)
		}
	}
	return experiment.WithHint(fmt.Errorf("the service was changed %d times at the same time", conflictTries),
		"find out who else writes to this service so often")
}

func sameTraffic(a, b []any) bool {
	left, errLeft := json.Marshal(a)
	right, errRight := json.Marshal(b)
	return errLeft == nil && errRight == nil && string(left) == string(right)
}

// patch replaces the list of traffic entries, if the service is still the one that was read.
func (k *Knative) patch(ctx context.Context, t experiment.Target, resourceVersion string, entries []any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	body, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": resourceVersion},
		"spec":     map[string]any{"traffic": entries},
	})
	if err != nil {
		return err
	}
	_, err = k.client(t).Patch(ctx, t.Name, types.MergePatchType, body, metav1.PatchOptions{FieldManager: fieldManager})
	return err
}

// withSplit gives the entries with the percents of a split. A revision's percent goes to its first
// entry, its others get 0; a revision without an entry gets one.
func (s service) withSplit(raw []any, versions []experiment.Version, to experiment.Split) ([]any, error) {
	entries := make([]any, 0, len(raw)+len(versions))
	placed := make([]bool, len(versions))
	for i, t := range s.Spec.Traffic {
		entry := maps.Clone(raw[i].(map[string]any))
		revision := s.revisionOf(t)
		v := slices.IndexFunc(versions, func(v experiment.Version) bool { return v.Revision() == revision })
		switch {
		case v >= 0 && !placed[v]:
			placed[v] = true
			pin(entry, revision, to.Of(v))
		case v >= 0:
			pin(entry, revision, 0)
		case t.percent() > 0:
			t.RevisionName = revision
			return nil, stranger(t)
		}
		entries = append(entries, entry)
	}
	for i, v := range versions {
		if !placed[i] {
			entry := map[string]any{}
			pin(entry, v.Revision(), to.Of(i))
			entries = append(entries, entry)
		}
	}
	return entries, nil
}

func pin(entry map[string]any, revision string, percent int) {
	entry["revisionName"], entry["percent"] = revision, int64(percent)
	entry["latestRevision"] = false
}
