package prometheus

import (
	"context"
	"net/http"
	"time"

	"github.com/grafana/regexp"
	clientprometheus "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb"
	apiv1 "github.com/prometheus/prometheus/web/api/v1"
)

const (
	queryTimeout  = 30 * time.Second
	lookback      = 5 * time.Minute // Prometheus' own default
	maxSamples    = 5_000_000
	scrapeTimeout = 30 * time.Second
)

// api wires Prometheus' HTTP API. Its constructor takes every option of the program by position;
// those left at zero belong to parts that do not run here.
func (s *Server) api(dir string) *apiv1.API {
	parse := parser.NewParser(parser.Options{})
	engine := promql.NewEngine(promql.EngineOpts{
		Logger:               s.log,
		MaxSamples:           maxSamples,
		Timeout:              queryTimeout,
		LookbackDelta:        lookback,
		EnableAtModifier:     true,
		EnableNegativeOffset: true,
		Parser:               parse,
	})
	alwaysReady := func(next http.HandlerFunc) http.HandlerFunc { return next }
	return apiv1.NewAPI(
		engine, s.db, nil, s.db,
		func(context.Context) apiv1.ScrapePoolsRetriever { return s.scraper },
		func(context.Context) apiv1.TargetRetriever { return s.scraper },
		func(context.Context) apiv1.AlertmanagerRetriever { return nil },
		func() config.Config { return *s.config },
		map[string]string{}, apiv1.GlobalURLOptions{}, alwaysReady,
		statistics{s.db}, dir, false, false, 0, s.log,
		func(context.Context) apiv1.RulesRetriever { return nil },
		0, 0, 0, false, regexp.MustCompile(".*"),
		func() (apiv1.RuntimeInfo, error) { return apiv1.RuntimeInfo{}, nil },
		&apiv1.PrometheusVersion{Version: "sandbox"}, nil, nil,
		clientprometheus.NewRegistry(), clientprometheus.NewRegistry(),
		nil, false, nil, false, false, false, lookback, false, false, nil, nil,
		apiv1.OpenAPIOptions{}, parse, false, scrapeTimeout)
}

// statistics lets the API report on the database.
type statistics struct {
	*tsdb.DB
}

// BlockMetas lists the blocks on disk.
func (s statistics) BlockMetas() ([]tsdb.BlockMeta, error) { return s.DB.BlockMetas(), nil }

// Stats reports on the series in memory.
func (s statistics) Stats(label string, limit int) (*tsdb.Stats, error) {
	return s.Head().Stats(label, limit), nil
}

// WALReplayStatus is empty: the database is new at each start.
func (s statistics) WALReplayStatus() (tsdb.WALReplayStatus, error) {
	return tsdb.WALReplayStatus{}, nil
}
