package experiment

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// An object reads one YAML mapping, and remembers which of its fields somebody asked for.
type object struct {
	*mistakes
	path   string // "spec.strategy"
	line   int
	fields map[string]field
	known  map[string]bool
}

// A field is a value of an object, with the line of its key.
type field struct {
	path string
	line int
	node *yaml.Node
}

// mapping opens a node as an object; what is no mapping is a mistake, and an empty object.
func (m *mistakes) mapping(f field) object {
	o := object{m, f.path, f.line, map[string]field{}, map[string]bool{}}
	node := resolve(f.node)
	if isNull(node) {
		return o
	}
	if node.Kind != yaml.MappingNode {
		m.add(f.line, f.path, "is %s, want an object", kindOf(node))
		return o
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if _, twice := o.fields[key.Value]; twice {
			m.add(key.Line, join(f.path, key.Value), "stands twice: remove one")
		}
		o.fields[key.Value] = field{join(f.path, key.Value), key.Line, value}
	}
	return o
}

// field finds a field by its key; one that is absent or null has a nil node.
func (o object) field(key string) (field, bool) {
	o.known[key] = true
	f, ok := o.fields[key]
	if !ok || isNull(resolve(f.node)) {
		return field{join(o.path, key), o.line, nil}, false
	}
	return f, true
}

// ignore says that fields are known and need no reading.
func (o object) ignore(keys ...string) {
	for _, k := range keys {
		o.known[k] = true
	}
}

// close reports the fields that nobody asked for.
func (o object) close() {
	for _, key := range slices.Sorted(maps.Keys(o.fields)) {
		if f := o.fields[key]; !o.known[key] {
			o.add(f.line, f.path, "unknown field%s", suggest(key, o.known))
		}
	}
}

// object opens a field as an object; an absent field gives an empty one.
func (o object) object(key string) (object, bool) {
	f, ok := o.field(key)
	return o.mapping(f), ok
}

// list gives the elements of a list.
func (o object) list(key string) []field {
	f, ok := o.field(key)
	if !ok {
		return nil
	}
	node := resolve(f.node)
	if node.Kind != yaml.SequenceNode {
		o.add(f.line, f.path, "is %s, want a list", kindOf(node))
		return nil
	}
	elements := make([]field, len(node.Content))
	for i, n := range node.Content {
		elements[i] = field{f.path + "[" + strconv.Itoa(i) + "]", n.Line, n}
	}
	return elements
}

// text reads a string; numbers and booleans are taken as they are written.
func (o object) text(key string) string {
	f, ok := o.field(key)
	if !ok {
		return ""
	}
	return o.scalar(f)
}

// required reads a string that must be there.
func (o object) required(key string) string {
	f, ok := o.field(key)
	if !ok {
		o.add(f.line, f.path, "is missing")
		return ""
	}
	return o.scalar(f)
}

// scalar reads a field that must be one value.
func (m *mistakes) scalar(f field) string {
	text, _ := m.value(f)
	return text
}

// value reads a field that must be one value; ok is false when it was not, which is reported.
func (m *mistakes) value(f field) (text string, ok bool) {
	node := resolve(f.node)
	if isNull(node) || node.Kind != yaml.ScalarNode {
		m.add(f.line, f.path, "is %s, want one value", kindOf(node))
		return "", false
	}
	return node.Value, true
}

// oneOf reads a string of a fixed set.
func (o object) oneOf(key, fallback string, supported, later []string) string {
	f, ok := o.field(key)
	if !ok {
		if fallback == "" {
			o.add(f.line, f.path, "is missing, want %s", strings.Join(supported, " or "))
		}
		return fallback
	}
	value, ok := o.value(f)
	switch {
	case !ok:
	case slices.Contains(supported, value):
	case slices.Contains(later, value):
		o.add(f.line, f.path, "%q is not supported by this version of Perch, only %s",
			value, strings.Join(supported, " or "))
	default:
		o.add(f.line, f.path, "%q is not known, want %s", value, strings.Join(supported, " or "))
	}
	return value
}

// integer reads a whole number within bounds, both inclusive.
func (o object) integer(key string, fallback, low, high int) int {
	f, ok := o.field(key)
	if !ok {
		return fallback
	}
	text, ok := o.value(f)
	if !ok {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		o.add(f.line, f.path, "is %q, want a whole number from %d to %d", text, low, high)
		return fallback
	}
	return n
}

// boolean reads true or false.
func (o object) boolean(key string) bool {
	f, ok := o.field(key)
	if !ok {
		return false
	}
	text, ok := o.value(f)
	if !ok {
		return false
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		o.add(f.line, f.path, "is %q, want true or false", text)
	}
	return b
}

// texts reads a map of strings.
func (o object) texts(key string) map[string]string {
	inner, ok := o.object(key)
	if !ok {
		return nil
	}
	out := make(map[string]string, len(inner.fields))
	for _, k := range slices.Sorted(maps.Keys(inner.fields)) {
		if f := inner.fields[k]; !isNull(resolve(f.node)) {
			out[k] = o.scalar(f)
		}
	}
	return out
}

func resolve(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n == nil || n.Tag == "!!null" }

func kindOf(n *yaml.Node) string {
	switch {
	case isNull(n):
		return "empty"
	case n.Kind == yaml.MappingNode:
		return "an object"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	}
	return "one value"
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// suggest proposes the known field that differs only in case or underscores.
func suggest(key string, known map[string]bool) string {
	plain := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "_", "")) }
	for k := range known {
		if plain(k) == plain(key) {
			return ": did you mean " + k + "?"
		}
	}
	return ""
}
