package tui

import "testing"

func TestNeedsASCII(t *testing.T) {
	t.Parallel()
	rows := []struct {
		env  map[string]string
		want bool
	}{
		{map[string]string{}, false},
		{map[string]string{"TERM": "dumb"}, true},
		{map[string]string{"TERM": "linux", "LANG": "en_US.UTF-8"}, true},
		{map[string]string{"TERM": "xterm-256color", "LANG": "en_US.UTF-8"}, false},
		{map[string]string{"LANG": "C.utf8"}, false},
		{map[string]string{"LANG": "C"}, true},
		{map[string]string{"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, true},
		{map[string]string{"LC_CTYPE": "de_DE.UTF-8", "LANG": "C"}, false},
	}
	for _, row := range rows {
		if got := NeedsASCII(func(key string) string { return row.env[key] }); got != row.want {
			t.Errorf("NeedsASCII with %v: got %v, want %v", row.env, got, row.want)
		}
	}
}
