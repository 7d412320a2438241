package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"perch/experiment"
	"perch/kube"
	"perch/runner"
)

// takeFlags say what to do about a run that is there already.
type takeFlags struct {
	restart, takeOver, force bool
}

func (f takeFlags) how() kube.Take {
	switch {
	case f.force:
		return kube.ByForce
	case f.takeOver:
		return kube.Expired
	}
	return kube.Politely
}

// A drive is the hold on a target: the lease, where the checkpoint is kept, and the run that is to go
// on, if there is one.
type drive struct {
	lease       *kube.Lease
	checkpoints *kube.Checkpoints
	driver      experiment.Driver
	before      *experiment.State // nil: a run begins
}

// newDrive finds out whether there is a run to go on with. It writes nothing.
func newDrive(ctx context.Context, cluster *kube.Cluster, spec experiment.Spec) (*drive, error) {
	d := &drive{checkpoints: kube.NewCheckpoints(cluster)}
	d.driver = experiment.Driver{Run: strings.ToLower(rand.Text()[:10]), Holder: holder(), Since: time.Now().UTC()}
	before, err := d.load(ctx, spec.Target)
	if before != nil {
		d.before, d.driver.Run = before, before.Setup.Driver.Run // whose lease it may be
	}
	return d, err
}

// take makes this process the driver of the target.
func (d *drive) take(ctx context.Context, cluster *kube.Cluster, spec experiment.Spec, f takeFlags) error {
	d.lease = kube.NewLease(cluster, d.driver)
	if err := d.lease.Acquire(ctx, spec.Target, f.how()); err != nil {
		return err
	}
	d.checkpoints.Guard(d.lease)
	if err := d.choose(ctx, spec, f); err != nil {
		d.release(ctx)
		return err
	}
	return nil
}

// choose finds the run to go on with, now that nobody else can change the checkpoint.
func (d *drive) choose(ctx context.Context, spec experiment.Spec, f takeFlags) error {
	before, err := d.load(ctx, spec.Target)
	d.before = nil
	if err != nil || before == nil || f.restart {
		return err
	}
	if before.Setup.Digest != spec.Digest() {
		if over(*before) {
			return nil
		}
		return experiment.WithHint(
			fmt.Errorf("an unfinished run of %s on %s, begun %s, was of another experiment file",
				before.Spec().Name, spec.Target, before.Since.UTC().Format("2006-01-02 15:04 MST")),
			"run it to its end with that file, or begin anew with --restart; the weights stay until then")
	}
	d.before = before
	return nil
}

// load reads the checkpoint of an unfinished run, or the record, where that is on this machine and
// knows more, even that the run has ended; nil: there is none.
func (d *drive) load(ctx context.Context, target experiment.Target) (*experiment.State, error) {
	data, found, err := d.checkpoints.Load(ctx, target)
	if err != nil || !found {
		return nil, err
	}
	s, err := experiment.ReadState(data)
	if err != nil {
		return nil, experiment.WithHint(fmt.Errorf("the checkpoint of %s cannot be read: %w", target, err),
			"it may be of another version of Perch; --restart begins anew")
	}
	if over(s) {
		return nil, nil
	}
	if newer, ok := fromRecord(s); ok {
		s = newer
	}
	if s.Since.IsZero() {
		return nil, nil
	}
	return &s, nil
}

// over tells whether a run has ended for good.
func over(s experiment.State) bool { return s.Ended != nil && s.Ended.Outcome.Final() }

// fromRecord reads the record of a checkpoint's run. A process that was killed may have recorded what
// it could not save any more.
func fromRecord(s experiment.State) (newer experiment.State, ok bool) {
	file, err := os.Open(s.Setup.Record)
	if err != nil {
		return newer, false
	}
	events, _, err := runner.ReadRecord(s.Setup.Record, file)
	if err := errors.Join(err, file.Close()); err != nil {
		return newer, false
	}
	newer = experiment.Fold(events)
	return newer, newer.Setup.Driver.Run == s.Setup.Driver.Run && newer.Seq > s.Seq
}

// Save keeps the checkpoint of the run.
func (d *drive) Save(ctx context.Context, s experiment.State) error {
	data, err := json.Marshal(s.Snapshot())
	if err != nil {
		return err
	}
	return d.checkpoints.Save(ctx, s.Spec().Target, data)
}

// resumed is the fact with which the run goes on; nil: it begins.
func (d *drive) resumed(setup experiment.Started) *experiment.Resumed {
	if d.before == nil {
		return nil
	}
	before := d.before.Snapshot()
	return &experiment.Resumed{Driver: setup.Driver, Record: setup.Record, Policy: setup.Policy, Before: &before}
}

// holder names the person and the machine.
func holder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "somewhere"
	}
	return whoami() + "@" + host
}

// release gives the target back. If that fails, the lease expires soon.
func (d *drive) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if err := d.lease.Release(ctx); err != nil {
		slog.Warn("give back the lease", "error", err.Error())
	}
}

// releaseTimeout bounds how long the prompt is waited for at the end.
const releaseTimeout = 5 * time.Second
