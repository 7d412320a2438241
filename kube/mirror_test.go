package kube

import (
	"strings"
	"testing"
)

func TestMirror(t *testing.T) {
	t.Parallel()
	m, err := ParseMirror([]string{"", " https://a.example/=http://m/ ", "https://a.example/deep/=http://deep?a=b/", ""})
	if err != nil {
		t.Fatal(text(err))
	}
	tests := []struct{ url, want string }{
		{"https://a.example/x.yaml", "http://m/x.yaml"},
		{"https://a.example/deep/x.yaml", "http://deep?a=b/x.yaml"},
		{"https://b.example/x", "https://b.example/x"},
		{"values.yaml", "values.yaml"},
		{"", ""},
	}
	for _, tt := range tests {
		if got := m.Rewrite(tt.url); got != tt.want {
			t.Errorf("Rewrite(%q) = %q, want %q", tt.url, got, tt.want)
		}
	}
	if got := (Mirror{}).Rewrite("https://a.example/x"); got != "https://a.example/x" {
		t.Errorf("the zero mirror rewrites to %q", got)
	}
}

func TestParseMirrorReportsAllMistakes(t *testing.T) {
	t.Parallel()
	_, err := ParseMirror([]string{"https://a", "=b", "a=b", "https://u:hush@h/"})
	for _, want := range []string{`"https://a" is not of the form`, `"=b" is not of`, `"a=b" does not rewrite`, `"https://***@h/"`} {
		if !strings.Contains(text(err), want) {
			t.Errorf("error %q, want %q in it", text(err), want)
		}
	}
	if strings.Contains(text(err), "hush") {
		t.Errorf("error %q tells the password", text(err))
	}
}
