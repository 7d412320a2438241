package kube

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chartutil"

	"perch/experiment"
)

// describe says what an upgrade will change.
func (u upgrade) describe() (experiment.Upgrade, error) {
	d := experiment.Upgrade{
		Release: u.Release, Namespace: u.Namespace, Chart: u.chart.Name(), ChartVersion: u.chart.Metadata.Version,
		To: 1, Wait: u.waits(),
	}
	for _, file := range u.Values {
		d.Values = append(d.Values, redacted(file))
	}
	before := map[string]any{}
	overrides := u.values
	if u.last != nil {
		d.From, d.To = u.last.Version, u.last.Version+1
		var err error
		if before, err = chartutil.CoalesceValues(u.last.Chart, maps.Clone(u.last.Config)); err != nil {
			return d, err
		}
		if u.ReuseValues {
			overrides = chartutil.CoalesceTables(maps.Clone(u.values), u.last.Config)
		}
	}
	after, err := chartutil.CoalesceValues(u.chart, maps.Clone(overrides))
	if err != nil {
		return d, err
	}
	d.Changes = changes(before, after)
	return d, nil
}

func (u upgrade) waits() string {
	switch {
	case u.Atomic:
		return fmt.Sprintf("up to %s, atomic", u.Timeout)
	case u.Wait:
		return fmt.Sprintf("up to %s", u.Timeout)
	}
	return ""
}

// changes lists the values that differ, by their dotted path.
func changes(before, after map[string]any) []experiment.Change {
	old, now := map[string]string{}, map[string]string{}
	flatten(old, "", before)
	flatten(now, "", after)
	all := maps.Clone(old)
	maps.Copy(all, now)
	var list []experiment.Change
	for path := range all {
		if old[path] != now[path] {
			list = append(list, experiment.Change{Path: path, From: shown(path, old[path]), To: shown(path, now[path])})
		}
	}
	slices.SortFunc(list, func(a, b experiment.Change) int { return cmp.Compare(a.Path, b.Path) })
	return list
}

func flatten(into map[string]string, path string, value any) {
	if table, ok := value.(map[string]any); ok {
		for key, inner := range table {
			flatten(into, strings.TrimPrefix(path+"."+key, "."), inner)
		}
		return
	}
	switch v := value.(type) {
	case nil:
	case string:
		into[path] = v
	default:
		text, err := json.Marshal(v)
		if err != nil {
			text = fmt.Append(nil, v)
		}
		into[path] = string(text)
	}
}

// longestValue bounds what a value takes in a plan, in bytes.
const longestValue = 100

// shown is a value as a person may see it: shortened, and masked where the path sounds like a secret.
func shown(path, value string) string {
	for _, word := range []string{"password", "passwd", "secret", "token", "credential", "apikey", "privatekey"} {
		if value != "" && strings.Contains(strings.ToLower(path), word) {
			return "***"
		}
	}
	value = redacted(value)
	if len(value) > longestValue {
		return value[:longestValue] + "..."
	}
	return value
}
