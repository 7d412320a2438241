package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"perch/experiment"
	"perch/kube"
)

// watchEvery is how often a checkpoint is looked at.
const watchEvery = time.Second

// watchFlags are the flags of perch watch.
type watchFlags struct {
	cluster clusterFlags
	sink    sinkFlags
}

func newWatch(s Streams) *cobra.Command {
	var f watchFlags
	c := &cobra.Command{
		Use:   "watch NAMESPACE/NAME|FILE",
		Short: "Look on at a run that is driven elsewhere",
		Long: `Look on at the run of a service, from any machine: as it stands, every second. The service is named, or
taken from an experiment FILE. Nothing is measured or moved; q or Ctrl-C leaves, and the run goes on.

When the run ends, so does this, with the exit code of the run.`,
		Example: `  perch watch default/sample-app
  perch watch experiment.yaml --no-tui`,
		Args: exactly("NAMESPACE/NAME or FILE"),
		RunE: func(c *cobra.Command, args []string) error {
			return f.watch(c.Context(), s, args[0])
		},
	}
	f.cluster.register(c.Flags())
	f.sink.register(c.Flags())
	f.sink.complete(c)
	return c
}

func (f *watchFlags) watch(ctx context.Context, s Streams, arg string) error {
	if err := f.sink.check(); err != nil {
		return usageError{err}
	}
	target, err := targetOf(arg)
	if err != nil {
		return err
	}
	cluster, err := kube.Connect(f.cluster.options())
	if err != nil {
		return err
	}
	ctx, release := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer release()
	f.sink.live = true
	state, err := lookOn(ctx, lookout{kube.NewCheckpoints(cluster), target}, f.sink.open(s, nil))
	if err != nil || state.Ended == nil {
		return err
	}
	if f.sink.screen(s) {
		printEnd(s.Out, state)
	}
	return exitOf(state.Ended)
}

// serviceName is a service as experiment files write their target.
var serviceName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

// targetOf finds the service that an argument means: a file's target, or what is named.
func targetOf(arg string) (experiment.Target, error) {
	if _, err := os.Stat(arg); err == nil || !serviceName.MatchString(arg) {
		if err != nil && !strings.HasSuffix(arg, ".yaml") && !strings.HasSuffix(arg, ".yml") {
			return experiment.Target{}, usageError{experiment.WithHint(fmt.Errorf("%s is neither a file nor a service", arg),
				"name the Knative service, as in default/sample-app, or an experiment file")}
		}
		spec, err := readSpec(arg, experiment.Programs)
		return spec.Target, err
	}
	namespace, name, _ := strings.Cut(arg, "/")
	return experiment.Target{Namespace: namespace, Name: name}, nil
}

// A post tells how the run of a target stands, and who drives it.
type post interface {
	Load(ctx context.Context, t experiment.Target) (data []byte, found bool, err error)
	Driver(ctx context.Context, t experiment.Target) (experiment.Driver, error)
}

// A lookout looks at one target.
type lookout struct {
	post
	target experiment.Target
}

// look reads the checkpoint, and who drives.
func (l lookout) look(ctx context.Context) (s experiment.State, d experiment.Driver, err error) {
	data, found, err := l.Load(ctx, l.target)
	if err != nil {
		return s, d, err
	}
	if d, err = l.Driver(ctx, l.target); err != nil {
		return s, d, err
	}
	if !found {
		return s, d, nobody(l.target, d)
	}
	if s, err = experiment.ReadState(data); err != nil {
		return s, d, experiment.WithHint(fmt.Errorf("the checkpoint of %s cannot be read: %w", l.target, err),
			"it may be of another version of Perch: look on with the one that drives")
	}
	return s, d, nil
}

func nobody(t experiment.Target, d experiment.Driver) error {
	if d.Run != "" {
		return experiment.WithHint(fmt.Errorf("%s is driven by %s, and has no checkpoint yet", t, d.Holder), "try again in a moment")
	}
	return experiment.WithHint(fmt.Errorf("there is no run on %s", t),
		"perch run FILE begins one; check the name of the service, and the context")
}

// lookOn shows a run until it ends, the sink is left, or ctx ends, and returns its last state.
func lookOn(ctx context.Context, l lookout, show sink) (experiment.State, error) {
	first, driver, err := l.look(ctx)
	if err != nil {
		return first, err
	}
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	v := &view{lookout: l, events: make(chan experiment.Event), done: ctx.Done()}
	last := make(chan experiment.State, 1) // sent once, when there is nothing more to see
	go func() {
		defer close(v.events)
		v.tell(first.Setup)
		last <- v.follow(ctx, first, driver)
	}()
	err = show(ctx, v.events)
	leave()
	return <-last, err
}

// A view turns what a lookout sees into events.
type view struct {
	lookout
	events chan experiment.Event // sent by follow, closed by lookOn
	done   <-chan struct{}
	seq    int
	told   int    // Seq of the checkpoint that was told last
	driver string // whose driving was told last; "": nobody drove, or was alive
	error  string // that was told last
}

// tell sends a fact; it is dropped when nobody looks on any more.
func (v *view) tell(f experiment.Fact) {
	v.seq++
	select {
	case v.events <- experiment.Event{Seq: v.seq, At: time.Now().UTC(), Fact: f}:
	case <-v.done:
	}
}

// follow tells every checkpoint that is new, and returns the last one.
func (v *view) follow(ctx context.Context, s experiment.State, d experiment.Driver) experiment.State {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		v.show(s, d)
		if s.Ended != nil {
			v.tell(*s.Ended)
			return s
		}
		for {
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return s
			}
			newer, driver, err := v.look(ctx)
			if err == nil {
				s, d, v.error = newer, driver, ""
				break
			}
			v.trouble(ctx, err)
		}
	}
}

// trouble tells an error once: looking on goes on.
func (v *view) trouble(ctx context.Context, err error) {
	if errors.Is(ctx.Err(), context.Canceled) || err.Error() == v.error {
		return
	}
	v.error = err.Error()
	v.tell(experiment.Troubled{Doing: "watch", What: err.Error(), Hint: experiment.HintOf(err)})
}

// show tells a checkpoint, unless nothing has changed.
func (v *view) show(s experiment.State, d experiment.Driver) {
	driver := ""
	if time.Now().Before(d.Expires) {
		driver = d.Run
	}
	if v.seq == 1 || s.Seq != v.told || driver != v.driver {
		v.tell(experiment.Watched{State: &s, Driver: d})
	}
	v.told, v.driver = s.Seq, driver
}
