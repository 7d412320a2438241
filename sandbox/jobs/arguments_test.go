package jobs

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

func container(command []string, arguments ...string) corev1.Container {
	return corev1.Container{
		Name: "fortio", Image: "fortio/fortio", Command: command, Args: arguments,
		Env: []corev1.EnvVar{{Name: "HOST", Value: "sample-app.default"}, {Name: "URL", Value: "http://$(HOST)/path"}},
	}
}

func TestParseLoad(t *testing.T) {
	t.Parallel()
	l, err := parseLoad(container([]string{"/usr/bin/fortio", "load", "-t", "120s", "-qps", "50", "-c", "3", "-n", "7",
		"-H", "A: 1", "-H", "B: 2", "-a", "-quiet", "-loglevel", "error", "-json", "/shared/out.json", "$(URL)"}))
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	if l.target.String() != "http://sample-app.default/path" {
		t.Errorf("URL is %s: variables are expanded", l.target)
	}
	if l.duration != 2*time.Minute || l.rate != 50 || l.connections != 3 || l.requests != 7 || l.output != "/shared/out.json" {
		t.Errorf("parsed %+v", l)
	}
	if !slices.Equal(l.headers, []string{"A: 1", "B: 2"}) {
		t.Errorf("headers are %q", l.headers)
	}
}

func TestParseLoadWithoutEndOrLimit(t *testing.T) {
	t.Parallel()
	for _, rate := range []string{"0", "max", "-1"} {
		l, err := parseLoad(container(nil, "load", "-t", "0", "-qps", rate, "sample-app.default"))
		if err != nil {
			t.Fatalf("rate %s: %v", rate, err)
		}
		if l.duration >= 0 || l.rate >= 0 || l.target.Host != "sample-app.default" {
			t.Errorf("rate %s: parsed %+v, want no end, no limit and a host", rate, l)
		}
	}
}

func TestParseLoadRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		container corev1.Container
		message   string
	}{
		"unknown flag":    {container(nil, "load", "-grpc", "x"), "fortio load: flag provided but not defined: -grpc"},
		"no URL":          {container(nil, "load", "-t", "1s"), `fortio load: one URL is wanted, got []`},
		"two URLs":        {container(nil, "load", "a", "b"), `fortio load: one URL is wanted, got ["a" "b"]`},
		"not http":        {container(nil, "load", "https://a"), `fortio load: "https://a" is no http URL`},
		"other command":   {container(nil, "server"), "of Fortio's commands the sandbox runs load alone"},
		"no command":      {container(nil), "of Fortio's commands the sandbox runs load alone"},
		"another program": {container([]string{"sh", "-c", "fortio load a"}), "the sandbox runs fortio, not sh"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := parseLoad(test.container); err == nil || err.Error() != test.message {
				t.Errorf("got %v, want %s", err, test.message)
			}
		})
	}
}

func TestIsFortio(t *testing.T) {
	t.Parallel()
	for image, want := range map[string]bool{
		"fortio/fortio":                       true,
		"fortio/fortio:1.17.1":                true,
		"docker.io/fortio/fortio@sha256:0123": true,
		"localhost:5000/fortio/fortio":        true,
		"busybox:1.28":                        false,
		"notfortio/fortio-like":               false,
	} {
		if got := isFortio(image); got != want {
			t.Errorf("isFortio(%q) = %t, want %t", image, got, want)
		}
	}
}
