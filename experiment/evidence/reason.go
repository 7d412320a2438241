package evidence

import (
	"fmt"
	"time"
)

// reason says in one clause why the call is what it is.
func (s State) reason(f Forecast) string {
	d := s.Decision
	switch d.Phase {
	case Warming:
		return s.warmReason()
	case Quarantined:
		return s.suspicious(s.worst()) + ", but the baseline may have the same trouble"
	case Holding:
		return s.holdReason()
	case AllSatisfied:
		return s.satisfiedReason()
	case AnyViolated:
		return s.violatedReason()
	case Inconclusive:
		return s.inconclusiveReason(f)
	case Exploring, Accelerating:
	}
	return s.needReason(f)
}

func (s State) warmReason() string {
	left := s.Warm.Since + s.leastWarmUp() - s.Now
	switch {
	case s.Plan.MaxWeight == 0:
		return "the plan allows the candidate no traffic"
	case !s.Warm.Begun:
		return "waiting for the candidate's first request"
	case left > 0:
		return fmt.Sprintf("warming up: not judged for another %s", left.Round(time.Second))
	}
	return "warming up: the candidate is not within its limits yet"
}

func (s State) holdReason() string {
	switch {
	case s.Line.Flag == NoScrape:
		return "no data: " + s.Line.Missing
	case s.Line.Flag != Judged:
		return s.incidentReason()
	}
	return s.suspicious(s.worst()) + ", not proven yet"
}

func (s State) incidentReason() string {
	for k, o := range s.Objectives {
		c := s.Controls[k]
		now := c.Recent.total().plus(c.Open.Open)
		if !o.Relative && now.N > 0 && !o.within(now.rate(), o.share()) {
			return fmt.Sprintf("the baseline is out of its %s limit too, nothing is judged meanwhile", o)
		}
	}
	return "the baseline had the same trouble, which is not counted"
}

func (s State) satisfiedReason() string {
	kept := "the limit is kept"
	if len(s.Objectives) > 1 {
		kept = fmt.Sprintf("all %d limits are kept", len(s.Objectives))
	}
	n := count(s.Evidence.Candidate.Requests)
	if s.Decision.Cause == measured {
		return fmt.Sprintf("time is up: %s as measured on %s, though not proven", kept, n)
	}
	return fmt.Sprintf("%s, proven on %s", kept, n)
}

func (s State) violatedReason() string {
	k := s.Decision.Objective
	if s.Decision.Cause == proven {
		v, n := s.suspected(k)
		return fmt.Sprintf("%s, proven on %s", s.against(k, v), count(n))
	}
	what, burst := "failed", s.Guards[k].Burst
	if s.Objectives[k].Kind != ErrorRate {
		what = "were far too slow"
	}
	return fmt.Sprintf("%s of %s %s within %s", Thousands(int64(burst.Sum)), count(int64(burst.N)), what,
		seconds(burst.Seconds).Round(time.Second))
}

func (s State) inconclusiveReason(f Forecast) string {
	k := s.Decision.Objective
	switch s.Decision.Cause {
	case cold:
		return "time is up: " + s.warmReason()
	case silent:
		return "time is up, and there is no data: " + s.Line.Missing
	case leaning:
		v, _ := s.Evidence.Candidate.value(s.Objectives[k])
		return fmt.Sprintf("%s on %s: likely too much, but not proven", s.against(k, v), count(s.Evidence.Candidate.Requests))
	case hopeless:
		return "the time left is too short: " + s.needReason(f)
	default:
		return "time is up: " + s.needReason(f)
	}
}

// needReason says what is still to be learnt.
func (s State) needReason(f Forecast) string {
	if len(s.Objectives) == 0 {
		return "there is nothing to judge"
	}
	o := s.Objectives[f.Slowest]
	switch {
	case s.alarm() >= s.Settings.Concern:
		return s.suspicious(s.worst()) + ", not proven"
	case s.allCertified():
		return s.almostReason()
	case !f.Known:
		return fmt.Sprintf("too little is known of the %s yet", o)
	}
	return fmt.Sprintf("needs about %s more requests to be sure of the %s", About(max(1, (f.Requests+f.MaxRequests)/2)), o)
}

func (s State) allCertified() bool {
	for k := range s.Objectives {
		if s.certified(k) < 1 {
			return false
		}
	}
	return true
}

// almostReason says what keeps a candidate that is proven to be good enough from being promoted.
func (s State) almostReason() string {
	for k := range s.Objectives {
		if v, _ := s.Evidence.Candidate.value(s.Objectives[k]); !s.measuredWithin(k) {
			return s.against(k, v)
		}
	}
	for k, o := range s.Objectives {
		if !s.lately(k) {
			return fmt.Sprintf("the %s was out of its limit in the last minute", o)
		}
	}
	left := max(s.soak()-s.Now, s.load()-s.Evidence.Loaded)
	return fmt.Sprintf("all limits are kept so far, watching for another %s", max(0, left).Round(time.Second))
}

// against says where a value is: "error rate 2.3 % against a limit of 1 %".
func (s State) against(k int, v float64) string {
	o, which := s.Objectives[k], "limit"
	if o.Lower {
		which = "lower limit"
	}
	limit, _ := s.limit(k)
	return fmt.Sprintf("%s %s against a %s of %s", o, o.format(v), which, o.format(limit))
}

// suspicious says what is wrong, and on how much it rests.
func (s State) suspicious(k int) string {
	v, n := s.suspected(k)
	return fmt.Sprintf("%s on %s", s.against(k, v), count(n))
}

// suspected is what the candidate did since the suspicion began, or since it is judged.
func (s State) suspected(k int) (v float64, requests int64) {
	seen := s.Evidence.Candidate
	if s.Suspicion != nil && s.Suspicion.Seen.Requests > 0 {
		seen = s.Suspicion.Seen
	}
	v, _ = seen.value(s.Objectives[k])
	return v, seen.Requests
}
