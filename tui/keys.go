package tui

import (
	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/viewport"

	"perch/experiment"
)

// A KeyMap is every key that does something, with its help text. The footer, the help and the
// documentation are made from it.
type KeyMap struct {
	Approve   key.Binding
	Hold      key.Binding
	Resume    key.Binding // the same key as Hold, while somebody holds
	RollBack  key.Binding
	Recover   key.Binding // while a Helm release is locked
	Log       key.Binding
	Help      key.Binding
	Quit      key.Binding
	Confirm   key.Binding // in a dialog
	Keep      key.Binding // in the dialog of Quit
	Back      key.Binding
	Interrupt key.Binding
	Top       key.Binding     // in the log and the help
	Bottom    key.Binding     // in the log and the help
	Scroll    viewport.KeyMap // in the log and the help
}

// Keys are the keys of the screen.
func Keys() KeyMap {
	bind := func(word, help string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(word, help))
	}
	return KeyMap{
		Approve:   bind("a", "approve", "a"),
		Hold:      bind("h", "hold", "h"),
		Resume:    bind("h", "resume", "h"),
		RollBack:  bind("r", "roll back", "r"),
		Recover:   bind("u", "unlock", "u"),
		Log:       bind("l", "log", "l"),
		Help:      bind("?", "help", "?"),
		Quit:      bind("q", "quit", "q"),
		Confirm:   bind("y", "yes", "y"),
		Keep:      bind("k", "keep and stop", "k"),
		Back:      bind("esc", "back", "esc"),
		Interrupt: bind("ctrl+c", "twice: stop and keep", "ctrl+c"),
		Top:       bind("g home", "to the beginning", "g", "home"),
		Bottom:    bind("G end", "to the end", "G", "end"),
		Scroll: viewport.KeyMap{
			Up:       bind("↑ k", "up", "up", "k"),
			Down:     bind("↓ j", "down", "down", "j"),
			PageUp:   bind("pgup b", "page up", "pgup", "b"),
			PageDown: bind("pgdn space", "page down", "pgdown", " "),
		},
	}
}

// A KeyHelp is one row of the table of keys.
type KeyHelp struct{ Key, Does string }

// Table explains every key in a sentence, for the help and the documentation.
func (k KeyMap) Table() []KeyHelp {
	row := func(b key.Binding, does string) KeyHelp { return KeyHelp{b.Help().Key, does} }
	return []KeyHelp{
		row(k.Approve, "opens the promotion plan; y in it promotes"),
		row(k.Hold, "freezes the weights, and again lets them go; measuring goes on"),
		row(k.RollBack, "sends all traffic to the baseline, after y"),
		row(k.Recover, "rolls the locked release back to its last deployed revision, then retries; after y"),
		row(k.Log, "every event in full, and back"),
		row(k.Help, "this help, and back"),
		row(k.Quit, "asks what becomes of the traffic, then leaves"),
		row(k.Confirm, "says yes in a dialog; Enter never does"),
		row(k.Keep, "in the dialog of q: keeps the weights and stops"),
		row(k.Back, "closes a dialog, the log or this help"),
		row(k.Interrupt, "twice: stops and keeps the weights as they are"),
		row(k.Scroll.Up, "scrolls up, in the log and here"),
		row(k.Scroll.Down, "scrolls down"),
		row(k.Scroll.PageUp, "a page up"),
		row(k.Scroll.PageDown, "a page down"),
		row(k.Top, "to the beginning"),
		row(k.Bottom, "to the end"),
	}
}

// An offer is a key of the footer: what it would do now, and why it may not.
type offer struct {
	binding key.Binding
	word    string
	refused error
	wanted  bool // the moment wants this one
}

// offers are the keys that matter in a scene.
func (k KeyMap) offers(sc scene) []offer {
	var list []offer
	if !sc.observing && sc.Ended == nil {
		asks := sc.Asked != nil && sc.Asked.Fact.Question != experiment.ToDecide
		approve := offer{binding: k.Approve, word: k.Approve.Help().Desc, wanted: asks, refused: sc.permits(experiment.Approve)}
		locked := sc.Asked != nil && sc.Asked.Fact.Locked
		switch {
		case sc.Asked == nil:
		case sc.Asked.Fact.Question == experiment.ToRetry:
			approve.word, approve.wanted = "retry", asks && !locked
		case sc.Asked.Fact.Question == experiment.ToAdopt:
			approve.word = "go on"
		}
		hold, wish := k.Hold, experiment.Hold
		if sc.Held != nil {
			hold, wish = k.Resume, experiment.Resume
		}
		list = append(list, approve,
			offer{binding: hold, word: hold.Help().Desc, refused: sc.permits(wish)},
			offer{binding: k.RollBack, word: k.RollBack.Help().Desc, refused: sc.permits(experiment.RollBack)})
		if locked {
			list = append(list, offer{binding: k.Recover, word: k.Recover.Help().Desc, wanted: true, refused: sc.permits(experiment.Recover)})
		}
	}
	for _, b := range []key.Binding{k.Log, k.Help, k.Quit} {
		list = append(list, offer{binding: b, word: b.Help().Desc})
	}
	return list
}

func (sc scene) permits(w experiment.Wish) error { return sc.Permits(experiment.Command{Wish: w}) }
