package metricsq

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"perch/experiment"
)

// familyVersion is the apiVersion of a family: it is Perch's own kind, beside Iter8's Metric.
const familyVersion = "perch/v1"

// A family says how raw series make counts: which series are a version's, which of them count
// errors, and what unit their latencies have.
type family struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name string `yaml:"name"`
	} `yaml:"metadata"`
	Spec struct {
		Description string `yaml:"description"`
		// One of the two: a histogram, classic or native, by its name without _bucket, _count and
		// _sum; or a counter, by its whole name, where latencies are not to be had.
		Histogram string `yaml:"histogram"`
		Counter   string `yaml:"counter"`
		// What one unit of the histogram is in milliseconds: 1000 for seconds.
		Milliseconds float64 `yaml:"milliseconds"`
		// How far the histogram's sum may be off, as a fraction of it: a backend that adds up its
		// sum from rounded values.
		SumSlack float64           `yaml:"sumSlack"`
		Selector map[string]string `yaml:"selector"` // label to value, with $placeholders
		Errors   *matcher          `yaml:"errors"`   // nil: the series do not tell errors
	} `yaml:"spec"`
}

// A matcher tells the series that count errors from the others by one label, with an anchored
// regular expression. A series without the label has it empty, as in PromQL.
type matcher struct {
	Label string `yaml:"label"`
	Is    string `yaml:"is"`
	IsNot string `yaml:"isNot"`
}

// match tells whether a label value is one of errors.
func (m *matcher) match(value string) bool {
	if m == nil {
		return false
	}
	return anchored(m.Is+m.IsNot).MatchString(value) == (m.Is != "")
}

func anchored(expression string) *regexp.Regexp {
	return regexp.MustCompile("^(?s:" + expression + ")$")
}

// check finds what a family needs and this one lacks.
func (f family) check() error {
	s := f.Spec
	for _, c := range []struct {
		ok   bool
		what string
	}{
		{f.APIVersion == familyVersion, "is none of " + familyVersion},
		{f.Metadata.Name != "", "lacks a name"},
		{(s.Histogram == "") != (s.Counter == ""), "needs either a histogram or a counter"},
		{s.Histogram == "" || s.Milliseconds > 0, "needs milliseconds: what one unit of its histogram is"},
		{s.SumSlack >= 0 && s.SumSlack < 1, "has a sumSlack that is no fraction"},
		{len(s.Selector) > 0, "needs a selector"},
	} {
		if !c.ok {
			return fmt.Errorf("family %s %s", f.Metadata.Name, c.what)
		}
	}
	return f.checkErrors()
}

func (f family) checkErrors() error {
	m := f.Spec.Errors
	if m == nil {
		return nil
	}
	if m.Label == "" || (m.Is == "") == (m.IsNot == "") {
		return fmt.Errorf("family %s: errors need a label, and one of is and isNot", f.Metadata.Name)
	}
	if _, err := regexp.Compile(m.Is + m.IsNot); err != nil {
		return fmt.Errorf("family %s: errors: %w", f.Metadata.Name, err)
	}
	return nil
}

// names is the regular expression of the names that the family's series have.
func (f family) names() string {
	if f.Spec.Counter != "" {
		return regexp.QuoteMeta(f.Spec.Counter)
	}
	return regexp.QuoteMeta(f.Spec.Histogram) + "(_bucket|_count|_sum)?"
}

// countNames is the regular expression of those among the names that count requests.
func (f family) countNames() string {
	if f.Spec.Counter != "" {
		return regexp.QuoteMeta(f.Spec.Counter)
	}
	return regexp.QuoteMeta(f.Spec.Histogram) + "(_count)?"
}

// A choice is a family with its selector filled for the versions of one experiment.
type choice struct {
	family
	selectors []map[string]string // by version: label to value
}

// choose fills the selector of a family for each version. It is an error when a version lacks a
// variable, or when two versions would be counted by the same series.
func (f family) choose(versions []experiment.Version) (choice, error) {
	c := choice{family: f}
	for _, v := range versions {
		selector := map[string]string{}
		for label, template := range f.Spec.Selector {
			value, missing := fill(template, v)
			if missing != "" {
				return c, fmt.Errorf("the series need the variable %s, which version %s lacks", missing, v.Name)
			}
			selector[label] = value
		}
		for i, other := range c.selectors {
			if maps.Equal(other, selector) {
				return c, fmt.Errorf("versions %s and %s have the same series", versions[i].Name, v.Name)
			}
		}
		c.selectors = append(c.selectors, selector)
	}
	if len(c.selectors) == 0 {
		return c, errors.New("the experiment has no versions")
	}
	return c, nil
}

// fill fills the placeholders of a template with a version's variables as they are, and names the
// first that has no value.
func fill(template string, v experiment.Version) (filled, missing string) {
	known := map[string]string{}
	for _, match := range placeholder.FindAllStringSubmatch(template, -1) {
		word := match[1] + match[2]
		value, ok := v.Lookup(word)
		if !ok && word != "" && missing == "" {
			missing = word
		}
		known[word] = value
	}
	return substitute(template, known), missing
}

// promQL selects the series of some names, of all versions at once.
func (c choice) promQL(names string) string {
	matchers := []string{"__name__=~" + strconv.Quote(names)}
	for _, label := range slices.Sorted(maps.Keys(c.Spec.Selector)) {
		var values []string
		for _, s := range c.selectors {
			if v := regexp.QuoteMeta(s[label]); !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		matchers = append(matchers, label+"=~"+strconv.Quote(strings.Join(values, "|")))
	}
	return "{" + strings.Join(matchers, ",") + "}"
}

// over is a range vector of series of some names, up to now. A second more than asked for: a window is
// open where it begins.
func (c choice) over(names string, window time.Duration) string {
	return fmt.Sprintf("%s[%ds]", c.promQL(names), int64(window/time.Second)+1)
}

// version is the index of the version that a series is of, -1 when it is of none: matching label by
// label may select more than was asked for.
func (c choice) version(label func(string) string) int {
	return slices.IndexFunc(c.selectors, func(s map[string]string) bool {
		for name, value := range s {
			if label(name) != value {
				return false
			}
		}
		return true
	})
}
