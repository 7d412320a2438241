package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/serving/pkg/apis/serving"

	"perch/sandbox/charts"
	"perch/sandbox/cluster"
	"perch/sandbox/traffic"
	"perch/sandbox/tutorial"
)

// resetDeadline bounds a reset, which takes a few seconds.
const resetDeadline = 2 * time.Minute

// switchboard is from where a sandbox is broken and healed: the proxies of --faults, and an HTTP
// server that sets their rules, tells the splits of traffic there were, and resets the tutorial.
type switchboard struct {
	*cluster.Front

	sandbox *sandbox
	url     string
	record  *traffic.Record
	http    *http.Server
	stop    context.CancelFunc
	// resetting is held by the one reset that runs.
	resetting sync.Mutex
}

// openSwitchboard makes one for a sandbox that is up.
func openSwitchboard(ctx context.Context, s *sandbox) (*switchboard, error) {
	ctx, cancel := context.WithCancel(ctx)
	services := s.Objects.Resource(serving.ServicesResource.WithVersion("v1")).Namespace(metav1.NamespaceDefault)
	b := &switchboard{sandbox: s, record: traffic.NewRecord(services, tutorial.Service), stop: cancel}
	if err := b.open(ctx); err != nil {
		cancel()
		return nil, fmt.Errorf("faults: %w", err)
	}
	return b, nil
}

func (b *switchboard) open(ctx context.Context) error {
	var err error
	if b.Front, err = b.sandbox.StartFront(ctx); err != nil {
		return err
	}
	if err := b.record.Start(ctx); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	b.url = "http://" + listener.Addr().String()
	paths := http.NewServeMux()
	paths.Handle("/faults", b.Rules)
	paths.Handle("GET /traffic", b.record)
	paths.HandleFunc("POST /reset", b.serveReset)
	b.http = &http.Server{Handler: paths, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = b.http.Serve(listener) }()
	return nil
}

// variables lead programs through the proxies, and observers past them.
func (b *switchboard) variables() []string {
	return []string{
		"KUBECONFIG=" + b.Kubeconfig,
		"PERCH_PROMETHEUS=" + b.Prometheus,
		"PERCH_MIRROR=" + charts.Origin + "=" + b.Charts,
		"PERCH_SANDBOX_FAULTS=" + b.url,
		"PERCH_SANDBOX_DIRECT=" + b.sandbox.Kubeconfig,
	}
}

// serveReset answers with the split that the tutorial begins with.
func (b *switchboard) serveReset(w http.ResponseWriter, request *http.Request) {
	if b.sandbox.tutorial == nil {
		http.Error(w, "the sandbox was started without --tutorial", http.StatusConflict)
		return
	}
	tag := request.URL.Query().Get("tag")
	if err := charts.CheckTag(tag); tag != "" && err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(request.Context(), resetDeadline)
	defer cancel()
	splits, err := b.reset(ctx, tag)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(splits[len(splits)-1])
}

// reset takes the tutorial back to its beginning. A tag makes another candidate.
func (b *switchboard) reset(ctx context.Context, tag string) ([]traffic.Split, error) {
	if !b.resetting.TryLock() {
		return nil, errors.New("another reset is running")
	}
	defer b.resetting.Unlock()
	b.Rules.Replace(nil)
	if tag != "" {
		if err := b.sandbox.Charts.SetTag(tag); err != nil {
			return nil, err
		}
	}
	if err := b.sandbox.tutorial.Reset(ctx, b.sandbox.Cluster); err != nil {
		return nil, err
	}
	if err := b.record.Forget(ctx); err != nil {
		return nil, err
	}
	return b.record.Splits(ctx)
}

// close ends the proxies and whatever hangs in them.
func (b *switchboard) close() error {
	b.stop()
	return errors.Join(b.http.Close(), b.Stop())
}
