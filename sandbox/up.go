package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"perch/sandbox/cluster"
	"perch/sandbox/jobs"
)

// up runs a cluster, and a command in it if there is one, and gives the exit code.
func up(ctx context.Context, f flags) int {
	dir, remove, err := workFolder(f.dir)
	if err != nil {
		return fail(err)
	}
	defer remove()
	interrupted, release := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer release()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	unbind := context.AfterFunc(interrupted, cancel)
	progress := newProgress(os.Stderr)
	c, err := cluster.Start(ctx, cluster.Options{
		Dir: dir, ScrapeInterval: f.scrapeInterval, Tutorial: f.tutorial.tag, RPS: f.rps, Progress: progress.stage,
	})
	defer stop(c)
	if err != nil {
		progress.end("not ready")
		if interrupted.Err() != nil {
			return fail(errors.New("interrupted while starting"))
		}
		return fail(fmt.Errorf("%w%s", err, logTail(filepath.Join(dir, "sandbox.log"))))
	}
	progress.end("ready")
	if len(f.command) == 0 {
		explain(c)
		<-interrupted.Done()
		return 0
	}
	unbind()
	release() // from here on, signals are the command's
	return run(c.Environment(), f.command)
}

func fail(err error) int {
	fmt.Fprintf(os.Stderr, "error: %s\n", err)
	return exitError
}

// workFolder is where the files go, and how they are removed.
func workFolder(dir string) (path string, remove func(), err error) {
	if dir == "" {
		dir, err = os.MkdirTemp("", "perch-sandbox-")
		return dir, func() { _ = os.RemoveAll(dir) }, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", nil, err
	}
	if len(entries) > 0 {
		return "", nil, fmt.Errorf("--dir %s holds files already: name a new folder, or empty it", dir)
	}
	dir, err = filepath.Abs(dir)
	return dir, func() {}, err
}

// stop ends the cluster and tells what the tutorial's load came to.
func stop(c *cluster.Cluster) {
	load, loaded, err := c.Stop()
	if loaded {
		fmt.Fprintf(os.Stderr, "fortio: %s\n", summary(load))
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "error: stop: %s\n", err)
	}
}

// summary: "4012 requests, 4012 answered 200".
func summary(r jobs.Result) string {
	const ok = 200
	text := fmt.Sprintf("%d requests, %d answered %d", r.Requests, r.Codes[ok], ok)
	if other := r.Requests - r.Codes[ok]; other > 0 {
		text += fmt.Sprintf(", %d otherwise", other)
	}
	return text
}

// explain prints how to use the cluster: exports for a shell on standard output, the rest beside it.
func explain(c *cluster.Cluster) {
	for _, variable := range c.Environment() {
		fmt.Fprintf(os.Stdout, "export %s\n", variable)
	}
	fmt.Fprintf(os.Stderr, "\nPaste the exports into another shell. Then, for example:\n"+
		"  kubectl get ksvc,revisions,experiments\n"+
		"  curl http://sample-app.default.localhost:%s\n"+
		"Ctrl-C ends the cluster.\n", portOf(c.Gateway))
}
