package kube

import (
	"errors"
	"testing"

	"helm.sh/helm/v3/pkg/release"

	"perch/experiment"
)

// A run that was killed in its own upgrade does it again; another's is not touched.
func TestPromoteGoesOnWhereItsOwnProcessWasKilled(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		run    string
		locked bool
	}{
		"its own": {"r1", false}, "another run's": {"r2", true}, "not Perch's": {"", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newHelmWorld(t)
			w.Mark("r1")
			w.has(t, 1, release.StatusDeployed, nil)
			w.has(t, 2, release.StatusPendingUpgrade, nil)
			w.revise(t, 2, func(kept *release.Release) { kept.Labels = mark{tt.run, "candidate"}.labels(2) })
			_, err := w.Promote(t.Context(), finish([]string{charts, "sample-app", "sample-app", "--set=name=v2"}), "candidate")
			if locked := errors.Is(err, experiment.ErrReleaseLocked); locked != tt.locked || (err != nil) != tt.locked {
				t.Errorf("want locked %t, got %v", tt.locked, err)
			}
			last, err := w.kept.Releases.Last("sample-app")
			if err != nil {
				t.Fatal(err)
			}
			want := release.StatusDeployed
			if tt.locked {
				want = release.StatusPendingUpgrade
			}
			if last.Info.Status != want {
				t.Errorf("want the last revision %s, got %s in %d", want, last.Info.Status, last.Version)
			}
		})
	}
}
