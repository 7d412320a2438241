package metricsq

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

func TestSubstitute(t *testing.T) {
	t.Parallel()
	values := map[string]string{"name": "current", "a_1": "x", "dollar": "$name"}
	for _, row := range []struct{ name, text, want string }{
		{"bare", "{v='$name'}", "{v='current'}"},
		{"braced", "[${name}s]", "[currents]"},
		{"longest name wins", "$names", "$names"},
		{"underscore and digit", "$a_1-", "x-"},
		{"twice", "$name$name", "currentcurrent"},
		{"unknown stays", "$other ${other}", "$other ${other}"},
		{"dollar", "$$name", "$name"},
		{"two dollars", "$$$name", "$current"},
		{"value is not filled again", "$dollar", "$name"},
		{"invalid stays", "$1 ${1} ${name $ ${}", "$1 ${1} ${name $ ${}"},
		{"nothing", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := substitute(row.text, values); got != row.want {
				t.Errorf("substitute(%q): want %q, got %q", row.text, row.want, got)
			}
		})
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name      string
		variables map[string]string
		elapsed   time.Duration
		want      map[string]string
	}{
		{"name and time", nil, 90 * time.Second, map[string]string{"name": "current", "elapsedTime": "90"}},
		{"whole seconds", nil, 2999 * time.Millisecond, map[string]string{"name": "current", "elapsedTime": "2"}},
		{"at least one second", nil, 0, map[string]string{"name": "current", "elapsedTime": "1"}},
		{"clock set back", nil, -time.Hour, map[string]string{"name": "current", "elapsedTime": "1"}},
		{"variable wins over name", map[string]string{"name": "v1"}, time.Second, map[string]string{"name": "v1", "elapsedTime": "1"}},
		{"time wins over variable", map[string]string{"elapsedTime": "9"}, time.Second, map[string]string{"name": "current", "elapsedTime": "1"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := values(experiment.Version{Name: "current", Variables: row.variables}, row.elapsed)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestValuesStayInsideTheirString(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, value, want string }{
		{"plain", "sample-app-v1", "sample-app-v1"},
		{"single quote", "'} or vector(0) #", `\x27} or vector(0) #`},
		{"double quote", `"}`, `\x22}`},
		{"backtick", "`}", `\x60}`},
		{"backslash at the end", `v1\`, `v1\\`},
		{"backslash before a quote", `\'`, `\\\x27`},
		{"newline", "v1\nv2", `v1\nv2`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			v := experiment.Version{Name: "current", Variables: map[string]string{"revision": row.value}}
			if got := substitute("$revision", values(v, 0)); got != row.want {
				t.Errorf("want %s, got %s", row.want, got)
			}
		})
	}
}
