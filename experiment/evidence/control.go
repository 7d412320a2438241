package evidence

// A control is what the baseline shows of one objective: how clustered events are, whether it keeps
// the limit itself, and what its worst moments looked like.
type control struct {
	Open     block   `json:"open"`
	OpenNats nats    `json:"openNats"` // of the bets that it violates the limit, in the open block
	OpenBad  sums    `json:"openBad"`  // blown requests of the open block
	Spread   spread  `json:"spread"`
	Sound    sums    `json:"sound"`            // all blocks that are not plainly out of limits
	Blocks   int     `json:"blocks"`           // how many there were
	Out      int     `json:"out,omitempty"`    // how many were plainly out of limits
	WasOut   bool    `json:"wasOut,omitempty"` // the latest was
	Worst    float64 `json:"worst,omitempty"`  // the highest share of blown requests in a block
	Violated process `json:"violated"`
	Recent   recent  `json:"recent,omitempty"`
}

// recentControl is how many blocks say what the baseline does now.
const recentControl = 3

// observe folds one reading of the baseline in.
func (c control) observe(r reading, o Objective, s stake, tuned Settings) control {
	violated, _ := o.grids()
	c.Violated = c.Violated.bet(violated, r.control, s)
	c.OpenNats = c.OpenNats.plus(r.control)
	c.OpenBad.N += r.blown.baselineN
	c.OpenBad.Sum += r.blown.baseline
	next, full, ok := c.Open.add(r.baseline, tuned.Block)
	c.Open = next
	if !ok {
		return c
	}
	c.Recent = c.Recent.add(full, recentControl)
	c.Blocks++
	c.WasOut = violated.log(c.OpenNats) >= tuned.Blame.Plain
	switch {
	case c.WasOut: // an outage says nothing of how events cluster on other days
		c.Out++
	case o.Relative: // what both versions share does not count: see trial
		c.Sound = c.Sound.plus(full)
	default:
		c.Sound, c.Spread = c.Sound.plus(full), c.Spread.add(full)
	}
	if c.OpenBad.N >= 50 {
		c.Worst = max(c.Worst, c.OpenBad.rate())
	}
	c.OpenNats, c.OpenBad = nats{}, sums{}
	return c
}

// healthy tells whether the baseline keeps the limit in the long run. One that does not can excuse
// nothing.
func (c control) healthy(o Objective) bool {
	if o.Relative {
		return true
	}
	return 2*c.Out <= c.Blocks && (c.Sound.N == 0 || o.within(c.Sound.rate(), o.share()))
}

// incident tells whether the baseline is out of the limit now.
func (c control) incident(o Objective, latest nats, tuned Settings) bool {
	if o.Relative {
		return false
	}
	violated, _ := o.grids()
	if violated.log(c.OpenNats) >= tuned.Blame.Plain || c.WasOut && violated.log(latest) > 0 {
		return true
	}
	now := c.Recent.total().plus(c.Open.Open)
	return c.Violated.Log >= tuned.Blame.Lasting && now.N > 0 && !o.within(now.rate(), o.share())
}

// share is what a rate of events, or a mean, is compared with: 5 % for a 95th percentile.
func (o Objective) share() float64 {
	switch {
	case o.Kind == Quantile && o.Relative:
		return 1
	case o.Kind == Quantile:
		return 1 - o.Quantile
	}
	return o.Limit
}

// within compares a value with a limit, inclusively.
func (o Objective) within(value, limit float64) bool {
	if o.Lower {
		return value >= limit
	}
	return value <= limit
}
