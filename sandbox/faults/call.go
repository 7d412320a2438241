package faults

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// largest bounds the body of a request, twice what Kubernetes itself takes.
const largest = 6 << 20

// call is a request that a proxy has read, and has not answered yet.
type call struct {
	target  Target
	request *http.Request
	body    []byte
	query   string // unescaped, with the fields of a form
}

// read takes a request in whole. A server notices that a client has gone only once it has.
func read(target Target, w http.ResponseWriter, request *http.Request) (*call, error) {
	c := &call{target: target, request: request, query: unescape(request.URL.RawQuery)}
	if request.Header.Get("Upgrade") != "" {
		return c, nil // what follows is no body
	}
	var err error
	if c.body, err = io.ReadAll(http.MaxBytesReader(w, request.Body, largest)); err != nil {
		return nil, err
	}
	if strings.HasPrefix(request.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		c.query = strings.TrimPrefix(c.query+"&"+unescape(string(c.body)), "&")
	}
	if len(c.body) > 0 {
		request.Body = io.NopCloser(bytes.NewReader(c.body))
		request.ContentLength = int64(len(c.body))
		request.TransferEncoding = nil
	}
	return c, nil
}

func unescape(query string) string {
	if plain, err := url.QueryUnescape(query); err == nil {
		return plain
	}
	return query
}

// watches tells whether the request is for a stream of changes.
func (c *call) watches() bool {
	value := c.request.URL.Query().Get("watch")
	return value == "true" || value == "1"
}
