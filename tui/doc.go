// Package tui shows an experiment to a person: as a screen, as lines, as JSON, or as a report. It
// passes on what the person asks for, and decides nothing.
//
// All of it is fed by one stream of events, and knows nothing else: the same stream gives the same
// screen, whether it comes from a cluster or from a record. Events are shown in the order in which
// they come and none is left out; a screen that is slow makes its sender wait. Commands are handed
// over one at a time from goroutines of their own, so that a key never waits for the run. The
// package never prints anything but what it is asked to, reads no clock but the one it is given, and
// nothing from outside that it shows can steer the terminal.
package tui
