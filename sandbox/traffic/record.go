// Package traffic remembers every split of a service's traffic that there ever was, from a watch on
// the API server: a watch is told of each version of an object, where reading it now and then may
// miss some.
package traffic

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/watch"
)

// catchUpDeadline bounds the wait for a watch to tell what has happened already.
const catchUpDeadline = 10 * time.Second

// Record is the splits of one service, the oldest first.
type Record struct {
	services dynamic.ResourceInterface
	name     string

	mu     sync.Mutex
	splits []Split
	seen   string // the newest version of the service
	// changed is closed, and made anew, whenever a version is seen.
	changed chan struct{}
}

// NewRecord makes a record of the service called name among services.
func NewRecord(services dynamic.ResourceInterface, name string) *Record {
	return &Record{services: services, name: name, changed: make(chan struct{})}
}

// Start notes the service as it is, and then every change of its split until ctx ends.
func (r *Record) Start(ctx context.Context) error {
	only := fields.OneTermEqualSelector("metadata.name", r.name).String()
	now, err := r.services.List(ctx, metav1.ListOptions{FieldSelector: only})
	if err != nil {
		return fmt.Errorf("read service %s: %w", r.name, err)
	}
	for i := range now.Items {
		r.see(&now.Items[i], time.Now())
	}
	source := &cache.ListWatch{WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (apiwatch.Interface, error) {
		options.FieldSelector = only
		return r.services.Watch(ctx, options)
	}}
	changes, err := watch.NewRetryWatcherWithContext(ctx, now.GetResourceVersion(), source)
	if err != nil {
		return fmt.Errorf("watch service %s: %w", r.name, err)
	}
	go func() {
		for change := range changes.ResultChan() {
			if service, isObject := change.Object.(*unstructured.Unstructured); isObject {
				r.see(service, time.Now())
			}
		}
	}()
	return nil
}

// see notes a version, if its split is another than before.
func (r *Record) see(service *unstructured.Unstructured, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = service.GetResourceVersion()
	close(r.changed)
	r.changed = make(chan struct{})
	split := splitOf(service, at)
	if last := len(r.splits) - 1; last < 0 || !same(r.splits[last], split) {
		r.splits = append(r.splits, split)
	}
}

func same(a, b Split) bool {
	return a.Manager == b.Manager && reflect.DeepEqual(a.Percent, b.Percent) && reflect.DeepEqual(a.Targets, b.Targets)
}

// Splits are all that there ever were, up to this moment.
func (r *Record) Splits(ctx context.Context) ([]Split, error) {
	if err := r.catchUp(ctx); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.splits), nil
}

// Forget leaves but the split of this moment.
func (r *Record) Forget(ctx context.Context) error {
	if err := r.catchUp(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.splits = slices.Clone(r.splits[max(0, len(r.splits)-1):])
	return nil
}

// catchUp returns when the watch has come as far as the service is now.
func (r *Record) catchUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, catchUpDeadline)
	defer cancel()
	service, err := r.services.Get(ctx, r.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read service %s: %w", r.name, err)
	}
	for {
		seen, changed := r.look()
		if seen != "" {
			order, err := resourceversion.CompareResourceVersion(seen, service.GetResourceVersion())
			if err != nil || order >= 0 {
				return err
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("watch service %s: behind: %w", r.name, ctx.Err())
		}
	}
}

func (r *Record) look() (seen string, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen, r.changed
}

// ServeHTTP answers with the splits, one line of JSON each.
func (r *Record) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	splits, err := r.Splits(request.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/jsonl")
	lines := json.NewEncoder(w)
	for _, split := range splits {
		_ = lines.Encode(split)
	}
}
