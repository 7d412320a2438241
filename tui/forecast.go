package tui

import (
	"fmt"
	"time"

	"perch/experiment/evidence"
)

// forecastWords says when there will be a decision, the longest form first.
func (sc scene) forecastWords() []string {
	c := sc.Weighing.Call
	f := c.Forecast
	switch {
	case sc.Ended != nil:
		return nil
	case c.Action == evidence.Promote:
		return []string{"every limit is kept"}
	case c.Action == evidence.RollBack:
		return []string{"a limit is violated, by the candidate's fault"}
	case c.Action == evidence.GiveUp:
		return []string{"nothing more can be proven in time"}
	case c.Line.Missing != "":
		return []string{"waits for data: " + c.Line.Missing, "waits for data"}
	case c.Phase == evidence.Warming:
		return []string{"not judged yet: the candidate is young"}
	case !f.Known:
		return []string{"nobody can say yet when there will be a decision", "no forecast yet"}
	}
	decision := "decision " + spanWords(f)
	more := fmt.Sprintf(", about %s more requests", evidence.About((f.Requests+f.MaxRequests)/2))
	if left := sc.timeLeft(); left < f.Latest {
		late := fmt.Sprintf(", but only %s is left", span(left))
		return []string{decision + more + late, decision + late}
	}
	return []string{decision + more + "; slowest: " + sc.limitName(f.Slowest), decision + more, decision}
}

// timeLeft is how long the experiment goes on at most.
func (sc scene) timeLeft() time.Duration {
	d := sc.Spec().Duration.Interval() * time.Duration(sc.Iterations())
	return max(0, sc.Since.Add(d).Sub(sc.now))
}

// spanWords is from when to when, in one unit: "in 2–5 min", "within 40 s".
func spanWords(f evidence.Forecast) string {
	unit, name := time.Hour, "h"
	switch {
	case f.Latest <= 0:
		return "at the next look"
	case f.Latest < 100*time.Second:
		unit, name = 10*time.Second, "s"
	case f.Latest < 100*time.Minute:
		unit, name = time.Minute, "min"
	}
	from, to := int(f.Soonest/unit), int((f.Latest+unit-1)/unit)
	if name == "s" {
		from, to = 10*from, 10*to
	}
	switch from {
	case 0:
		return fmt.Sprintf("within %d %s", to, name)
	case to:
		return fmt.Sprintf("in about %d %s", to, name)
	}
	return fmt.Sprintf("in %d–%d %s", from, to, name)
}
