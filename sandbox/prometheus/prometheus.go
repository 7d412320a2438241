// Package prometheus runs Prometheus inside this process: its scrape manager, its time series
// database, its PromQL engine and its HTTP API, on loopback. There are no rules, no alerts and no
// pages.
package prometheus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	clientprometheus "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/route"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/tsdb"
)

const (
	job       = "knative"
	retention = 24 * time.Hour
)

// Server is a running Prometheus.
type Server struct {
	// URL is where the API is: URL/api/v1/query.
	URL string

	log     *slog.Logger
	config  *config.Config
	db      *tsdb.DB
	scraper *scrape.Manager
	// targets is sent to by SetTargets alone, and never closed; one update may wait in it.
	targets chan map[string][]*targetgroup.Group
	http    *http.Server
}

// Start runs a Prometheus with its data in dir that scrapes every interval.
func Start(ctx context.Context, dir string, interval time.Duration, log *slog.Logger) (*Server, error) {
	s := &Server{log: log, targets: make(chan map[string][]*targetgroup.Group, 1)}
	var err error
	if s.config, err = config.Load(configuration(interval), log); err != nil {
		return nil, fmt.Errorf("prometheus configuration: %w", err)
	}
	if s.db, err = openDB(dir, log); err != nil {
		return nil, fmt.Errorf("prometheus data in %s: %w", dir, err)
	}
	if err := s.scrape(); err != nil {
		return nil, fmt.Errorf("prometheus scraping: %w", err)
	}
	if err := s.serve(ctx, dir); err != nil {
		return nil, fmt.Errorf("prometheus API: %w", err)
	}
	return s, nil
}

func configuration(interval time.Duration) string {
	return fmt.Sprintf(`{"global": {"scrape_interval": %q, "scrape_timeout": %q}, "scrape_configs": [{"job_name": %q}]}`,
		model.Duration(interval), model.Duration(interval), job)
}

func openDB(dir string, log *slog.Logger) (*tsdb.DB, error) {
	options := tsdb.DefaultOptions()
	options.RetentionDuration = retention.Milliseconds()
	options.WALSegmentSize = 4 << 20
	options.StripeSize = 256
	return tsdb.Open(dir, log, nil, options, nil)
}

func (s *Server) scrape() error {
	options := &scrape.Options{DiscoveryReloadInterval: model.Duration(100 * time.Millisecond)}
	var err error
	s.scraper, err = scrape.NewManager(options, s.log, nil, s.db, nil, clientprometheus.NewRegistry())
	if err != nil {
		return err
	}
	if err := s.scraper.ApplyConfig(s.config); err != nil {
		return err
	}
	go func() {
		if err := s.scraper.Run(s.targets); err != nil {
			s.log.Error("scraping ended", "error", err)
		}
	}()
	return nil
}

func (s *Server) serve(ctx context.Context, dir string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	router := route.New()
	s.api(dir).Register(router.WithPrefix("/api/v1"))
	s.http = &http.Server{Handler: router, ReadHeaderTimeout: 10 * time.Second}
	s.URL = "http://" + listener.Addr().String()
	go func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("serving ended", "error", err)
		}
	}()
	return nil
}

// SetTargets replaces what is scraped; addresses are host:port, each with the labels given. The
// series of an address that is left out become stale. Callers must not overlap.
func (s *Server) SetTargets(targets map[string]map[string]string) {
	groups := []*targetgroup.Group{}
	for address, labels := range targets {
		set := model.LabelSet{model.AddressLabel: model.LabelValue(address)}
		for name, value := range labels {
			set[model.LabelName(name)] = model.LabelValue(value)
		}
		groups = append(groups, &targetgroup.Group{Source: address, Targets: []model.LabelSet{set}})
	}
	select {
	case <-s.targets: // an older update that nobody has seen
	default:
	}
	s.targets <- map[string][]*targetgroup.Group{job: groups}
}

// Stop ends scraping and serving, and closes the data.
func (s *Server) Stop() error {
	s.scraper.Stop()
	return errors.Join(s.http.Close(), s.db.Close())
}
