package controlplane

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.uber.org/zap"
)

// startEtcd runs an etcd of one member. What it holds is thrown away, so it does not wait for disks.
func startEtcd(ctx context.Context, dir string) (*embed.Etcd, error) {
	loopback := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	c := embed.NewConfig()
	c.Dir = filepath.Join(dir, "etcd")
	c.ListenClientUrls, c.AdvertiseClientUrls = loopback, loopback
	c.ListenPeerUrls, c.AdvertisePeerUrls = loopback, loopback
	c.InitialCluster = c.InitialClusterFromName(c.Name)
	c.UnsafeNoFsync = true
	c.EnableGRPCGateway = false // it would dial port 0
	c.BackendBatchInterval = 20 * time.Millisecond
	c.QuotaBackendBytes = 512 << 20
	c.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	wal.SegmentSizeBytes = 4 << 20 // of 64 MiB by default, twice
	store, err := embed.StartEtcd(c)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	select {
	case <-store.Server.ReadyNotify():
		return store, nil
	case err := <-store.Err():
		return nil, err
	case <-ctx.Done():
		store.Close()
		return nil, errors.Join(errors.New("not ready in time"), ctx.Err())
	}
}
