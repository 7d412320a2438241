package experiment

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each row is a run; the letters are what each iteration finds (see reading), the weights are the
// candidate's after it. The columns are those of the Iter8 reference.
func TestDecideMovesTrafficAsIter8Did(t *testing.T) {
	t.Parallel()
	const good = "gggggggggg"
	for _, row := range []struct {
		name, baseline, candidate string
		want                      []int
		end                       DecisionKind
	}{
		{"A: data from the first look on", good, good, []int{20, 40, 60, 75, 75, 75, 75, 75, 75, 75}, AskToPromote},
		{"B: no data in 1", "-ggggggggg", "--gggggggg", []int{0, 5, 25, 45, 65, 75, 75, 75, 75, 75}, AskToPromote},
		{"C: violates in 5", good, "-gggbggggg", []int{5, 25, 45, 65, 5, 25, 45, 65, 75, 75}, AskToPromote},
		{"D: violates from 6 on", good, "-ggggbbbbb", []int{5, 25, 45, 65, 75, 5, 5, 5, 5, 5}, KeepBaseline},
		{"E: violates in 10", good, "-ggggggggb", []int{5, 25, 45, 65, 75, 75, 75, 75, 75, 75}, KeepBaseline},
		{"F: never any data", "----------", "----------", []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, EndsUndecidedly},
		{"slow scrapes", "--gggggggg", "---ggggggg", []int{0, 0, 5, 25, 45, 65, 75, 75, 75, 75}, AskToPromote},
		{"violates in 3", good, "-gbggggggg", []int{5, 25, 5, 25, 45, 65, 75, 75, 75, 75}, AskToPromote},
		{"violates in 6", good, "-ggggbgggg", []int{5, 25, 45, 65, 75, 5, 25, 45, 65, 75}, AskToPromote},
		{"both violate", "bbbbbbbbbb", "-gbbbbbbbb", []int{5, 25, 5, 5, 5, 5, 5, 5, 5, 5}, KeepBaseline},
		{"only the baseline violates", "bbbbbbbbbb", "-ggggggggg", []int{5, 25, 45, 65, 75, 75, 75, 75, 75, 75}, AskToPromote},
		{"violates from the start", good, "-bbbbbbbbb", []int{5, 5, 5, 5, 5, 5, 5, 5, 5, 5}, KeepBaseline},
		{"violates without traffic", good, "bbbbbbbbbb", []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, KeepBaseline},
		{"backend down in 4 and 5", "gggxxggggg", "-ggxxggggg", []int{5, 25, 45, 45, 45, 65, 75, 75, 75, 75}, AskToPromote},
		{"backend down at the end", "gggggggggx", "-ggggggggx", []int{5, 25, 45, 65, 75, 75, 75, 75, 75, 75}, HoldWeights},
		{"backend down for a candidate without traffic", good, "xxxxxxxxxx", []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, EndsUndecidedly},
		{"candidate fails to answer later", good, "-g--gggggg", []int{5, 25, 25, 25, 45, 65, 75, 75, 75, 75}, AskToPromote},
		{"rises in the last iteration", good, "---------g", []int{5, 5, 5, 5, 5, 5, 5, 5, 5, 25}, AskToPromote},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := begin(tutorial(t), BaselineOnly(2))
			var got []int
			var last Decision
			for i := range row.baseline {
				last = r.see(row.baseline[i:i+1] + row.candidate[i:i+1])
				got = append(got, r.state.Seen.Split.Candidate())
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
			if last.Kind != row.end {
				t.Errorf("want the end %s, got %s: %s", row.end, last.Kind, last.Reason)
			}
		})
	}
}

func TestDecideByDefaultLimits(t *testing.T) {
	t.Parallel()
	spec := tutorial(t)
	spec.Strategy.MaxCandidateWeight, spec.Strategy.MaxCandidateWeightIncrement = 100, 10
	r := begin(spec, BaselineOnly(2))
	r.see("g-")
	for _, want := range []int{15, 25, 35, 45, 55, 65, 75, 85, 95} {
		r.see("gg")
		if got := r.state.Seen.Split.Candidate(); got != want {
			t.Errorf("want %d, got %d", want, got)
		}
	}
}

// What a small limit does to the share for exploration: Iter8 raised a failing candidate to 5 %.
func TestDecideWithinSmallLimits(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name           string
		most, increase int
		letters        []string
		want           []int
	}{
		{"explores by the increment", 75, 2, []string{"g-", "gg"}, []int{2, 4}},
		{"explores up to the maximum", 3, 20, []string{"g-", "gg"}, []int{3, 3}},
		{"never raises a failing candidate", 75, 2, []string{"g-", "gb", "gb"}, []int{2, 2, 2}},
		{"may not rise", 75, 0, []string{"g-", "gg"}, []int{0, 0}},
		{"may have nothing", 0, 20, []string{"g-", "gg"}, []int{0, 0}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			spec := tutorial(t)
			spec.Strategy.MaxCandidateWeight, spec.Strategy.MaxCandidateWeightIncrement = row.most, row.increase
			r := begin(spec, BaselineOnly(2))
			for i, letters := range row.letters {
				d := r.see(letters)
				if got := d.Split.Candidate(); got != row.want[i] {
					t.Errorf("iteration %d: want %d, got %d: %s", i+1, row.want[i], got, d.Reason)
				}
				if d.Kind == Explore && d.Split.Candidate() == 0 {
					t.Errorf("iteration %d explores with nothing: %s", i+1, d.Reason)
				}
			}
		})
	}
}

func TestDecideAfterTheLastIteration(t *testing.T) {
	t.Parallel()
	spec := tutorial(t)
	spec.Duration.IterationsPerLoop = 2
	r := begin(spec, BaselineOnly(2))
	for i, row := range []struct {
		letters string
		kind    DecisionKind
		weight  int
	}{
		{"g-", Explore, 5}, {"gg", AskToPromote, 25}, {"gg", AskToPromote, 25}, {"gx", HoldWeights, 25},
		{"gg", AskToPromote, 25}, {"gb", KeepBaseline, 25},
	} {
		d := r.see(row.letters)
		if d.Kind != row.kind || d.Split.Candidate() != row.weight {
			t.Errorf("iteration %d: want %s at %d, got %s at %d", i+1, row.kind, row.weight, d.Kind, d.Split.Candidate())
		}
	}
}

func TestDecideWithdrawsWhatIsAboveTheLimit(t *testing.T) {
	t.Parallel()
	r := begin(tutorial(t), weights(t, 10, 90))
	if d := r.see("gg"); d.Kind != Withdraw || d.Split.Candidate() != 75 {
		t.Errorf("want withdraw to 75, got %s to %d", d.Kind, d.Split.Candidate())
	}
}
