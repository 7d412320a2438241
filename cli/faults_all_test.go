//go:build faults

package cli

import (
	"fmt"
	"os"
	"testing"
)

// TestFaults kills runs after each of their events, and lets them run into everything that can break,
// in two sandboxes side by side. It prints a table; make faults runs it.
func TestFaults(t *testing.T) {
	all, r := newWorlds(t, 2), &report{out: os.Stdout}
	t.Cleanup(r.print)
	t.Run("scenarios", func(t *testing.T) {
		for _, s := range scenarios() {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				s.play(t, all, r)
			})
		}
	})
	t.Run("secrets", func(t *testing.T) {
		for _, s := range plants() {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				s.search(t, all, r)
			})
		}
	})
	t.Run("killed", func(t *testing.T) {
		for _, m := range matrices() {
			for _, signal := range signals() {
				for n := 1; n <= m.events; n++ {
					t.Run(fmt.Sprintf("%s/%s/%02d", m.tag, name(signal), n), func(t *testing.T) {
						t.Parallel()
						m.kill(t, all, r, signal, n)
					})
				}
			}
		}
	})
}
