//go:build e2e

package cli

import (
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"
)

// TestE2EFaults is as much of TestFaults as make test has time for. It is alone, with two sandboxes:
// more at once are too slow.
func TestE2EFaults(t *testing.T) {
	all, r := newWorlds(t, 2), &report{out: os.Stdout}
	t.Cleanup(r.print)
	t.Run("all", func(t *testing.T) {
		for _, s := range slices.DeleteFunc(scenarios(), func(s scenario) bool { return !s.short }) {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				s.play(t, all, r)
			})
		}
		// In: the first look, a shift, a decision; the question, the promotion, behind it.
		for _, n := range []int{2, 5, 7, 15, 17, 18} {
			t.Run(fmt.Sprintf("killed/%02d", n), func(t *testing.T) {
				t.Parallel()
				matrices()[0].kill(t, all, r, syscall.SIGKILL, n)
			})
		}
	})
}
