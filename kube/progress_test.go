package kube

import (
	"testing"

	"helm.sh/helm/v3/pkg/release"

	"github.com/google/go-cmp/cmp"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	mine, other, back := mark{"r1", "candidate"}, mark{"r0", "candidate"}, mark{"r1", "current"}
	type revision struct {
		status release.Status
		mark   mark
	}
	tests := []struct {
		name string
		has  []revision
		want Stage
		what string
	}{
		{"no release", nil, StageNotBegun, "there is no such release yet"},
		{"of others", []revision{{release.StatusDeployed, mark{}}}, StageNotBegun, "revision 1 is not of this run"},
		{"of another run", []revision{{release.StatusDeployed, other}}, StageNotBegun, "revision 1 is not of this run"},
		{"of another version", []revision{{release.StatusDeployed, back}}, StageNotBegun, "revision 1 is not of this run"},
		{"done", []revision{{release.StatusSuperseded, mark{}}, {release.StatusDeployed, mine}}, StageDone, "revision 2 of this run is deployed"},
		{"failed", []revision{{release.StatusDeployed, other}, {release.StatusFailed, mine}}, StageFailed,
			"revision 2 of this run failed: Preparing upgrade"},
		{"undone since", []revision{{release.StatusSuperseded, mine}, {release.StatusDeployed, mark{}}}, StageNotBegun,
			"revision 1 of this run is superseded, and revision 2 is deployed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newHelmWorld(t)
			w.Mark("r1")
			for i, r := range tt.has {
				w.has(t, i+1, r.status, nil)
				w.revise(t, i+1, func(kept *release.Release) { kept.Labels = r.mark.labels(i + 1) })
			}
			got, err := w.Progress(t.Context(), finish([]string{charts, "sample-app", "sample-app"}), "candidate")
			want := Progress{Stage: tt.want, Upgrades: []UpgradeProgress{{
				Release: "sample-app", Stage: tt.want, Revision: len(tt.has), What: tt.what}}}
			if tt.name == "undone since" {
				want.Upgrades[0].Revision = 1
			}
			if d := cmp.Diff(want, got); d != "" || err != nil {
				t.Errorf("progress (-want +got)\n%serror %v", d, err)
			}
		})
	}
}

// TestProgressOfARealPromotion asks after each of several upgrades, and sees copies of its labels.
func TestProgressOfARealPromotion(t *testing.T) {
	t.Parallel()
	w := newHelmWorld(t)
	w.has(t, 1, release.StatusDeployed, object{"name": "v1"})
	args := []string{charts, "sample-app", "sample-app", "--set=name=v2"}
	spec := finish(args, []string{"--install", charts, "second", "sample-app", "--set=name=v2"})
	stages := func(run string) []Stage {
		w.Mark(run)
		p, err := w.Progress(t.Context(), spec, "candidate")
		if err != nil {
			t.Fatal(err)
		}
		got := []Stage{p.Stage}
		for _, u := range p.Upgrades {
			got = append(got, u.Stage)
		}
		return got
	}
	steps := []struct {
		name string
		do   func() error
		run  string
		want []Stage
	}{
		{"before", func() error { return nil }, "r1", []Stage{StageNotBegun, StageNotBegun, StageNotBegun}},
		{"one of two", func() error { _, err := w.Promote(t.Context(), finish(args), "candidate"); return err }, "r1",
			[]Stage{StageNotBegun, StageDone, StageNotBegun}},
		{"both", func() error { _, err := w.Promote(t.Context(), spec, "candidate"); return err }, "r1", []Stage{StageDone, StageDone, StageDone}},
		{"another run", func() error { return nil }, "r2", []Stage{StageNotBegun, StageNotBegun, StageNotBegun}},
		{"somebody's helm upgrade, which keeps the labels", func() error {
			w.Mark("")
			_, err := w.Promote(t.Context(), finish(args), "candidate")
			return err
		}, "r1", []Stage{StageNotBegun, StageNotBegun, StageDone}},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			t.Fatalf("%s: %s", s.name, text(err))
		}
		if d := cmp.Diff(s.want, stages(s.run)); d != "" {
			t.Errorf("%s (-want +got)\n%s", s.name, d)
		}
	}
}

func TestLabelValue(t *testing.T) {
	t.Parallel()
	for give, want := range map[string]string{
		"20261125-r1": "20261125-r1", "": "", "v 1": "b538e0421deb009363885590", "null": "null",
	} {
		if got := labelValue(give); got != want {
			t.Errorf("labelValue(%q) = %q, want %q", give, got, want)
		}
	}
}
