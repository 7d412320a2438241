package tui

import (
	"github.com/charmbracelet/bubbles/key"

	"perch/experiment"
)

// A KeyMap is every key there is. Footer, help and README are made of it.
type KeyMap struct {
	Approve, Hold, RollBack, Log, Help, Quit key.Binding
	Yes, Stop, Back, Interrupt               key.Binding
}

// Keys are the keys of the screen.
func Keys() KeyMap {
	bind := func(help, text string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, text))
	}
	return KeyMap{
		Approve:   bind("a", "approve", "a"),
		Hold:      bind("h", "hold", "h"),
		RollBack:  bind("r", "roll back", "r"),
		Log:       bind("l", "log", "l"),
		Help:      bind("?", "help", "?"),
		Quit:      bind("q", "quit", "q"),
		Yes:       bind("y", "yes", "y"),
		Stop:      bind("k", "keep and stop", "k"),
		Back:      bind("esc", "back", "esc", "n", "q"),
		Interrupt: bind("ctrl+c", "twice: keep the weights and stop", "ctrl+c"),
	}
}

// A HelpRow explains one key.
type HelpRow struct{ Key, Text string }

// HelpRows explain the keys of the main screen, in the order of the footer.
func HelpRows() []HelpRow {
	k := Keys()
	return []HelpRow{
		{k.Approve.Help().Key, "show the promotion's plan, and approve it; after a failure, try again"},
		{k.Hold.Help().Key, "hold the weights and go on measuring; again to resume"},
		{k.RollBack.Help().Key, "all traffic back to the baseline, then its Helm values"},
		{k.Log.Help().Key, "all events, with what to do about trouble"},
		{k.Help.Help().Key, "this page"},
		{k.Quit.Help().Key, "stop: keep the weights, or roll back"},
		{k.Interrupt.Help().Key, k.Interrupt.Help().Desc},
	}
}

// wishOf is what a key of the footer asks for, "" when it asks for nothing of the run.
func wishOf(s experiment.State, k KeyMap, b key.Binding) experiment.Wish {
	switch b.Help().Key {
	case k.Approve.Help().Key:
		return experiment.Approve
	case k.Hold.Help().Key:
		if s.Held != nil {
			return experiment.Resume
		}
		return experiment.Hold
	case k.RollBack.Help().Key:
		return experiment.RollBack
	}
	return ""
}
