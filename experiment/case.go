package experiment

import "fmt"

// Case lists what speaks for promoting the candidate and what speaks against it, a sentence each,
// from the latest look and from what went before.
func (s State) Case() (pro, con []string) {
	look, ok := s.Latest()
	if !ok {
		return nil, nil
	}
	candidate := s.Spec().Candidate().Name
	if look.Decision.Kind == EndsUndecidedly {
		con = append(con, look.Decision.Reason)
	}
	pro = append(pro, fmt.Sprintf("%s at %d %% of the traffic", s.met(look.Decision), look.Split.Candidate()))
	for i, o := range s.Spec().Criteria.Objectives {
		a := look.Decision.Of(i, candidate)
		sample := SampleOf(look.Samples, o.Metric, candidate)
		text := fmt.Sprintf("%s %s", s.Metric(o.Metric).Label, a.Reason)
		if sample.Requests != nil && s.Weighing == nil { // evidence says itself what it rests on
			text += fmt.Sprintf(" over %.0f requests", *sample.Requests)
		}
		if a.Verdict == Satisfied {
			pro = append(pro, text)
		} else {
			con = append(con, text)
		}
	}
	return pro, append(con, s.blemishes()...)
}

// blemishes are the iterations that went otherwise than well.
func (s State) blemishes() []string {
	var list []string
	for _, look := range s.History {
		switch look.Decision.Kind {
		case Withdraw, HoldWeights:
			list = append(list, fmt.Sprintf("iteration %d: %s", look.Iteration, look.Decision.Reason))
		case Explore, Advance, Stay, Repair, AskToPromote, KeepBaseline, RollBackNow, EndsUndecidedly:
		}
	}
	const most = 3
	if more := len(list) - most; more > 0 {
		list = append(list[more:], fmt.Sprintf("and %d earlier ones", more))
	}
	return list
}
