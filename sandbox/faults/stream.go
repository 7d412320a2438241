package faults

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net/http"
	"strings"
)

// half is the first half of what is first read of an answer; then the connection breaks.
type half struct {
	io.ReadCloser

	done bool
}

// Read fails after the first time.
func (h *half) Read(p []byte) (int, error) {
	if h.done {
		return 0, io.ErrUnexpectedEOF
	}
	h.done = true
	n, err := h.ReadCloser.Read(p)
	if err == io.EOF { // half of a body is not its end
		err = nil
	}
	return n / 2, err
}

// event is a watch up to the end of its first event.
type event struct {
	io.Closer

	source *bufio.Reader
	frame  func(*bufio.Reader) ([]byte, error)
	rest   *bytes.Reader // of the event; nil before it has come
}

// firstEvent cuts a watch after its first event. An event is a line of JSON, or a length of four
// bytes and as much of Kubernetes' protobuf.
func firstEvent(answer *http.Response) io.ReadCloser {
	answer.Header.Del("Content-Length")
	e := &event{Closer: answer.Body, source: bufio.NewReader(answer.Body), frame: line}
	if strings.Contains(answer.Header.Get("Content-Type"), "protobuf") {
		e.frame = message
	}
	return e
}

// Read waits for the event, gives it, and ends.
func (e *event) Read(p []byte) (int, error) {
	if e.rest == nil {
		content, err := e.frame(e.source)
		if err != nil {
			return 0, err
		}
		e.rest = bytes.NewReader(content)
	}
	return e.rest.Read(p)
}

func line(source *bufio.Reader) ([]byte, error) { return source.ReadBytes('\n') }

func message(source *bufio.Reader) ([]byte, error) {
	head, err := source.Peek(4)
	if err != nil {
		return nil, err
	}
	content := make([]byte, 4+int(binary.BigEndian.Uint32(head)))
	_, err = io.ReadFull(source, content)
	return content, err
}
