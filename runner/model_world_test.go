package runner

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"perch/experiment"
)

// The errors of the world alone.
var (
	errStranger = errors.New("revision stranger gets 10 %, and is no version of the experiment")
	errLost     = errors.New("another driver has the lease")
)

// A port is something that can be called, with luck of its own.
type port int

// The ports, and those who act by themselves.
const (
	pinging port = iota
	initializing
	measuring
	observing
	counting
	shifting
	planning
	promoting
	awaiting
	recovering
	asking
	saving
	fate
	ports
)

// A mood is what the metrics say for a while.
type mood struct {
	bad     int                // position of the version that is bad; -1: none
	missing experiment.Missing // why nothing is known; Unmeasured: all is
	of      int                // position of the version of which nothing is known; -1: of both
}

// A world is the cluster and the metrics of a model: it goes through all lives of a run, and does
// to its callers what clusters do. Its traffic behaves as that of kube.Knative.
type world struct {
	plan  plan
	watch *observer

	mu       sync.Mutex
	dice     [ports]*rand.Rand
	rough    float64 // how likely it is that a call goes wrong
	mood     mood
	split    experiment.Split
	stranger bool   // a revision that is no version has some of the traffic
	by       string // who changed the traffic last; "": Perch
	at       time.Time
	writes   int // how often the traffic was written
	past     []epoch
	helm     upgrade
	saved    *experiment.State
}

// An epoch is a split and when it began; unknown while a stranger has traffic.
type epoch struct {
	at    time.Time
	split experiment.Split
}

// An upgrade is how the release stands.
type upgrade struct {
	version string
	stage   experiment.Progress
	locked  bool
	busy    int // operations under way
}

func newWorld(p plan, watch *observer) *world {
	w := &world{plan: p, watch: watch, rough: p.rough, mood: mood{bad: -1, of: -1}, split: p.initial, by: "kubectl"}
	for i := range w.dice {
		w.dice[i] = rand.New(rand.NewPCG(p.seed, uint64(i)))
	}
	w.past = []epoch{{time.Now(), w.split}}
	watch.asked = w.split
	return w
}

// A chance is what becomes of one call.
type chance struct {
	hangs bool
	fails bool // with an error; whether it has had its effect is another question:
	lands bool // a call that fails or is cancelled has its effect all the same

	before, after time.Duration // until the effect, and from it to the answer
}

func (w *world) chance(p port) chance {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.dice[p]
	c := chance{lands: d.IntN(2) == 0, before: upTo(d, 200*time.Millisecond), after: upTo(d, 800*time.Millisecond)}
	roll := d.Float64()
	c.hangs, c.fails = roll < w.rough/5, roll < w.rough
	if slow := d.Float64(); slow < w.rough/2 {
		c.before, c.after = upTo(d, 20*time.Second), upTo(d, 20*time.Second)
	}
	return c
}

func upTo(d *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(1 + d.Int64N(int64(most)))
}

// pass is a call that changes nothing: it takes its time, and may fail or hang.
func (w *world) pass(ctx context.Context, p port) error {
	c := w.chance(p)
	switch {
	case c.hangs:
		<-ctx.Done()
		return ctx.Err()
	case !wait(ctx, c.before):
		return ctx.Err()
	case c.fails:
		return errDown
	}
	return nil
}

// serve makes a split the one in force, for whoever wrote it. Whoever writes what is there already
// changes nothing, and does not become the last writer.
func (w *world) serve(by string, split experiment.Split, stranger bool) {
	if w.split.Equal(split) && w.stranger == stranger {
		return
	}
	w.split, w.stranger, w.by, w.at = split, stranger, by, time.Now().Truncate(time.Second)
	w.writes++
	known := split
	if stranger {
		known = experiment.Split{}
	}
	w.past = append(w.past, epoch{time.Now(), known})
}

// meddle is what another writer does.
func (w *world) meddle(split experiment.Split, stranger bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serve("kubectl", split, stranger)
}

// hadLately tells whether a split was in force at any time since.
func (w *world) hadLately(split experiment.Split, since time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, e := range w.past {
		ended := i+1 < len(w.past) && w.past[i+1].at.Before(since)
		if !ended && e.split.Equal(split) {
			return true
		}
	}
	return false
}

func (w *world) traffic() (experiment.Traffic, error) {
	t := experiment.Traffic{ChangedBy: w.by, Settled: true}
	if w.by != "" {
		t.ChangedAt = w.at
	}
	if w.stranger {
		return t, errStranger
	}
	t.Split = w.split
	return t, nil
}

// look makes the samples of one measurement.
func (w *world) look(spec experiment.Spec) []experiment.Sample {
	w.mu.Lock()
	defer w.mu.Unlock()
	var samples []experiment.Sample
	for _, o := range spec.Criteria.Objectives {
		for i, v := range spec.Versions {
			samples = append(samples, w.sample(o.Metric, v.Name, i))
		}
	}
	return samples
}

func (w *world) sample(metric, version string, i int) experiment.Sample {
	d := w.dice[measuring]
	noise, reason := d.Float64(), reasons()[d.IntN(len(reasons()))]
	switch {
	case w.mood.missing != "" && (w.mood.of < 0 || w.mood.of == i):
		return missing(metric, version, w.mood.missing)
	case w.split.Of(i) == 0:
		return missing(metric, version, experiment.NoRequests)
	case noise < w.rough/10:
		return missing(metric, version, reason)
	case w.mood.bad == i:
		return bad(metric, version)
	}
	return good(metric, version)
}

// reasons are why a sample may have no value.
func reasons() []experiment.Missing {
	return []experiment.Missing{
		experiment.NoRequests, experiment.NoSeries, experiment.Stale, experiment.Ambiguous, experiment.Rejected,
		experiment.Unreachable, experiment.NotANumber, experiment.Partial,
	}
}

// scrape is the counts of all scrapes in a span.
func (w *world) scrape(spec experiment.Spec, span Span) []experiment.Tally {
	w.mu.Lock()
	defer w.mu.Unlock()
	if why := w.mood.missing; why != "" {
		var list []experiment.Tally
		for _, v := range spec.Versions {
			list = append(list, experiment.Tally{Family: "f", Version: v.Name, Missing: why})
		}
		return list
	}
	every := w.plan.cadence
	from := span.After
	if oldest := span.Now.Add(-10 * every); from.IsZero() || from.Before(oldest) {
		from = slices.MaxFunc([]time.Time{span.Started, oldest}, time.Time.Compare)
	}
	var list []experiment.Tally
	for to := from.Add(every); !to.After(span.Now); from, to = to, to.Add(every) {
		for i, v := range spec.Versions {
			list = append(list, w.tally(v.Name, i, from, to))
		}
	}
	return list
}

func (w *world) tally(version string, i int, from, to time.Time) experiment.Tally {
	n := int64(to.Sub(from).Seconds()*float64(w.plan.rate)) * int64(w.split.Of(i)) / 100
	t := experiment.Tally{
		Family: "f", Version: version, From: from, To: to, Requests: n,
		Bounds: []float64{20, 50, 100}, Buckets: []int64{n, 0, 0, 0}, Sum: 10 * float64(n),
	}
	if w.mood.bad == i {
		t.Errors = n / 2
		w.watch.badCounts = w.watch.badCounts || i == 1 && n > 0
	}
	return t
}

// heal lets everything work from now on.
func (w *world) heal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rough, w.mood, w.helm.locked = 0, mood{bad: -1, of: -1}, false
	w.serve("kubectl", w.split, false)
}
