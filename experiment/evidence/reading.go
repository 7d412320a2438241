package evidence

// A reading is what one interval says of one objective.
type reading struct {
	candidate, baseline sums
	violated, satisfied nats // of the bets on the candidate's limit
	control             nats // of the bets that the baseline violates the limit
	worse               nats // of the bets that the candidate is worse than the baseline
	blown               pair // requests so bad that few of them can be within the limit
	missing             bool // the limit is relative, and the baseline is not known yet
}

// A witness knows the baseline in the long run; it lends its view to what is relative, and to means.
type witness struct {
	value      float64 // of the property that the objective bounds; 0: not known
	meanSquare float64 // of the latencies; 0: not known
}

func (i Interval) candidate() histogram { return histogram{i.Bounds, i.Candidate.Buckets} }
func (i Interval) baseline() histogram  { return histogram{i.Bounds, i.Baseline.Buckets} }

// read takes from an interval what concerns one objective.
func (o Objective) read(i Interval, margin float64, w witness) reading {
	var r reading
	switch {
	case o.Relative && w.value == 0:
		r.missing = true
	case o.Kind == Mean:
		r = o.readMean(i, margin, w)
	case o.Kind == Quantile:
		r = o.readQuantile(i, margin, w)
	default:
		r = o.readErrors(i, margin)
	}
	r.candidate.Seconds = (i.End - i.Start).Seconds()
	r.baseline.Seconds = r.candidate.Seconds
	return r
}

// sides are where bets on a violation, and bets that there is none, expect the truth.
func (o Objective) sides() (violated, satisfied side) {
	if o.Lower {
		return below, above
	}
	return above, below
}

// relaxed is the limit that is certified: beyond the objective's own by the margin.
func (o Objective) relaxed(limit, margin float64) float64 {
	ratio := 1 + margin
	if o.Lower {
		ratio = 1 / ratio
	}
	if o.Relative || o.Kind == Mean {
		return limit * ratio
	}
	return odds(min(max(limit, leastLimit), 1-leastLimit), ratio)
}

// A band is how many of n requests are events: for sure, as Prometheus interpolates, and at most.
type band struct{ n, low, mid, high float64 }

func (b band) sums() sums { return sums{N: b.n, Sum: b.mid} }

func errorsOf(c Counts) band {
	e := float64(c.Errors)
	return band{float64(c.Requests), e, e, e}
}

func slower(h histogram, t float64) band {
	low, mid, high := h.beyond(t)
	return band{float64(h.count()), low, mid, high}
}

func (o Objective) readErrors(i Interval, margin float64) reading {
	c, b := errorsOf(i.Candidate), errorsOf(i.Baseline)
	r := o.readEvents(c, b, o.Limit, margin)
	r.blown = pair{c.low, b.low, c.n, b.n}
	return r
}

// readQuantile turns "the 95th percentile is at most L" into "at most 5 % of requests are slower
// than L". A relative limit compares the candidate's requests slower than L = limit * value with
// the baseline's slower than value, where value is the bucket bound next to the baseline's quantile.
func (o Objective) readQuantile(i Interval, margin float64, w witness) reading {
	threshold, control, limit := o.Limit, o.Limit, 1-o.Quantile
	if o.Relative {
		control = nearest(i.Bounds, w.value)
		threshold, limit = o.Limit*control, 1
	}
	c, b := slower(i.candidate(), threshold), slower(i.baseline(), control)
	r := o.readEvents(c, b, limit, margin)
	r.blown = pair{c.low, b.mid, c.n, b.n}
	return r
}

// nearest is the bound closest to a value.
func nearest(bounds []float64, value float64) float64 {
	best := value
	for k, b := range bounds {
		if k == 0 || max(b-value, value-b) < max(best-value, value-best) {
			best = b
		}
	}
	return best
}

// readEvents bets on the share of events. What counts against the candidate is what surely is an
// event, what counts for it is what possibly is one; with a lower limit the other way round.
func (o Objective) readEvents(c, b band, limit, margin float64) reading {
	violated, satisfied := o.sides()
	bad, good := pair{c.low, b.high, c.n, b.n}, pair{c.high, b.low, c.n, b.n}
	if o.Lower {
		bad, good = good, bad
	}
	r := reading{candidate: c.sums(), baseline: b.sums(), worse: betOnRatio(against(), violated, bad, 1)}
	loose := o.relaxed(limit, margin)
	if o.Relative {
		r.violated = betOnRatio(against(), violated, bad, limit)
		r.satisfied = betOnRatio(inFavour(), satisfied, good, loose)
		return r
	}
	r.violated = betOnShare(against(), violated, bad.candidate, c.n, limit)
	r.satisfied = betOnShare(inFavour(), satisfied, good.candidate, c.n, loose)
	r.control = betOnShare(against(), violated, good.baseline, b.n, limit)
	return r
}

// tooSlow is how many times the limit of a mean a request takes that counts as blown. If the mean
// is within its limit, at most a fifth of all requests are that slow (Markov's inequality).
const tooSlow = 5

func (o Objective) readMean(i Interval, margin float64, w witness) reading {
	c, b, limit, value := i.candidate(), i.baseline(), o.Limit, o.Limit
	r := reading{candidate: latencies(c, i.Candidate.Sum), baseline: latencies(b, i.Baseline.Sum)}
	certainty := 1.0
	if o.Relative {
		// The baseline's mean in this interval is not known exactly either: with as many requests
		// in both versions, the evidence is worth half.
		limit, value = o.Limit*r.baseline.rate(), o.Limit*w.value
		certainty = r.baseline.N / max(1, r.baseline.N+r.candidate.N)
	}
	violated, satisfied := o.sides()
	r.violated = betOnMean(violated, c, i.Candidate.Sum, limit, w.meanSquare).times(certainty)
	r.satisfied = betOnMean(satisfied, c, i.Candidate.Sum, o.relaxed(limit, margin), w.meanSquare).times(certainty)
	if !o.Relative {
		r.control = betOnMean(violated, b, i.Baseline.Sum, limit, w.meanSquare)
	}
	candidateBlown, _, _ := c.beyond(tooSlow * value)
	_, baselineBlown, _ := b.beyond(tooSlow * value)
	r.blown = pair{candidateBlown, baselineBlown, r.candidate.N, r.baseline.N}
	return r
}

func latencies(h histogram, sum float64) sums {
	return sums{N: float64(h.count()), Sum: sum, Squares: h.squares()}
}

// grids are the mixtures that the objective's bets come from.
func (o Objective) grids() (violated, satisfied grid) {
	if o.Kind != Mean {
		return against(), inFavour()
	}
	violated, satisfied = evenly(meansAbove), evenly(meansBelow)
	if o.Lower {
		return satisfied, violated
	}
	return violated, satisfied
}
