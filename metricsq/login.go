package metricsq

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"

	"perch/experiment"
)

// A Login says who asks Prometheus: by one of a bearer token and a user with a password. Files are
// read anew for each request, so that a token that rotates is followed.
type Login struct {
	Token        string
	TokenFile    string
	User         string
	PasswordFile string // of User
}

// What a credential without a value of its own is called.
const (
	noLogin   = "without a login"
	kubeLogin = "with the kubeconfig's login"
)

// A credential is what goes with each request.
type credential struct {
	words   string // which one it is, for people, without its value: "with the token of /run/token"
	get     func() (header string, err error)
	headers http.Header // besides
	secrets *secrets
}

// credentialOf chooses the one login that was given, in the URL or beside it.
func credentialOf(o Options, inURL *url.Userinfo, s *secrets) (*credential, error) {
	c := &credential{words: noLogin, get: func() (string, error) { return "", nil }, secrets: s}
	ways := 0
	use := func(given bool, words string, get func() (string, error)) {
		if given {
			ways++
			c.words, c.get = words, get
		}
	}
	use(inURL != nil, "with the login in its URL", func() (string, error) {
		password, _ := inURL.Password()
		return c.basic(inURL.Username(), password), nil
	})
	use(o.Login.Token != "", "with the token that was given", func() (string, error) { return c.bearer(o.Login.Token), nil })
	use(o.Login.TokenFile != "", "with the token of "+o.Login.TokenFile, func() (string, error) {
		token, err := readSecret("token", o.Login.TokenFile)
		return c.bearer(token), err
	})
	use(o.Login.User != "" || o.Login.PasswordFile != "", "with the password of "+o.Login.PasswordFile, func() (string, error) {
		password, err := readSecret("password", o.Login.PasswordFile)
		return c.basic(o.Login.User, password), err
	})
	switch {
	case ways > 1:
		return nil, experiment.WithHint(errors.New("more than one login for Prometheus is given"),
			"give one of: a user in the URL, a token, a token file, a user with a password file")
	case (o.Login.User == "") != (o.Login.PasswordFile == ""):
		return nil, experiment.WithHint(errors.New("a user for Prometheus is given without a password file, or the other way round"),
			"give both, or https://USER:PASSWORD@HOST")
	}
	if _, err := c.get(); err != nil { // says at once that a file is not there
		return nil, err
	}
	return c, c.addHeaders(o.Headers)
}

// addHeaders takes in NAME=VALUE.
func (c *credential) addHeaders(all []string) error {
	c.headers = http.Header{}
	for _, text := range all {
		name, value, ok := strings.Cut(text, "=")
		name = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))
		switch {
		case !ok || name == "" || strings.ContainsAny(name, " \t\r\n:") || strings.ContainsAny(value, "\r\n"):
			return experiment.WithHint(errors.New("a header for Prometheus is not of the form NAME=VALUE"), "write X-Scope-OrgID=TENANT")
		case name == "Authorization":
			return experiment.WithHint(errors.New("a login for Prometheus is given as a header"), "give the token as a token, or in a token file")
		}
		c.headers.Add(name, value)
		c.secrets.addLong(value)
	}
	return nil
}

func (c *credential) basic(user, password string) string {
	code := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	if password != "" {
		c.secrets.add(password)
		c.secrets.add(code)
	}
	return "Basic " + code
}

func (c *credential) bearer(token string) string {
	c.secrets.add(token)
	return "Bearer " + token
}

// apply puts the login and the headers on a request.
func (c *credential) apply(r *http.Request) error {
	header, err := c.get()
	if err != nil {
		return err
	}
	maps.Copy(r.Header, c.headers)
	if header != "" {
		r.Header.Set("Authorization", header)
	}
	return nil
}

// readSecret reads a file with one secret in it.
func readSecret(what, file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", experiment.WithHint(fmt.Errorf("%s for Prometheus: %w", what, err), "name a file that can be read")
	}
	secret := strings.TrimSpace(string(data))
	if secret == "" || strings.ContainsAny(secret, "\r\n") {
		return "", experiment.WithHint(fmt.Errorf("%s for Prometheus: %s has not one line", what, file), "put the "+what+" alone into the file")
	}
	return secret, nil
}

// secrets are what no text may show: a proxy that refuses a login may well repeat it.
type secrets struct {
	mu  sync.Mutex
	all map[string]bool
}

func (s *secrets) add(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]bool{}
	}
	for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
		if form != "" {
			s.all[form] = true
		}
	}
}

// addLong adds what may be a secret. A short one is none, but the number of a tenant: hidden, it would
// take every such number out of what people read.
func (s *secrets) addLong(values ...string) {
	for _, value := range values {
		if len(value) >= 8 {
			s.add(value)
		}
	}
}

// Replace takes every secret out of a text, the longest first: one may hold another.
func (s *secrets) Replace(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	longestFirst := slices.SortedFunc(maps.Keys(s.all), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	for _, secret := range longestFirst {
		text = strings.ReplaceAll(text, secret, "xxxxx")
	}
	return text
}
