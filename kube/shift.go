package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"perch/experiment"
)

// writeAttempts bounds how often a write is tried against controllers that touch the same object.
const writeAttempts = 8

// A wish is a split by revision.
type wish struct {
	target    experiment.Target
	revisions []string
	from      experiment.Split // that was seen when the wish was made; unknown: whatever there is
	split     experiment.Split
	dropped   []string // revisions that shall have no entry at all
}

// Shift writes a split that was decided on when another one was seen, and waits until the router
// serves it. Only percentages are changed, and entries that follow the latest revision are pinned to
// the revision they mean; tags and all other fields stay. When somebody else has changed the traffic
// since, or does meanwhile, nothing is written over it and the error is a *DriftError.
//
// An unknown split to come from means that the candidates shall have what the new one says whatever
// was there: a roll back. It even takes their traffic while a revision that is no version has some,
// which keeps it; the error is a *StrangerError then, because the split is not what was asked for.
func (k *Knative) Shift(ctx context.Context, spec experiment.Spec, from, to experiment.Split) (experiment.Traffic, error) {
	traffic, err := k.shift(ctx, spec, wish{from: from, split: to})
	if err != nil {
		return traffic, fmt.Errorf("shift %s to %s: %w", spec.Target, to, err)
	}
	return traffic, nil
}

func (k *Knative) shift(ctx context.Context, spec experiment.Spec, w wish) (experiment.Traffic, error) {
	to := w.split
	revisions, err := revisionsOf(spec)
	if err != nil {
		return experiment.Traffic{}, err
	}
	if to.Len() != len(revisions) {
		return experiment.Traffic{}, fmt.Errorf("a split of %d weights is not one of %d versions", to.Len(), len(revisions))
	}
	ctx, cancel := context.WithTimeout(ctx, shiftDeadline)
	defer cancel()
	w.target, w.revisions = spec.Target, revisions
	for {
		s, err := k.serve(ctx, w)
		if obstacle := w.obstacle(s); err == nil && obstacle != "" {
			w.dropped = append(w.dropped, obstacle)
			continue
		}
		traffic, trafficErr := s.traffic(revisions)
		if err != nil {
			return traffic, late(err, s, "the router gives "+s.percentages())
		}
		return traffic, trafficErr
	}
}

// serve writes the wish, and waits until the router serves it or says that it cannot.
func (k *Knative) serve(ctx context.Context, w wish) (ksvc, error) {
	s, entries, err := k.write(ctx, w)
	if err != nil {
		return s, err
	}
	return k.until(ctx, w.target, func(s ksvc) (bool, error) {
		if !reflect.DeepEqual(s.entries, entries) {
			return false, drift(s)
		}
		return w.served(s) || w.obstacle(s) != "", nil
	})
}

// served tells whether the router serves the wish. Beside a stranger a roll back is served when no
// candidate has traffic.
func (w wish) served(s ksvc) bool {
	t, err := s.traffic(w.revisions)
	if _, stranger := errors.AsType[*StrangerError](err); !stranger || w.from.Known() {
		return err == nil && t.Settled && t.Split.Equal(w.split)
	}
	has := s.served()
	return s.is("RoutesReady") && !slices.ContainsFunc(w.revisions[1:], func(r string) bool { return has[r] > 0 })
}

// obstacle is a revision that shall get nothing, and that keeps the router from serving the rest:
// Knative's route refuses a whole split when one target of it is not ready, even at 0 %. Without
// dropping its entry, a candidate that broke down could not be rolled back.
func (w wish) obstacle(s ksvc) string {
	c := s.condition("RoutesReady")
	if c.Reason != "RevisionMissing" || c.Status == "True" || s.Status.ObservedGeneration != s.Meta.Generation {
		return ""
	}
	for i, revision := range w.revisions {
		if w.split.Of(i) == 0 && !slices.Contains(w.dropped, revision) && strings.Contains(c.Message, `Revision "`+revision+`"`) {
			return revision
		}
	}
	return ""
}

// write writes the wish, unless it is there already, and returns the list that it wrote. A conflict
// or a lost answer is followed by a new look: as long as nobody else changed the traffic, it tries
// again.
func (k *Knative) write(ctx context.Context, w wish) (s ksvc, entries []any, err error) {
	var saw []any
	pause := firstPause
	for range writeAttempts {
		s, entries, err = k.try(ctx, w, saw)
		if err == nil || (!apierrors.IsConflict(err) && !passing(err)) {
			return s, entries, err
		}
		if s.entries != nil {
			saw = s.entries
		}
		if sleep(ctx, jittered(pause)) != nil {
			break
		}
		pause = min(2*pause, lastPause)
	}
	if apierrors.IsConflict(err) {
		err = experiment.WithHint(said{"the service changes faster than Perch can write it", err},
			"see who writes it: kubectl get ksvc "+w.target.Name+" -n "+w.target.Namespace+" -o yaml --show-managed-fields")
	}
	return s, nil, err
}

