package metricsq

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"perch/experiment"
)

//go:embed packs/*.yaml
var packs embed.FS

// prometheusValue is the jq expression of every metric that Prometheus answers.
const prometheusValue = ".data.result[0].value[1] | tonumber"

// labelAnnotation holds the short name of a metric, for tables.
const labelAnnotation = "perch/label"

// A metric is one Iter8 v2alpha2 Metric object of a pack.
type metric struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace"`
		Annotations map[string]string `yaml:"annotations"`
	} `yaml:"metadata"`
	Spec struct {
		Description  string  `yaml:"description"`
		Units        string  `yaml:"units"`
		Type         string  `yaml:"type"`
		SampleSize   string  `yaml:"sampleSize"`
		Provider     string  `yaml:"provider"`
		Params       []param `yaml:"params"`
		JQExpression string  `yaml:"jqExpression"`
		URLTemplate  string  `yaml:"urlTemplate"` // not used: the user says where Prometheus is
	} `yaml:"spec"`
}

// A param is one query parameter of a metric's HTTP request.
type param struct {
	Name  string `yaml:"name"`
	Value string `yaml:"value"`
}

// ref is how experiments refer to the metric, namespace/name.
func (m metric) ref() string { return m.Metadata.Namespace + "/" + m.Metadata.Name }

func (m metric) label() string { return m.Metadata.Annotations[labelAnnotation] }

// query is the PromQL with its placeholders.
func (m metric) query() string { return strings.TrimSpace(m.Spec.Params[0].Value) }

// sampleSize is the ref of the metric that counts what this one rests on, "" when there is none.
// As in Iter8, a bare name is one of the metric's own namespace.
func (m metric) sampleSize() string {
	size := m.Spec.SampleSize
	if size == "" || strings.Contains(size, "/") {
		return size
	}
	return m.Metadata.Namespace + "/" + size
}

// check finds what a metric of a pack needs and this one lacks.
func (m metric) check() error {
	params := m.Spec.Params
	for _, c := range []struct {
		ok   bool
		what string
	}{
		{m.APIVersion == "iter8.tools/v2alpha2" && m.Kind == "Metric", "is no Metric of iter8.tools/v2alpha2"},
		{m.Metadata.Name != "" && m.Metadata.Namespace != "", "lacks a name or a namespace"},
		{m.label() != "", "lacks the annotation " + labelAnnotation},
		{m.Spec.Provider == "prometheus", "is not of the provider prometheus"},
		{m.Spec.JQExpression == prometheusValue, "has a jqExpression other than " + prometheusValue},
		{len(params) == 1 && params[0].Name == "query", "lacks the one parameter query"},
	} {
		if !c.ok {
			return fmt.Errorf("metric %s %s", m.ref(), c.what)
		}
	}
	return nil
}

// A catalog holds the metrics of all packs by their ref.
type catalog map[string]metric

// loadPacks reads and checks every YAML file in the folder packs.
func loadPacks(fsys fs.FS) (catalog, error) {
	files, err := fs.Glob(fsys, "packs/*.yaml")
	if err != nil {
		return nil, err
	}
	all := catalog{}
	for _, file := range files {
		if err := all.load(fsys, file); err != nil {
			return nil, fmt.Errorf("metric pack %s: %w", file, err)
		}
	}
	for _, m := range all {
		if size := m.sampleSize(); size != "" && all[size].Kind == "" {
			return nil, fmt.Errorf("metric %s: there is no sampleSize %s", m.ref(), size)
		}
	}
	return all, nil
}

func (c catalog) load(fsys fs.FS, file string) error {
	f, err := fsys.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	decoder := yaml.NewDecoder(f)
	decoder.KnownFields(true)
	for {
		var m metric
		err := decoder.Decode(&m)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := m.check(); err != nil {
			return err
		}
		if _, twice := c[m.ref()]; twice {
			return fmt.Errorf("metric %s stands twice", m.ref())
		}
		c[m.ref()] = m
	}
}

// Describe describes every metric that a spec refers to, once each, in the spec's order:
// objectives, indicators, request count. Metrics that no pack has are an error that names all of
// them, beside what is known of the others: an objective that cannot be measured must never look
// like one that is met.
func Describe(spec experiment.Spec) ([]experiment.Metric, error) {
	all, err := loadPacks(packs)
	if err != nil {
		return nil, err
	}
	var found []experiment.Metric
	var unknown []string
	for _, ref := range refs(spec) {
		m, ok := all[ref]
		if !ok {
			unknown = append(unknown, ref)
			continue
		}
		found = append(found, experiment.Metric{
			Ref: ref, Label: m.label(), Units: experiment.Units(m.Spec.Units),
		})
	}
	if len(unknown) > 0 {
		return found, all.unknownError(unknown)
	}
	return found, nil
}

// refs lists the metrics that a spec refers to, once each.
func refs(spec experiment.Spec) []string {
	var list []string
	add := func(ref string) {
		if ref != "" && !slices.Contains(list, ref) {
			list = append(list, ref)
		}
	}
	for _, o := range spec.Criteria.Objectives {
		add(o.Metric)
	}
	for _, ref := range spec.Criteria.Indicators {
		add(ref)
	}
	add(spec.Criteria.RequestCount)
	return list
}

// unknownError names the unknown metrics and the known ones; its hint is the known metric that
// has the same name in another namespace, the usual slip.
func (c catalog) unknownError(unknown []string) error {
	known := slices.Sorted(maps.Keys(c))
	hint := "write each metric as namespace/name, as the known ones are"
	for _, ref := range unknown {
		name := ref[strings.LastIndex(ref, "/")+1:]
		same := func(k string) bool { return strings.HasSuffix(k, "/"+name) }
		if i := slices.IndexFunc(known, same); i >= 0 {
			hint = fmt.Sprintf("write %s in place of %s", known[i], ref)
			break
		}
	}
	return experiment.WithHint(fmt.Errorf("unknown metric %s; known are %s",
		strings.Join(unknown, ", "), strings.Join(known, ", ")), hint)
}
