package metricsq

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
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
	rest, line := data, 1
	for {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("metric pack %s: %w", file, plainly(err, 1))
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
		for ; line < root.Line; line++ {
			_, rest, _ = bytes.Cut(rest, []byte("\n"))
		}
		all = append(all, document{file, root.Line, head.Kind, rest})
	}
}

// decode reads the document into an object that must have a place for every field.
func (d document) decode(object any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(d.text))
	decoder.KnownFields(true)
	if err := decoder.Decode(object); err != nil {
		return fmt.Errorf("metric pack %s: %w", d.file, plainly(err, d.line))
	}
	return nil
}

// wrong makes an error of what is wrong with the document.
func (d document) wrong(err error) error {
	return fmt.Errorf("metric pack %s:%d: %w", d.file, d.line, err)
}

// yamlLine is where the YAML library says that a mistake is.
var yamlLine = regexp.MustCompile(`\bline (\d+)`)

// plainly writes an error of the YAML library in one line, without the names of Go types, and with
// the lines of the file, of which the text began in line first.
func plainly(err error, first int) error {
	mistakes := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	if typed, ok := errors.AsType[*yaml.TypeError](err); ok {
		mistakes = nil
		for _, text := range typed.Errors {
			text, _, _ = strings.Cut(text, " in type ")
			text, _, _ = strings.Cut(text, " into ")
			mistakes = append(mistakes, strings.NewReplacer("not found", "is unknown", "cannot unmarshal", "cannot read", "!!", "").Replace(text))
		}
	}
	return errors.New(yamlLine.ReplaceAllStringFunc(strings.Join(mistakes, "; "), func(match string) string {
		line, _ := strconv.Atoi(strings.TrimPrefix(match, "line "))
		return fmt.Sprintf("line %d", line+first-1)
	}))
}
