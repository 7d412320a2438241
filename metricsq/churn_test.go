package metricsq

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A life is that of one pod of a version: what it was asked, when it was scraped, when it restarted.
type life struct {
	revision, name string
	born, died     int // seconds since the experiment began
	requests       map[int]int
	restarts       map[int]bool
	scrapes        map[int]bool
}

// live makes a life with a request or so a second, scrapes every 10 s of which some are missed, and
// restarts. One of trouble 0 has neither.
func live(random *rand.Rand, revision, name string, born, died int, trouble float64) life {
	l := life{revision, name, born, died, map[int]int{}, map[int]bool{}, map[int]bool{}}
	phase := random.IntN(10)
	for s := born; s < died; s++ {
		l.requests[s] = random.IntN(3)
		l.restarts[s] = random.Float64() < trouble/60
		l.scrapes[s] = (s+1000)%10 == phase && random.Float64() >= trouble
	}
	return l
}

// series are what Prometheus knows of the life at a time: what was scraped in a window before.
func (l life) series(from, to int) []scraped {
	points := map[int][3]float64{}
	count := 0
	for s := l.born; s < l.died && s <= to; s++ {
		if l.restarts[s] {
			count = 0
		}
		if l.scrapes[s] && s > from && count > 0 { // a series is born by its first request
			points[s] = [3]float64{float64(count), 0, 0}
		}
		count += l.requests[s]
	}
	if len(points) == 0 {
		return nil
	}
	return histogram(l.revision, l.name, "2xx", points)
}

// happened is how many requests there were from one second on, before another one.
func (l life) happened(from, to int) int64 {
	total := 0
	for s := max(l.born, from); s < min(l.died, to); s++ {
		total += l.requests[s]
	}
	return int64(total)
}

// A world of pods answers as Prometheus would.
type world []life

// windowOf is the length of a range vector.
var windowOf = regexp.MustCompile(`\[(\d+)s\]`)

func (w world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	unix, _ := strconv.ParseFloat(r.FormValue("time"), 64)
	now := int(unix) - int(since().Unix())
	length, _ := strconv.Atoi(windowOf.FindStringSubmatch(r.FormValue("query"))[1])
	var all []scraped
	for _, l := range w {
		all = append(all, l.series(now-length, now)...)
	}
	if strings.HasPrefix(r.FormValue("query"), "last_over_time") {
		up := strings.Replace(vector(all...), `"result":[`, `"result":[{"metric":{},"value":[1,"1"]},`, 1)
		_, _ = rw.Write([]byte(strings.Replace(up, "},]", "}]", 1)))
		return
	}
	_, _ = rw.Write([]byte(matrix(all...)))
}

// Pods come and go, restart and miss scrapes, and looks fall anywhere: never is more counted than
// happened, and where nothing was lost, nothing less.
func TestCountNeverInventsRequests(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		trouble := float64(seed%3) / 10
		t.Run(fmt.Sprintf("seed %d, trouble %v", seed, trouble), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			pods := world{live(random, "sample-app-v1", "a", -400, 900, trouble), live(random, "sample-app-v1", "b", -400, 500, trouble)}
			for i := range 6 {
				born := random.IntN(500)
				pods = append(pods, live(random, "sample-app-v2", fmt.Sprint(i), born, born+60+random.IntN(400), trouble))
			}
			c := open(t, pods.ServeHTTP)
			o := CountOptions{Started: since()}
			counted, from := map[string]int64{}, 0
			for now := 5; now < 700; now += 5 + random.IntN(20) {
				o.Now = at(now)
				for _, x := range c.Count(t.Context(), spec("iter8-knative/error-rate"), o) {
					if o.After.IsZero() && from == 0 && x.Missing == "" {
						from = int(x.From.Sub(since()) / time.Second)
					}
					counted[x.Version] += x.Requests
					if x.Missing == "" && x.To.After(o.After) {
						o.After = x.To
					}
				}
			}
			pods.expect(t, counted, from-10, int(o.After.Sub(since())/time.Second), trouble == 0)
		})
	}
}

// expect compares what was counted with what happened: at most everything since a scrape before the
// beginning, and, when all scrapes came, at least everything up to the last scrape of each pod.
func (w world) expect(t *testing.T, counted map[string]int64, from, to int, whole bool) {
	t.Helper()
	most, least := map[string]int64{}, map[string]int64{}
	for _, l := range w {
		version := map[string]string{"sample-app-v1": "current", "sample-app-v2": "candidate"}[l.revision]
		most[version] += l.happened(from, to)
		last := min(to, l.died-1)
		for last > l.born && !l.scrapes[last] {
			last--
		}
		least[version] += l.happened(from+20, last)
	}
	for _, version := range []string{"current", "candidate"} {
		if counted[version] > most[version] {
			t.Errorf("%s: counted %d of %d requests", version, counted[version], most[version])
		}
		if whole && counted[version] < least[version] {
			t.Errorf("%s: counted %d requests, at least %d were there to be counted", version, counted[version], least[version])
		}
	}
	if to < 600 {
		t.Errorf("want to have counted up to the end, got to %d s", to)
	}
}
