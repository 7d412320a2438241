package kube

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"perch/experiment"
)

// longValue is how many characters of a value are shown.
const longValue = 60

// mask stands in the place of a secret.
const mask = "***"

// secretName is a name whose value is better not shown. It rather hides too much.
var secretName = regexp.MustCompile(`(?i)passw|pwd|passphrase|token|secret|key|credential|dsn|auth|private|cookie`)

// changes lists the values that differ, by path. Secrets are compared, but not shown.
func changes(before, after map[string]any) []experiment.Change {
	from, to := flatten(before), flatten(after)
	var list []experiment.Change
	for _, path := range slices.Sorted(maps.Keys(union(from, to))) {
		was, wasThere := from[path]
		is, isThere := to[path]
		if wasThere == isThere && compact(was.value) == compact(is.value) {
			continue
		}
		list = append(list, experiment.Change{Path: path, From: shown(was, wasThere), To: shown(is, isThere)})
	}
	return list
}

func union(a, b map[string]leaf) map[string]leaf {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// A leaf is a value that is no map.
type leaf struct {
	value  any
	secret bool // some name on the way to it says so
}

// flatten gives every leaf by its path; dots inside a name are escaped as helm --set wants them.
func flatten(values map[string]any) map[string]leaf {
	flat := map[string]leaf{}
	var walk func(prefix string, secret bool, values map[string]any)
	walk = func(prefix string, secret bool, values map[string]any) {
		for name, value := range values {
			path := prefix + strings.ReplaceAll(name, ".", `\.`)
			hidden := secret || secretName.MatchString(name)
			switch inner, isMap := value.(map[string]any); {
			case isMap:
				walk(path+".", hidden, inner)
			case value != nil: // null takes a value away
				flat[path] = leaf{value, hidden}
			}
		}
	}
	walk("", false, values)
	return flat
}

// shown is a value for people; empty when it is not there.
func shown(l leaf, there bool) string {
	if !there {
		return ""
	}
	if l.secret {
		return mask
	}
	text, isText := l.value.(string)
	if !isText || text == "" || looksTyped(text) {
		text = compact(hide(l.value))
	}
	if runes := []rune(oneLine(text)); len(runes) > longValue {
		return string(runes[:longValue-1]) + "…"
	}
	return oneLine(text)
}

// looksTyped tells whether a text would be read as a number, a bool or null without its quotes.
func looksTyped(text string) bool {
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return false
	}
	_, object := value.(map[string]any)
	_, list := value.([]any)
	return !object && !list
}

// hide masks the secrets inside a list: values under secret names, and the value of an element
// whose own name is one, as in env: [{name: DB_PASSWORD, value: …}].
func hide(value any) any {
	switch v := value.(type) {
	case []any:
		hidden := make([]any, len(v))
		for i := range v {
			hidden[i] = hide(v[i])
		}
		return hidden
	case map[string]any:
		name, _ := v["name"].(string)
		hidden := make(map[string]any, len(v))
		for key, inner := range v {
			hidden[key] = hide(inner)
			if secretName.MatchString(key) || key == "value" && secretName.MatchString(name) {
				hidden[key] = mask
			}
		}
		return hidden
	}
	return value
}

// compact is the JSON of a value on one line, with < and & as they are.
func compact(value any) string {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSpace(buffer.String())
}
