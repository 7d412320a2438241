package evidence

import (
	"encoding/binary"
	"math"
	"testing"
	"time"
)

// scribble reads intervals from any bytes: sane ones, and not.
func scribble(data []byte) (list []Interval) {
	next := func() uint64 {
		var word [8]byte
		data = data[copy(word[:], data):]
		return binary.LittleEndian.Uint64(word[:])
	}
	at := time.Duration(0)
	for len(data) > 0 && len(list) < 200 {
		shape := next()
		i := empty(at, at+time.Duration(shape%20)*time.Second, int(shape>>8%101))
		i.Rise = shape>>16%2 == 0
		for _, c := range []*Counts{&i.Baseline, &i.Candidate} {
			v := next()
			c.Buckets[v%19] = int64(v >> 8 % 5000)
			c.Requests = c.Buckets[v%19]
			c.Errors = int64(v >> 24 % 5000)
			c.Sum = float64(c.Requests) * histogram{i.Bounds, c.Buckets}.lower(int(v%19)) * (1 + float64(v>>40%3)/10)
			switch v >> 56 % 16 {
			case 0:
				c.Sum = math.Float64frombits(next())
			case 1:
				c.Requests = int64(next())
			case 2:
				c.Buckets[0] = int64(next())
			}
		}
		switch shape >> 24 % 16 {
		case 0:
			i.Missing = "nothing"
		case 1:
			i.End = time.Duration(next())
		case 2:
			i.Bounds = i.Bounds[:shape>>32%19]
		}
		if list = append(list, i); i.End > at && i.End < time.Hour {
			at = i.End
		}
	}
	return list
}

// Whatever is counted, the judge keeps its promises, and its state can be written and read.
func FuzzStep(f *testing.F) {
	f.Add([]byte{}, false)
	f.Add([]byte("a catastrophe, and then nothing at all for a while"), true)
	for seed := range byte(8) {
		text := make([]byte, 2400)
		for k := range text {
			text[k] = byte(k*k*int(seed+3)>>3) ^ seed
		}
		f.Add(text, seed%2 == 0)
	}
	f.Fuzz(func(t *testing.T, data []byte, relative bool) {
		w := release(1, nil)
		w.plan.Budget = 20 * time.Minute
		for k := range w.objectives {
			w.objectives[k].Relative = relative
		}
		s := New(w.settings, w.plan, w.objectives, nil)
		for _, i := range scribble(data) {
			next := s.Step(i)
			if s.Decision.final() {
				continue
			}
			for _, broken := range brokenBy(s, i, next) {
				if broken != "it ends in time" && broken != "what is promoted is measured within its limits" {
					t.Fatalf("%s: %+v after %+v", broken, next.Call(), i)
				}
			}
			s = read(t, written(t, next))
		}
	})
}
