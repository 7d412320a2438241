package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

func TestRejudged(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	look := func(n int, recorded, now experiment.Decision) experiment.Rejudged {
		e := experiment.Event{Seq: n, At: at.Add(time.Duration(n) * 10 * time.Second), Fact: experiment.Measured{}}
		return experiment.Rejudged{Event: e, Recorded: recorded, Now: now}
	}
	advance := experiment.Decision{Kind: experiment.Advance, Reason: "advance to 25 %: 3 of 3 objectives met"}
	wins := experiment.Decision{Kind: experiment.AskToPromote, Reason: "candidate wins: 3 of 3 objectives met"}
	back := experiment.Decision{Kind: experiment.RollBackNow, Reason: "roll back: error rate"}
	var out strings.Builder
	err := Rejudged(&out, []experiment.Rejudged{
		look(1, advance, advance), look(2, experiment.Decision{}, experiment.Decision{}),
		look(3, advance, back), look(4, wins, experiment.Decision{}),
	}, Appearance{NoColor: true})
	want := ` LOOK      RECORDED                                              NOW
 12:00:10  advance to 25 %: 3 of 3 objectives met                the same
 12:00:30  advance to 25 %: 3 of 3 objectives met                roll back: error rate
 12:00:40  candidate wins: 3 of 3 objectives met                 settled before

 recorded: 12:00:40  candidate wins: 3 of 3 objectives met
 now:      12:00:30  roll back: error rate
`
	if diff := cmp.Diff(want, out.String()); diff != "" || err != nil {
		t.Errorf("rejudged (-want +got)\n%s%v", diff, err)
	}
}
