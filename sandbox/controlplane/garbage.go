package controlplane

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
)

const (
	collectors = 4
	// rediscovery is how often the collector looks for kinds that it does not watch yet.
	rediscovery = 10 * time.Second
)

// CollectGarbage runs Kubernetes' own garbage collector until ctx ends: a deleted object takes along
// what it owns. Kinds that are defined later are found after at most ten seconds.
func CollectGarbage(ctx context.Context, config *rest.Config) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("garbage collector: %w", err)
	}
	objects, err := metadata.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("garbage collector: %w", err)
	}
	typed := informers.NewSharedInformerFactory(client, 0)
	untyped := metadatainformer.NewSharedInformerFactory(objects, 0)
	started := make(chan struct{}) // closed here once the informers run
	collector, err := garbagecollector.NewGarbageCollector(ctx, client, objects,
		restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client.Discovery())),
		map[schema.GroupResource]struct{}{
			{Resource: "events"}:                         {},
			{Group: "events.k8s.io", Resource: "events"}: {},
		},
		informerfactory.NewInformerFactory(typed, untyped), started)
	if err != nil {
		return fmt.Errorf("garbage collector: %w", err)
	}
	typed.Start(ctx.Done())
	untyped.Start(ctx.Done())
	close(started)
	go collector.Run(ctx, collectors, rediscovery)
	go collector.Sync(ctx, client.Discovery(), rediscovery)
	return nil
}
