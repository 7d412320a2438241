package faults

import (
	"errors"
	"log"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// Proxy passes the requests for one server on, but for those that a rule strikes.
type Proxy struct {
	// Target is how rules call the server.
	Target Target
	// Upstream is the server; a path in it is put before the path of each request.
	Upstream *url.URL
	// Transport reaches the server.
	Transport http.RoundTripper
	Rules     *Table
	Log       *slog.Logger
}

// ServeHTTP passes a request on, or breaks it.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	c, err := read(p.Target, w, request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s, struck := p.Rules.judge(c)
	if !struck {
		p.passOn(nil).ServeHTTP(w, request)
		return
	}
	p.Log.Info("fault", "do", s.Do, "target", s.Target, "method", request.Method, "path", request.URL.Path)
	if s.before(w) {
		p.passOn(s.after).ServeHTTP(w, request)
	}
}

// passOn makes the way to the server, where after, if there is one, is done to the answer.
func (p *Proxy) passOn(after func(*http.Response) error) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(p.Upstream)
			if after != nil { // which must be able to read the answer
				r.Out.Header.Set("Accept-Encoding", "identity")
			}
		},
		Transport:      p.Transport,
		FlushInterval:  -1, // a watch's events must not wait
		ModifyResponse: after,
		ErrorHandler:   p.fail,
		ErrorLog:       log.New(warnings{p.Log}, "", 0),
	}
}

// fail answers where no answer is to be had, or none is to be passed on.
func (p *Proxy) fail(w http.ResponseWriter, request *http.Request, err error) {
	if errors.Is(err, errReset) {
		reset(w)
		return
	}
	if request.Context().Err() == nil {
		p.Log.Warn("no answer", "target", p.Target, "path", request.URL.Path, "error", err)
	}
	w.WriteHeader(http.StatusBadGateway)
}

// warnings is the sandbox's log, for a library that writes lines.
type warnings struct {
	log *slog.Logger
}

// Write logs a line.
func (w warnings) Write(line []byte) (int, error) {
	w.log.Warn("proxy", "says", string(line))
	return len(line), nil
}
