// Package prometheus runs Prometheus' own scraping, storage, query engine and HTTP API inside this
// process, on a loopback port.
package prometheus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/tsdb"
)

// A Prometheus scrapes the targets that it is told, and answers queries about them.
type Prometheus struct {
	URL string // http://127.0.0.1:port

	config  *config.Config
	storage *tsdb.DB
	scraper *scrape.Manager
	engine  *promql.Engine
	parser  parser.Parser
	targets chan map[string][]*targetgroup.Group // sent by Scrape, received by the scraper, never closed
	http    *http.Server
	log     *slog.Logger
}

// job is what Prometheus calls the revisions.
const job = "revisions"

// queryTimeout bounds one PromQL query.
const queryTimeout = 30 * time.Second

// Start keeps its data below dir and scrapes every interval.
func Start(ctx context.Context, dir string, interval time.Duration, log *slog.Logger) (*Prometheus, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Prometheus{
		URL: "http://" + listener.Addr().String(), log: log,
		targets: make(chan map[string][]*targetgroup.Group),
		parser:  parser.NewParser(parser.Options{}),
	}
	text := fmt.Sprintf("global: {scrape_interval: %[1]s, scrape_timeout: %[1]s}\nscrape_configs: [{job_name: %[2]s}]\n",
		model.Duration(interval), job)
	if p.config, err = config.Load(text, log); err != nil {
		return nil, err
	}
	if err := p.openStorage(dir); err != nil {
		return nil, err
	}
	if err := p.startScraping(); err != nil {
		return nil, err
	}
	p.engine = promql.NewEngine(promql.EngineOpts{
		Logger: log, MaxSamples: 5_000_000, Timeout: queryTimeout, LookbackDelta: 5 * time.Minute,
		EnableAtModifier: true, EnableNegativeOffset: true, Parser: p.parser,
	})
	p.http = &http.Server{Handler: p.api(dir), ReadHeaderTimeout: time.Minute}
	go func() {
		if err := p.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("prometheus' API ended", "error", err)
		}
	}()
	return p, nil
}

func (p *Prometheus) openStorage(dir string) (err error) {
	options := tsdb.DefaultOptions()
	options.RetentionDuration = (24 * time.Hour).Milliseconds()
	options.WALSegmentSize = 4 << 20
	options.StripeSize = 256 // a handful of series
	p.storage, err = tsdb.Open(dir, p.log, nil, options, nil)
	return err
}

func (p *Prometheus) startScraping() (err error) {
	options := &scrape.Options{DiscoveryReloadInterval: model.Duration(100 * time.Millisecond)}
	p.scraper, err = scrape.NewManager(options, p.log, nil, p.storage, nil, prometheus.NewRegistry())
	if err != nil {
		return err
	}
	if err := p.scraper.ApplyConfig(p.config); err != nil {
		return err
	}
	go func() {
		if err := p.scraper.Run(p.targets); err != nil {
			p.log.Error("scraping ended", "error", err)
		}
	}()
	return nil
}

// Scrape takes over the addresses to scrape from now on.
func (p *Prometheus) Scrape(addresses []string) {
	group := &targetgroup.Group{Source: job}
	for _, a := range addresses {
		group.Targets = append(group.Targets, model.LabelSet{model.AddressLabel: model.LabelValue(a)})
	}
	p.targets <- map[string][]*targetgroup.Group{job: {group}}
}

// Stop ends scraping and answering, and closes the storage.
func (p *Prometheus) Stop() error {
	p.scraper.Stop()
	return errors.Join(p.http.Close(), p.storage.Close())
}
