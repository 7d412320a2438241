package kube

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/release"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// planted is a secret that nothing may say.
const planted = "hush-4711"

func TestNothingSaysASecret(t *testing.T) {
	t.Parallel()
	secrets := schema.GroupResource{Resource: "secrets"}
	jwt := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodXNoLTQ3MTEifQ.c2lnbmF0dXJl"
	tests := []struct{ name, text, want string }{
		{"the password of a URL", `Get "https://bob:` + planted + `@x/": EOF`, `Get "https://***@x/": EOF`},
		{"a signed URL", "https://x/y?X-Amz-Signature=" + planted + "&a=1", "https://x/y?X-Amz-Signature=***&a=1"},
		{"a proxy", "proxyconnect tcp: dial http://bob:" + planted + "@proxy:3128: refused", "proxyconnect tcp: dial http://***@proxy:3128: refused"},
		{"a header", "sent Authorization: Bearer " + planted, "sent Authorization: *** ***"},
		{"a header, by itself", "with Bearer " + planted, "with Bearer ***"},
		{"a JSON web token", "cannot verify " + jwt + " of " + "x", "cannot verify *** of x"},
		{"a webhook that quotes an object", `admission webhook "w" denied the request: {"data":{"db-password":"` + planted + `","x":"y"}}`,
			`admission webhook "w" denied the request: {"data":{"db-password":"***","x":"y"}}`},
		{"quoted twice", `denied: "{\"apiToken\": \"` + planted + `\"}"`, `denied: "{\"apiToken\": \"***\"}"`},
		{"a manifest", "line 3: password: " + planted + "\nname: x", "line 3: password: *** name: x"},
		{"a command line", "exec: aws --secret-key=" + planted + " failed", "exec: aws --secret-key=*** failed"},
		{"an invalid value", `Secret "x" is invalid: data[password]: Invalid value: "` + planted + `": too short`,
			`Secret "x" is invalid: data[password]: Invalid value: ***: too short`},
		{"an object that cannot be decoded", `error found in #10 byte of ...|"k":"` + planted + `"|..., bigger context ...|` + planted + `|...`,
			`error found in #10 byte of ...|***|..., bigger context ...|***|...`},
		{"a value file", "cannot unmarshal !!str `" + planted + "` into map", "cannot unmarshal !!str `***` into map"},
		{"a private key", "-----BEGIN RSA PRIVATE KEY-----\n" + planted + "\n-----END RSA PRIVATE KEY----- x", "*** x"},
		{"what is no secret", `secrets "x" is forbidden: User "ann" cannot get resource "secrets" in API group ""`,
			`secrets "x" is forbidden: User "ann" cannot get resource "secrets" in API group ""`},
		{"a reason", "spec.secretName: Required value", "spec.secretName: Required value"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := oneLine(tt.text); got != tt.want || strings.Contains(got, planted) {
				t.Errorf("oneLine(%q) = %q, want %q", tt.text, got, tt.want)
			}
			for kind, err := range map[string]error{
				"plain": errors.New(tt.text), "request": &url.Error{Op: "Get", URL: "https://bob:" + planted + "@x", Err: errors.New(tt.text)},
				"login": errors.New(noCredentials + tt.text), "forbidden": apierrors.NewForbidden(secrets, "x", errors.New(tt.text)),
				"server":   apierrors.NewInternalError(errors.New(tt.text)),
				"answer":   apierrors.NewGenericServerResponse(http.StatusBadGateway, "get", secrets, "x", tt.text, 0, true),
				"download": fetchError("chart "+tt.text, tt.text, errors.New(tt.text)),
			} {
				if got := text(explain(err, access{name: "prod"})); strings.Contains(got, planted) || strings.Contains(got, jwt) {
					t.Errorf("%s: %q says the secret", kind, got)
				}
			}
		})
	}
}

