//go:build e2e || faults

package cli

import (
	"slices"
	"strings"

	"perch/experiment"
)

// driverScenarios let a second run want the same target, from another machine as it were.
func driverScenarios() []scenario {
	return []scenario{
		{
			name: "drivers: the second one is refused", short: true, want: promoted(), upgrades: 1,
			steps: []step{{after: "shifted 1", do: func(p *stage) { refused(p) }}, {do: func(p *stage) { refused(p, "--take-over") }}},
		},
		{
			name: "drivers: the second one takes over", want: takenOver(), iterations: 6, upgrades: 1,
			steps: []step{{after: "shifted 1", do: seize}}, also: succeed,
		},
	}
}

// refused is a second run that does not come to be.
func refused(p *stage, args ...string) {
	p.Helper()
	second := p.world.driver(p.T).run(p.T, p.file, args...)
	p.runs++
	if second.out.Scan() {
		p.violate("a second driver began: %s", second.out.Text())
	}
	code := second.code(p.T)
	if said := second.err.String(); code != codeLocked || !strings.Contains(said, "is driven by "+holder()) {
		p.violate("a second driver ended with code %d: %s", code, said)
	}
}

// A successor is the run that took the target over.
type successor struct{ *sandbox }

// seize begins a second run by force, and waits until it drives.
func seize(p *stage) {
	p.Helper()
	second := p.world.driver(p.T).run(p.T, p.file, "--force")
	p.runs++
	second.until(p.T, "resumed", 1)
	p.second = successor{second}
}

// succeed sees that the first run wrote nothing once the second one drove, which comes to the end.
func succeed(p *stage) {
	p.Helper()
	from := p.second.until(p.T, "shifted", 1)
	got, _ := p.rest(p.second.sandbox)
	if want := promoted(); got != want {
		p.violate("the second driver ended %+v, want %+v: %s", got, want, p.second.err.String())
	}
	late := slices.ContainsFunc(p.run.events, func(e experiment.Event) bool { return e.Name() == "shifted" && e.At.After(from.At) })
	written := len(p.world.splits(p.T)) - 1
	if shifts := len(p.run.shifts()) + len(p.second.shifts()) + 1; late || written != shifts {
		p.violate("%d splits were written, and the drivers know of %d", written, shifts)
	}
}
