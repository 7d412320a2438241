package faults

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// ServeHTTP is how the rules are set from outside: PUT replaces them by a JSON list, DELETE by none,
// and GET shows them with how often each matched and struck. GET with ?struck=N answers once they
// have struck N times together.
func (t *Table) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	switch request.Method {
	case http.MethodGet:
		if err := t.await(request); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	case http.MethodPut:
		text, err := io.ReadAll(http.MaxBytesReader(w, request.Body, largest))
		if err == nil {
			err = t.set(text)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	case http.MethodDelete:
		t.Replace(nil)
	default:
		w.Header().Set("Allow", "GET, PUT, DELETE")
		http.Error(w, "GET, PUT or DELETE", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(t.Rows())
}

func (t *Table) set(text []byte) error {
	rules, err := Parse(text)
	if err == nil {
		t.Replace(rules)
	}
	return err
}

func (t *Table) await(request *http.Request) error {
	text := request.URL.Query().Get("struck")
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	return t.WaitStruck(request.Context(), n)
}
