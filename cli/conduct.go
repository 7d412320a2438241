package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"perch/experiment"
	"perch/runner"
	"perch/tui"
)

// conduct runs the experiment with the sink that the flags and the terminal ask for. The sink is
// there before anything else is done, so that a person sees at once that something happens.
func (f *runFlags) conduct(ctx context.Context, s Streams, p parts) error {
	commands := make(chan experiment.Command) // sent by people and signals, never closed
	signalled := forwardSignals(ctx, commands)
	events := make(chan experiment.Event) // sent and closed by lead
	ended := make(chan struct{})          // closed when nobody takes commands any more
	show := f.sink.open(s, func(c experiment.Command) error {
		select {
		case commands <- c:
			return nil
		case <-ended:
			return errors.New("the run has ended")
		}
	})
	seeing, leave := context.WithCancel(ctx)
	defer leave()
	shown := make(chan error, 1) // sent once, when the sink has nothing more to show
	go func() { shown <- show(seeing, events) }()
	state, err := f.lead(ctx, s, p, wires{commands, events})
	close(ended)
	if came := signalled(); came || state.Ended == nil {
		leave() // nobody is there to press a key, or there is nothing to see
	}
	if err = errors.Join(err, <-shown); err != nil {
		return err
	}
	if f.sink.screen(s) {
		printEnd(s.Out, state)
	}
	return exitOf(state.Ended)
}

// wires lead from a run to those who watch it, and back.
type wires struct {
	commands chan experiment.Command
	events   chan<- experiment.Event
}

// lead takes the target, runs the experiment, and gives the target back.
func (f *runFlags) lead(ctx context.Context, s Streams, p parts, w wires) (state experiment.State, err error) {
	defer close(w.events)
	d, err := f.approach(ctx, s, p, w.commands)
	if err != nil {
		return state, err
	}
	defer d.release(ctx)
	config, err := f.config(p, d)
	if err != nil {
		return state, err
	}
	record, err := runner.CreateRecord(config.Setup.Record)
	if err != nil {
		return state, err
	}
	defer func() { err = errors.Join(err, record.Close()) }()
	config.Recorder, config.Commands = record, w.commands
	if !f.sink.screen(s) && config.Approval == runner.Ask {
		unattended := make(chan struct{})
		config.Unattended = unattended
		go readCommands(s.In, w.commands, unattended, s.Err)
	}
	r := runner.New(config)
	forwarded := make(chan struct{}) // closed when every event is passed on
	go func() {
		defer close(forwarded)
		for e := range r.Events() {
			w.events <- e
		}
	}()
	state, err = r.Run(ctx)
	<-forwarded
	return state, err
}

// errStopped says that somebody wanted to stop before the run had begun.
var errStopped = errors.New("stopped before the run had begun; nothing was changed")

// approach looks at everything that a new run needs, before anything is written, and then takes the
// target. A command to stop ends it.
func (f *runFlags) approach(ctx context.Context, s Streams, p parts, commands <-chan experiment.Command) (*drive, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan struct{}) // closed when commands are for the run
	defer close(done)
	go func() {
		for {
			select {
			case c := <-commands:
				if c.Wish == experiment.Stop {
					cancel(errStopped)
				}
			case <-done:
				return
			}
		}
	}()
	d, err := f.secure(ctx, s, p)
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, errStopped) {
		return nil, cause
	}
	return d, err
}

func (f *runFlags) secure(ctx context.Context, s Streams, p parts) (*drive, error) {
	d, err := newDrive(ctx, p.cluster, p.spec)
	if err != nil {
		return nil, err
	}
	if d.before == nil || f.take.restart {
		if err := f.preflightOf(ctx, s, p); err != nil {
			return nil, err
		}
	}
	if err := d.take(ctx, p.cluster, p.spec, f.take); err != nil {
		return nil, err
	}
	if d.before != nil && !f.sink.screen(s) {
		fmt.Fprintf(s.Err, "going on with the run of %s, begun %s, at iteration %d of %d (--restart begins anew)\n",
			p.spec.Name, d.before.Since.UTC().Format("2006-01-02 15:04 MST"), d.before.Iteration, d.before.Iterations())
	}
	return d, nil
}

// A preflightError is all that is wrong before a run.
type preflightError struct{ found []experiment.Finding }

// Error counts it; what it is, Main prints.
func (e *preflightError) Error() string {
	return fmt.Sprintf("%d findings", len(e.found))
}

// preflightOf refuses a run that would fail. Doubts are told, where no screen is in the way.
func (f *runFlags) preflightOf(ctx context.Context, s Streams, p parts) error {
	if f.policy.helmRecover {
		p.helm = nil // a locked release is no obstacle then
	}
	var bad []experiment.Finding
	for _, n := range lookAt(ctx, p) {
		if n.Grade != experiment.Fine {
			bad = append(bad, n)
		}
	}
	if slices.ContainsFunc(bad, func(n experiment.Finding) bool { return n.Grade == experiment.Wrong }) {
		return &preflightError{bad}
	}
	if len(bad) > 0 && !f.sink.screen(s) {
		return tui.Findings(s.Err, bad, plain())
	}
	return nil
}
