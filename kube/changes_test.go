package kube

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

func TestChanges(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 70)
	tests := []struct {
		name          string
		before, after object
		want          []experiment.Change
	}{
		{name: "nothing", before: object{"a": 1.0, "b": object{"c": []any{"x"}}}, after: object{"a": 1, "b": object{"c": []any{"x"}}}},
		{name: "sorted dotted paths", before: object{"image": object{"tag": "v1", "pull": "x"}, "a": 1}, after: object{"image": object{"tag": "v2", "pull": "x"}, "a": 2},
			want: []experiment.Change{{Path: "a", From: "1", To: "2"}, {Path: "image.tag", From: "v1", To: "v2"}}},
		{name: "added and removed", before: object{"old": true, "null": nil}, after: object{"new": "", "map": object{}},
			want: []experiment.Change{{Path: "new", To: `""`}, {Path: "old", From: "true"}}},
		{name: "a text is no number", before: object{"v": 1}, after: object{"v": "1"},
			want: []experiment.Change{{Path: "v", From: "1", To: `"1"`}}},
		{name: "dots in names", after: object{"a.b": object{"c": "<&>"}},
			want: []experiment.Change{{Path: `a\.b.c`, To: "<&>"}}},
		{name: "long values", after: object{"v": long}, want: []experiment.Change{{Path: "v", To: strings.Repeat("ä", 59) + "…"}}},
		{name: "lists", before: object{"l": []any{1, "a"}}, after: object{"l": []any{object{"b": 1, "a": nil}}},
			want: []experiment.Change{{Path: "l", From: `[1,"a"]`, To: `[{"a":null,"b":1}]`}}},
		{name: "secrets are not shown", before: object{"db": object{"password": "one", "url": "pg://u:p@h/"}},
			after: object{"db": object{"password": "two", "url": "pg://u:q@h/"}, "apiKey": "k", "auth": object{"user": "me"}},
			want: []experiment.Change{{Path: "apiKey", To: "***"}, {Path: "auth.user", To: "***"},
				{Path: "db.password", From: "***", To: "***"}, {Path: "db.url", From: "pg://***@h/", To: "pg://***@h/"}}},
		{name: "secrets in lists", after: object{"env": []any{
			object{"name": "DB_PASSWORD", "value": "one"}, object{"name": "A", "value": "b"}, object{"token": "x"}}},
			want: []experiment.Change{{Path: "env", To: `[{"name":"DB_PASSWORD","value":"***"},{"name":"A","value":"…`}}},
		{name: "a short secret in a list", after: object{"l": []any{object{"token": []any{"x"}}}},
			want: []experiment.Change{{Path: "l", To: `[{"token":"***"}]`}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, changes(tt.before, tt.after)); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}
