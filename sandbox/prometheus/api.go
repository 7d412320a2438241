package prometheus

import (
	"context"
	"net/http"
	"time"

	"github.com/grafana/regexp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/route"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/tsdb"
	v1 "github.com/prometheus/prometheus/web/api/v1"
)

// api is Prometheus' HTTP API. Its constructor takes everything by position, and takes other things
// in each release: what stands for what is said here, because it cannot be seen.
func (p *Prometheus) api(dir string) http.Handler {
	api := v1.NewAPI(
		p.engine, p.storage, nil, p.storage, // queries, storage: to read, to append to (none), exemplars
		func(context.Context) v1.ScrapePoolsRetriever { return p.scraper },
		func(context.Context) v1.TargetRetriever { return p.scraper },
		func(context.Context) v1.AlertmanagerRetriever { return nil },
		func() config.Config { return *p.config },
		map[string]string{}, v1.GlobalURLOptions{}, // flags, addresses of other parts
		func(h http.HandlerFunc) http.HandlerFunc { return h }, // what waits for readiness
		statistics{p.storage}, dir, false, false, 0, p.log, // administration: off
		func(context.Context) v1.RulesRetriever { return nil },
		0, 0, 0, false, regexp.MustCompile(".*"), // remote read: limits; no agent; CORS
		func() (v1.RuntimeInfo, error) { return v1.RuntimeInfo{}, nil },
		&v1.PrometheusVersion{Version: "sandbox"}, nil, nil, // build; notifications
		prometheus.NewRegistry(), prometheus.NewRegistry(), nil, // gatherer, registerer, statistics renderer
		false, nil, false, false, false, time.Duration(p.config.GlobalConfig.ScrapeInterval), false, false, nil, nil, // remote write, OTLP: off
		v1.OpenAPIOptions{}, p.parser, false, queryTimeout,
	)
	router := route.New()
	api.Register(router.WithPrefix("/api/v1"))
	return router
}

// statistics shows the storage to the API.
type statistics struct{ *tsdb.DB }

// BlockMetas lists the blocks.
func (s statistics) BlockMetas() ([]tsdb.BlockMeta, error) { return s.DB.BlockMetas(), nil }

// Stats counts series by label.
func (s statistics) Stats(label string, limit int) (*tsdb.Stats, error) {
	return s.Head().Stats(label, limit), nil
}

// WALReplayStatus has nothing to say: the storage began empty.
func (s statistics) WALReplayStatus() (tsdb.WALReplayStatus, error) {
	return tsdb.WALReplayStatus{}, nil
}
