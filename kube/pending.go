package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"

	"perch/experiment"
)

// A PendingError says that a Helm operation began on a release and has not ended, or that its
// process was killed.
type PendingError struct {
	Release, Namespace string
	Revision           int
	Status             string // pending-install, pending-upgrade or pending-rollback
	Description        string // in Helm's words
	Since              time.Time
	Run                string // of Perch that began it; "": it was not Perch
}

// Error is one line with who is at work since when, as far as Helm knows.
func (e *PendingError) Error() string {
	by := "by another Helm"
	if e.Run != "" {
		by = "by Perch's run " + e.Run
	}
	return fmt.Sprintf("revision %d is %s for %s, begun %s at %s (%s)", e.Revision, e.Status,
		time.Since(e.Since).Round(time.Second), by, e.Since.UTC().Format("2006-01-02 15:04:05 MST"), e.Description)
}

// Is makes it an experiment.ErrReleaseLocked.
func (e *PendingError) Is(target error) bool { return target == experiment.ErrReleaseLocked }

// pending is the error of a release whose last revision is.
func (p *promotion) pending() error {
	r := p.last
	hint := fmt.Sprintf("if no Helm is at work any more: helm rollback %s -n %s", p.Release, p.Namespace)
	if r.Info.Status == release.StatusPendingInstall {
		hint = fmt.Sprintf("if no Helm is at work any more: helm uninstall %s -n %s", p.Release, p.Namespace)
	}
	return experiment.WithHint(&PendingError{
		Release: p.Release, Namespace: p.Namespace, Revision: r.Version, Status: r.Info.Status.String(),
		Description: cmp.Or(description(r), "no description"), Since: r.Info.LastDeployed.Time, Run: author(r),
	}, hint)
}

// description is what Helm noted about a revision, without its secret values.
func description(r *release.Release) string {
	return oneLine(without(r.Info.Description, secretsIn(r.Config)))
}

const (
	settleAttempts = 3
	settlePause    = time.Second
)

// settle marks a revision failed that a failed upgrade of this run left pending: Helm does not do it
// when the server did not take its last word, or when the roll back of an atomic upgrade stops half
// way. The error is that of the upgrade; what keeps the revision pending is added to it.
func (p *promotion) settle(ctx context.Context, failed error) error {
	var err error
	for i := range settleAttempts {
		if i > 0 && sleep(ctx, settlePause) != nil {
			break
		}
		if err = p.settleOnce(failed); err == nil {
			return failed
		}
	}
	return fmt.Errorf("%w; and the release stays pending: %w", failed, err)
}

func (p *promotion) settleOnce(failed error) error {
	last, err := p.config.Releases.Last(p.Release)
	if err != nil || !last.Info.Status.IsPending() || !p.left(last) {
		return ignoreAbsent(err)
	}
	return p.fail(last, oneLine(p.hide(failed.Error())))
}

// fail marks a revision failed, and leaves the one that was read as it is.
func (p *promotion) fail(r *release.Release, why string) error {
	failed, info := *r, *r.Info
	failed.Info = &info
	failed.SetStatus(release.StatusFailed, why)
	return p.config.Releases.Update(&failed)
}

// left tells whether a revision is what this upgrade, or its own roll back, left.
func (p *promotion) left(r *release.Release) bool {
	rollback := r.Info.Status == release.StatusPendingRollback
	if p.undoes {
		return rollback && r.Version == p.next()
	}
	return p.mark.on(r) || rollback && p.Atomic && r.Version == p.next()+1
}

// ignoreAbsent takes it as well that there is no such release.
func ignoreAbsent(err error) error {
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil
	}
	return err
}

// notReady tells whether Helm gave up waiting, as opposed to an API server that gave no answer.
func (p *promotion) notReady(err error) bool {
	if _, request := errors.AsType[*url.Error](err); request || !p.Wait && !p.Atomic {
		return false
	}
	text := err.Error()
	return strings.Contains(text, context.DeadlineExceeded.Error()) || strings.Contains(text, "timed out waiting for the condition")
}

func (p *promotion) unready(err error) string {
	text := "its objects were not ready within " + shortDuration(p.Timeout)
	switch whole := err.Error(); {
	case strings.Contains(whole, "has been rolled back"):
		return text + "; Helm rolled it back"
	case strings.Contains(whole, "while rolling back"):
		return text + "; rolling it back did not end well either: " + oneLine(p.hide(whole))
	}
	return text
}
