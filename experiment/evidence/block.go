package evidence

// A block is at least so many seconds of counts. What depends on a stretch of time works on blocks,
// so that it is the same however often one looks.
type block struct {
	Open sums `json:"open"`
}

// add tells which block has become full, if one has.
func (b block) add(v sums, seconds float64) (next block, full sums, ok bool) {
	open := b.Open.plus(v)
	if open.Seconds < 0.95*seconds { // scrapes jitter
		return block{open}, sums{}, false
	}
	return block{}, open, true
}

// A recent holds the latest blocks.
type recent []sums

// add never changes r: an earlier state may hold it.
func (r recent) add(v sums, size int) recent {
	from := max(0, len(r)+1-size)
	next := make(recent, 0, size)
	return append(append(next, r[from:]...), v.bare())
}

func (r recent) total() (t sums) {
	for _, v := range r {
		t = t.plus(v)
	}
	return t
}
