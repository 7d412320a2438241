package metricsq

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A document is one YAML document of a pack.
type document struct {
	file string
	line int    // of its first field, from 1
	kind string // of the object in it
	text []byte
}

// documents splits a file. A document with nothing in it is none.
func documents(file string, data []byte) ([]document, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var all []document
	for {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("metric pack %s: %w", file, plainly(err))
		}
		if len(node.Content) == 0 || node.Content[0].Tag == "!!null" {
			continue
		}
		root := node.Content[0]
		var head struct {
			Kind string `yaml:"kind"`
		}
		if err := root.Decode(&head); err != nil {
			return nil, fmt.Errorf("metric pack %s:%d: not an object with a kind", file, root.Line)
		}
		all = append(all, document{file, root.Line, head.Kind, from(data, root.Line)})
	}
}

// from is the text from a line on, with empty lines in place of those before: so the lines that a
// decoder names are those of the file.
func from(data []byte, line int) []byte {
	rest := data
	for range line - 1 {
		_, rest, _ = bytes.Cut(rest, []byte("\n"))
	}
	return append(bytes.Repeat([]byte("\n"), line-1), rest...)
}

// decode reads the document into an object that must have a place for every field.
func (d document) decode(object any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(d.text))
	decoder.KnownFields(true)
	if err := decoder.Decode(object); err != nil {
		return fmt.Errorf("metric pack %s: %w", d.file, plainly(err))
	}
	return nil
}

// wrong makes an error of what is wrong with the document.
func (d document) wrong(err error) error {
	return fmt.Errorf("metric pack %s:%d: %w", d.file, d.line, err)
}

// plainly writes an error of the YAML library in one line, and without the names of Go types.
func plainly(err error) error {
	typed, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	mistakes := make([]string, len(typed.Errors))
	for i, text := range typed.Errors {
		text, _, _ = strings.Cut(text, " in type ")
		text, _, _ = strings.Cut(text, " into ")
		mistakes[i] = strings.NewReplacer("not found", "is unknown", "cannot unmarshal", "cannot read", "!!", "").Replace(text)
	}
	return errors.New(strings.Join(mistakes, "; "))
}
