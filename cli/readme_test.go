package cli

import (
	"os"
	"strings"
	"testing"
)

// TestREADMEShowsTheRole: what the README documents is what the sandbox grants.
func TestREADMEShowsTheRole(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	role, err := os.ReadFile("../testdata/canary-progressive/role.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), strings.TrimSpace(string(role))) {
		t.Error("the README does not show testdata/canary-progressive/role.yaml as it is")
	}
}
