package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"fortio.org/fortio/fhttp"
	"fortio.org/fortio/periodic"
)

// Totals count the answers of a load.
type Totals struct {
	Requests int64 // all of them
	OK       int64 // those with status 200
}

// Others are the requests that were not answered with status 200.
func (t Totals) Others() int64 { return t.Requests - t.OK }

// send sends the load to the gateway, whatever the host of its URL, and writes its results to the
// file output if there is one. It returns when the load is through, or soon after ctx ends.
func (l load) send(ctx context.Context, gateway, output string) (Totals, error) {
	options, err := l.options(gateway)
	if err != nil {
		return Totals{}, err
	}
	// With an aborter of ours Fortio leaves the signals of the process alone.
	aborter := periodic.NewAborter()
	options.Stop = aborter
	defer context.AfterFunc(ctx, func() { aborter.Abort(false) })()

	results, err := fhttp.RunHTTPTest(options)
	if err != nil {
		return Totals{}, err
	}
	results.URL = l.target.String()
	totals := Totals{Requests: results.DurationHistogram.Count, OK: results.RetCodes[http.StatusOK]}
	if output == "" {
		return totals, nil
	}
	return totals, write(output, results)
}

func (l load) options(gateway string) (*fhttp.HTTPRunnerOptions, error) {
	target := *l.target
	target.Host = gateway
	options := &fhttp.HTTPRunnerOptions{
		RunnerOptions: periodic.RunnerOptions{
			QPS:        l.rate,
			Duration:   l.duration,
			Exactly:    l.requests,
			NumThreads: l.connections,
			Labels:     l.labels,
			Uniform:    l.uniform,
			Jitter:     l.jitter,
			NoCatchUp:  l.noCatchUp,
			Out:        io.Discard,
		},
		HTTPOptions:        fhttp.HTTPOptions{URL: target.String(), HTTPReqTimeOut: l.timeout},
		AllowInitialErrors: l.initialErrors,
	}
	options.ResetHeaders()
	var wrong error
	for _, header := range append([]string{"Host: " + l.target.Host}, l.headers...) {
		wrong = errors.Join(wrong, options.AddAndValidateExtraHeader(header))
	}
	return options, wrong
}

func write(path string, results *fhttp.HTTPRunnerResults) error {
	content, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(content, '\n'), 0o644)
}
