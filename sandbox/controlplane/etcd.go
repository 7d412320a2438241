package controlplane

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.uber.org/zap"
)

// etcdDeadline bounds the start of etcd, which takes well under a second on an idle machine.
const etcdDeadline = 60 * time.Second

// startEtcd runs a store of one member on free loopback ports and returns its URL. It lives until
// the process ends.
func startEtcd(ctx context.Context, dir string, log *zap.Logger) (string, error) {
	wal.SegmentSizeBytes = 4 << 20 // the default allocates two files of 64 MB
	server, err := embed.StartEtcd(etcdConfig(filepath.Join(dir, "etcd"), log))
	if err != nil {
		return "", err
	}
	deadline := time.NewTimer(etcdDeadline)
	defer deadline.Stop()
	select {
	case <-server.Server.ReadyNotify():
		return "http://" + server.Clients[0].Addr().String(), nil
	case err = <-server.Err():
	case <-ctx.Done():
		err = ctx.Err()
	case <-deadline.C:
		err = fmt.Errorf("not ready after %s", etcdDeadline)
	}
	if err == nil {
		err = errors.New("stopped while starting")
	}
	server.Close()
	return "", err
}

func etcdConfig(dir string, log *zap.Logger) *embed.Config {
	anyPort := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config := embed.NewConfig()
	config.Dir = dir
	config.ListenClientUrls, config.AdvertiseClientUrls = anyPort, anyPort
	config.ListenPeerUrls, config.AdvertisePeerUrls = anyPort, anyPort
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.EnableGRPCGateway = false // it would dial the port of the URL above, which is 0
	config.UnsafeNoFsync = true      // the data need not outlive the process
	config.QuotaBackendBytes = 256 << 20
	config.BackendBatchInterval = 20 * time.Millisecond
	config.ZapLoggerBuilder = embed.NewZapLoggerBuilder(log.Named("etcd"))
	return config
}