// TestHelmSaysNoSecret lets charts, schemas and the cluster quote the values of a promotion.
func TestHelmSaysNoSecret(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, file, body string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), file)
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := []struct {
		name  string
		line  string // of the template
		set   []string
		file  string
		fails string // what the cluster says
		want  string
	}{
		{name: "a template that fails", line: `x: {{ fail (printf "bad: %s" .Values.db.password) }}`,
			set: []string{"--set=db.password=" + planted}, want: "bad: ***"},
		{name: "a refusal that quotes the value", line: "x: y", set: []string{"--set=apiKey=" + planted},
			fails: `admission webhook "w" denied the request: ` + planted + " is weak", want: "refused by w: *** is weak"},
		{name: "a list of variables", line: "x: y", file: "env:\n- name: DB_PASSWORD\n  value: " + planted + "\n",
			fails: "env " + planted + " is odd", want: "env *** is odd"},
		{name: "a setting that cannot be read", line: "x: y", set: []string{"--set=password=x," + planted}, want: `key "***" has no value`},
		{name: "a value file that is no map", line: "x: y", file: planted, want: "values "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newHelmWorld(t)
			w.Mark("r1")
			w.has(t, 1, release.StatusDeployed, object{"name": "v1"})
			if tt.fails != "" {
				w.kept.KubeClient = &meddling{meanwhile: func() error { return errors.New(tt.fails) }}
			}
			dir := t.TempDir()
			if err := os.MkdirAll(filepath.Join(dir, "templates"), 0o700); err != nil {
				t.Fatal(err)
			}
			for file, body := range map[string]string{"Chart.yaml": "apiVersion: v2\nname: own\nversion: 1.0.0\n",
				"templates/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  " + tt.line + "\n"} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(body), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			args := append([]string{"sample-app", dir}, tt.set...)
			if tt.file != "" {
				args = append(args, "--values="+write(t, "values.yaml", tt.file))
			}
			_, err := w.Promote(t.Context(), finish(args), "candidate")
			if got := text(err); !strings.Contains(got, tt.want) || strings.Contains(got, planted) {
				t.Errorf("error %q, want %q in it, and no secret", got, tt.want)
			}
			for _, f := range w.check(t.Context(), finish(args)) {
				if said := fmt.Sprint(f); strings.Contains(said, planted) {
					t.Errorf("finding %s says the secret", said)
				}
			}
			if p, err := w.Progress(t.Context(), finish(args), "candidate"); err != nil || strings.Contains(fmt.Sprint(p), planted) {
				t.Errorf("progress %+v, error %v", p, err)
			}
		})
	}
}

func TestConcealArguments(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ args, want []string }{
		"a value under a secret name":    {[]string{"--set=login.password=hush"}, []string{"--set=login.password=***"}},
		"one of several":                 {[]string{"--set", "a=1,db.key=hush\\,ed,b=2"}, []string{"--set", "a=1,db.key=***,b=2"}},
		"in the next argument":           {[]string{"upgrade", "--password", "hush", "app"}, []string{"upgrade", "--password", "***", "app"}},
		"in a URL":                       {[]string{"--repo=https://ann:hush@a.example/x?sig=hush"}, []string{"--repo=https://***@a.example/x?sig=***"}},
		"JSON":                           {[]string{`--set-json=auth={"a":"hush","b":1}`}, []string{"--set-json=auth=***"}},
		"no secret":                      {[]string{"--namespace=shop", "--values=https://a.example/{{ .promote }}.yaml"}, []string{"--namespace=shop", "--values=https://a.example/{{ .promote }}.yaml"}},
		"a placeholder for one":          {[]string{"--set=token={{ .token }}"}, []string{"--set=token=***"}},
		"a script":                       {[]string{"curl -H 'Authorization: Bearer hushhushhush' https://a.example"}, []string{"curl -H 'Authorization: *** ***' https://a.example"}},
		"a flag that is followed by one": {[]string{"--token", "--wait"}, []string{"--token", "--wait"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, ConcealArguments(tt.args)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", tt.args, diff)
			}
		})
	}
}
