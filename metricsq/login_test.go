package metricsq

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"perch/experiment"
)

// fileWith writes a file and names it.
func fileWith(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// everything asks a client all that it can be asked, and gives all that it says.
func everything(t *testing.T, c *Client) string {
	t.Helper()
	s := spec("iter8-knative/error-rate")
	s.Duration = experiment.Duration{IntervalSeconds: 10, IterationsPerLoop: 10, MaxLoops: 1}
	o := CountOptions{Started: since(), Now: now()}
	said := []any{
		c.Measure(t.Context(), s, since(), now()), c.Count(t.Context(), s, o), c.History(t.Context(), s, o),
		c.Check(t.Context(), s), c.Warnings(),
	}
	text, err := json.Marshal(said)
	if err != nil {
		t.Fatal(err)
	}
	all := string(text)
	if err := c.Ping(t.Context()); err != nil {
		all += err.Error() + experiment.HintOf(err)
	}
	if _, err := c.Cadence(t.Context(), s); err != nil {
		all += err.Error() + experiment.HintOf(err)
	}
	return all
}

// Whatever way a secret goes in, the backend gets it, and nothing that Perch says has it: not when
// the backend repeats all that it was sent, in an error, a warning, a label or a remark.
func TestSecretsAreSentAndNeverShown(t *testing.T) {
	t.Parallel()
	const planted = "pl4nted/s3cret"
	ways := map[string]struct {
		options Options
		inURL   string
		header  string
		want    string
	}{
		"token":         {Options{Login: Login{Token: planted}}, "", "Authorization", "Bearer " + planted},
		"token file":    {Options{Login: Login{TokenFile: fileWith(t, planted+"\n")}}, "", "Authorization", "Bearer " + planted},
		"user in URL":   {Options{}, "scott:pl4nted%2Fs3cret@", "Authorization", "Basic c2NvdHQ6cGw0bnRlZC9zM2NyZXQ="},
		"password file": {Options{Login: Login{User: "scott", PasswordFile: fileWith(t, planted)}}, "", "Authorization", "Basic c2NvdHQ6cGw0bnRlZC9zM2NyZXQ="},
		"header":        {Options{Headers: []string{"X-Api-Key=" + planted}}, "", "X-Api-Key", planted},
		"parameter":     {Options{}, "?key=pl4nted%2Fs3cret", "", planted},
	}
	answers := map[string]func(w http.ResponseWriter, echo string){
		"refused": func(w http.ResponseWriter, echo string) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprintf(w, `{"status":"error","error":%q}`, echo)
		},
		"bad query": func(w http.ResponseWriter, echo string) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"status":"error","errorType":"bad_data","error":%q}`, echo)
		},
		"warning": func(w http.ResponseWriter, echo string) {
			_, _ = fmt.Fprintf(w, `{"warnings":[%q],%s`, echo, one("1")[1:])
		},
		"remark": func(w http.ResponseWriter, echo string) {
			_, _ = fmt.Fprintf(w, `{"infos":["partial: "%q],%s`, echo, one("1")[1:])
		},
		"value":   func(w http.ResponseWriter, _ string) { _, _ = w.Write([]byte(one("1"))) },
		"page":    func(w http.ResponseWriter, echo string) { _, _ = w.Write([]byte("<html>" + echo)) },
		"cut off": func(http.ResponseWriter, string) { panic(http.ErrAbortHandler) },
	}
	for way, w := range ways {
		for answer, write := range answers {
			t.Run(way+"/"+answer, func(t *testing.T) {
				t.Parallel()
				server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					if got := r.Header.Get(w.header) + r.URL.Query().Get("key"); got != w.want {
						t.Errorf("%s: want %q, got %q", w.header, w.want, got)
					}
					write(rw, fmt.Sprint(r.Header, r.URL, "pl4nted%2Fs3cret", planted))
				}))
				t.Cleanup(server.Close)
				options := w.options
				options.URL, options.Backoff = strings.Replace(server.URL, "http://", "http://"+w.inURL, 1), -1
				if strings.HasPrefix(w.inURL, "?") {
					options.URL = server.URL + "/" + w.inURL
				}
				c, err := Open(options)
				if err != nil {
					t.Fatal(err)
				}
				said := everything(t, c)
				for _, secret := range []string{"pl4nted", "s3cret", "cGw0bnRlZ"} {
					if strings.Contains(said, secret) {
						t.Errorf("%s is in %s", secret, said)
					}
				}
			})
		}
	}
}

func TestRefusedLoginIsNamed(t *testing.T) {
	t.Parallel()
	file := fileWith(t, "t0ken")
	for _, row := range []struct {
		name    string
		options Options
		status  int
		want    string
		hint    string
	}{
		{"none", Options{}, 401, "HTTP 401 Unauthorized, asked without a login", "give a token"},
		{"token", Options{Login: Login{Token: "t0ken"}}, 401, "asked with the token that was given", "has it expired"},
		{"token file", Options{Login: Login{TokenFile: file}}, 403, "asked with the token of " + file, "may not query"},
		{"password file", Options{Login: Login{User: "scott", PasswordFile: file}}, 401, "asked with the password of " + file, "has it expired"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(answering(row.status, ""))
			t.Cleanup(server.Close)
			row.options.URL, row.options.Backoff = server.URL, -1
			c, err := Open(row.options)
			if err != nil {
				t.Fatal(err)
			}
			expectPing(t, c, row.want, row.hint)
		})
	}
}

// A token rotates: the kubelet rewrites the file of a projected one every hour or so.
func TestTokenFileIsReadAnew(t *testing.T) {
	t.Parallel()
	file := fileWith(t, "first")
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
		_, _ = w.Write([]byte(one("1")))
	}))
	t.Cleanup(server.Close)
	c, err := Open(Options{URL: server.URL, Login: Login{TokenFile: file}, Backoff: -1})
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"first", "second"} {
		if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := c.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if want := "Bearer first, Bearer second"; strings.Join(got, ", ") != want {
		t.Errorf("want %s, got %v", want, got)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	expectPing(t, c, "token for Prometheus: open "+file, "")
}

func TestOpenRefusesLogins(t *testing.T) {
	t.Parallel()
	file := fileWith(t, "s3cret")
	for _, row := range []struct {
		name    string
		options Options
		want    string
	}{
		{"two", Options{URL: "http://a:b@host", Login: Login{Token: "s3cret"}}, "more than one login for Prometheus is given"},
		{"user without password", Options{Login: Login{User: "scott"}}, "a user for Prometheus is given without a password file"},
		{"password without user", Options{Login: Login{PasswordFile: file}}, "a user for Prometheus is given without a password file"},
		{"no token file", Options{Login: Login{TokenFile: file + "x"}}, "token for Prometheus: open"},
		{"empty token file", Options{Login: Login{TokenFile: fileWith(t, " \n")}}, "has not one line"},
		{"long token file", Options{Login: Login{TokenFile: fileWith(t, "s3cret\ns3cret")}}, "has not one line"},
		{"header without value", Options{Headers: []string{"s3cret"}}, "a header for Prometheus is not of the form NAME=VALUE"},
		{"header with a newline", Options{Headers: []string{"a=s3cret\r\nb: c"}}, "a header for Prometheus is not of the form NAME=VALUE"},
		{"login as header", Options{Headers: []string{"authorization=Bearer s3cret"}}, "a login for Prometheus is given as a header"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if row.options.URL == "" {
				row.options.URL = "http://host"
			}
			_, err := Open(row.options)
			if err == nil || !strings.Contains(err.Error(), row.want) || experiment.HintOf(err) == "" {
				t.Fatalf("want %q with a hint, got %v", row.want, err)
			}
			if strings.Contains(err.Error()+experiment.HintOf(err), "s3cret") {
				t.Errorf("the secret is in %v", err)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		options Options
		want    string
	}{
		{"nothing to warn of", Options{URL: "https://user:pass@prometheus"}, ""},
		{"no login", Options{URL: "http://prometheus"}, ""},
		{"login to this machine", Options{URL: "http://user:pass@127.0.0.1:9090"}, ""},
		{"login in the clear", Options{URL: "http://user:pass@prometheus:9090/p"},
			"the login for http://prometheus:9090/p is sent unencrypted: write https://"},
		{"unverified", Options{URL: "https://prometheus", TLS: TLS{InsecureSkipVerify: true}},
			"the certificate of https://prometheus is not verified: anybody on the way can answer in its place, and read the login"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, err := Open(row.options)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(c.Warnings(), "; "); got != row.want {
				t.Errorf("want %q, got %q", row.want, got)
			}
		})
	}
}