// try reads the service, asks who has the lease, and writes. What was seen before a write that may
// have failed is seen again, or somebody else was there.
func (k *Knative) try(ctx context.Context, w wish, saw []any) (s ksvc, entries []any, err error) {
	pass, err := k.lease.enter(w.target)
	if err != nil {
		return s, nil, err
	}
	if s, err = k.get(ctx, w.target); err != nil {
		return s, nil, err
	}
	if entries, err = w.entries(s); err != nil || reflect.DeepEqual(s.entries, entries) {
		return s, entries, err
	}
	if err := pass.confirm(ctx); err != nil {
		return s, nil, err
	}
	if saw != nil && !reflect.DeepEqual(s.entries, saw) || saw == nil && w.outdated(s) {
		return s, nil, drift(s)
	}
	entries, err = k.patch(ctx, s, entries)
	return s, entries, err
}

// outdated tells whether somebody else has changed the traffic since the wish was made.
func (w wish) outdated(s ksvc) bool {
	if by, _ := s.changed(); by == "" || !w.from.Known() {
		return false
	}
	now, err := s.split(s.asked(), w.revisions)
	return err != nil || !now.Equal(w.from)
}

// patch writes the list of traffic targets, on condition that the service is still as it was read,
// and returns the list as Knative's webhook completed it.
func (k *Knative) patch(ctx context.Context, s ksvc, entries []any) ([]any, error) {
	body, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": s.Meta.ResourceVersion},
		"spec":     map[string]any{"traffic": entries},
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	t := experiment.Target{Namespace: s.Meta.Namespace, Name: s.Meta.Name}
	u, err := k.services(t).Patch(ctx, t.Name, types.MergePatchType, body, metav1.PatchOptions{FieldManager: FieldManager})
	if err != nil {
		return nil, explain(err, k.context)
	}
	written, err := parseKsvc(u)
	return written.entries, err
}

// entries is the list of traffic targets that the wish asks for, out of the one that is there.
func (w wish) entries(s ksvc) ([]any, error) {
	others := s.asked()
	entries := make([]any, len(s.entries))
	for i, e := range s.entries {
		fields, ok := e.(map[string]any)
		if !ok {
			return nil, errors.New("spec.traffic is not a list of objects")
		}
		entries[i] = maps.Clone(fields)
	}
	for _, revision := range w.revisions {
		delete(others, revision)
	}
	left := 0
	for _, percent := range others {
		left += percent
	}
	if left > 0 && w.from.Known() {
		return nil, s.stranger(others)
	}
	for v, revision := range w.revisions {
		if slices.Contains(w.dropped, revision) {
			entries = slices.DeleteFunc(entries, func(e any) bool { return s.means(e, revision) })
			continue
		}
		percent := w.split.Of(v)
		if v == 0 {
			percent -= left
		}
		entries = s.assign(entries, revision, int64(percent))
	}
	return entries, nil
}

// means tells whether an entry is about a revision.
func (s ksvc) means(entry any, revision string) bool {
	fields := entry.(map[string]any)
	if latest, _ := fields["latestRevision"].(bool); latest {
		return s.Status.LatestReadyRevisionName == revision
	}
	return fields["revisionName"] == revision
}

// assign gives one entry of a revision all of its percentage, and the others of it nothing. The one
// is that with the most percent, one that names the revision before one that follows the latest,
// and the first of those; it is pinned. When the revision has none and needs one, it is added.
func (s ksvc) assign(entries []any, revision string, percent int64) []any {
	best, rank := -1, int64(-1)
	for i, e := range entries {
		if !s.means(e, revision) {
			continue
		}
		fields := e.(map[string]any)
		now, _ := fields["percent"].(int64)
		r := 2 * now
		if fields["revisionName"] == revision {
			r++
		}
		if r > rank {
			best, rank = i, r
		}
		if now > 0 {
			fields["percent"] = int64(0)
		}
	}
	switch {
	case best < 0 && percent == 0:
		return entries
	case best < 0:
		return append(entries, map[string]any{"revisionName": revision, "latestRevision": false, "percent": percent})
	}
	fields := entries[best].(map[string]any)
	if latest, _ := fields["latestRevision"].(bool); latest {
		fields["latestRevision"], fields["revisionName"] = false, revision
	}
	if now, _ := fields["percent"].(int64); now != percent {
		fields["percent"] = percent
	}
	return entries
}
