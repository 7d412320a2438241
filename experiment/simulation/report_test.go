package simulation

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestShareOf: Wilson's interval solves (p-w)² = z² w(1-w)/n for its ends w.
func TestShareOf(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ k, n int }{{0, 10}, {5, 10}, {1, 300}, {5000, 5000}, {37, 400}} {
		s := ShareOf(row.k, row.n)
		p, n := float64(row.k)/float64(row.n), float64(row.n)
		near(t, "share", s.Of, p, 1e-15)
		for _, w := range []float64{s.Low, s.High} {
			if w > 0 && w < 1 {
				near(t, "square of the distance in standard errors", (p-w)*(p-w)*n/(w*(1-w)), 1.959964*1.959964, 1e-6)
			}
		}
		if s.Low > p || s.High < p {
			t.Errorf("%d of %d: %g to %g", row.k, row.n, s.Low, s.High)
		}
	}
	if diff := cmp.Diff(Share{High: 1}, ShareOf(0, 0)); diff != "" {
		t.Errorf("nothing counted (-want +got):\n%s", diff)
	}
}

func TestCellOf(t *testing.T) {
	t.Parallel()
	list := []Run{
		{Outcome: RolledBack, Took: 10 * time.Second, Tally: Tally{Harm: 10}},
		{Outcome: RolledBack, Took: 30 * time.Second, Tally: Tally{Harm: 20}},
		{Outcome: Undecided, Took: 20 * time.Second, Tally: Tally{Harm: 30}},
		{Outcome: Promoted, Took: time.Second, Tally: Tally{Harm: 0}},
	}
	for _, row := range []struct {
		truth                   Truth
		wrong, right, undecided int
		seconds                 float64
	}{
		{Good, 2, 1, 1, 10},
		{Bad, 1, 2, 1, 20}, // to be taken off: the promoted one never was
		{Boundary, 2, 1, 1, 10},
	} {
		c := cellOf("s", row.truth, "r", list)
		got := []int{c.Wrong.Count, c.Right.Count, c.Undecided.Count}
		if diff := cmp.Diff([]int{row.wrong, row.right, row.undecided}, got); diff != "" {
			t.Errorf("%s: wrong, right, undecided (-want +got):\n%s", row.truth, diff)
		}
		near(t, "median seconds", c.Seconds, row.seconds, 0)
		near(t, "harm", c.Harm, 15, 1e-12)
	}
}

func TestBetterThan(t *testing.T) {
	t.Parallel()
	ours := Cell{Truth: Bad, Wrong: ShareOf(10, 1000), Right: ShareOf(900, 1000), Harm: 100, Seconds: 100}
	for _, row := range []struct {
		name   string
		change func(*Cell)
		want   []string
	}{
		{"the same", func(*Cell) {}, nil},
		{"a chance difference", func(c *Cell) { c.Wrong = ShareOf(5, 1000) }, nil},
		{"fewer wrong", func(c *Cell) { c.Wrong = ShareOf(0, 1000) }, []string{"wrong 0.0 % instead of 1.0 %"}},
		{"more right, of bad ones", func(c *Cell) { c.Right = ShareOf(990, 1000) }, nil},
		{"less harm, sooner", func(c *Cell) { c.Harm, c.Seconds = 50, 50 },
			[]string{"harm 50 instead of 100", "after 50 s instead of 100 s"}},
		{"sooner, but wrong", func(c *Cell) { c.Wrong, c.Seconds = ShareOf(500, 1000), 50 }, nil},
	} {
		peer := ours
		row.change(&peer)
		if diff := cmp.Diff(row.want, peer.betterThan(ours)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

func TestBetterThanOnGoodOnes(t *testing.T) {
	t.Parallel()
	ours := Cell{Truth: Good, Right: ShareOf(900, 1000), Harm: 100, Seconds: 100}
	peer := Cell{Truth: Good, Right: ShareOf(990, 1000), Harm: 1, Seconds: 200}
	if diff := cmp.Diff([]string{"right 99.0 % instead of 90.0 %"}, peer.betterThan(ours)); diff != "" {
		t.Errorf("more right (-want +got):\n%s", diff)
	}
}
