package metricsq

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"perch/experiment"
)

//go:embed packs/*.yaml
var packs embed.FS

// A metric is one Iter8 Metric of a pack.
type metric struct {
	experiment.Metric
	query      string // PromQL with placeholders
	sampleSize string // reference to the metric that counts what this one rests on; "": none
}

// metricFile is what a pack says of one metric.
type metricFile struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace"`
		Annotations map[string]string `yaml:"annotations"`
	} `yaml:"metadata"`
	Spec struct {
		Type        string           `yaml:"type"`
		Description string           `yaml:"description"`
		Units       experiment.Units `yaml:"units"`
		SampleSize  string           `yaml:"sampleSize"`
		Provider    string           `yaml:"provider"`
		Params      []struct {
			Name  string `yaml:"name"`
			Value string `yaml:"value"`
		} `yaml:"params"`
	} `yaml:"spec"`
}

// load reads all packs: every metric by its reference, namespace/name.
func load() (map[string]metric, error) {
	entries, err := packs.ReadDir("packs")
	if err != nil {
		return nil, err
	}
	all := map[string]metric{}
	for _, entry := range entries {
		data, err := packs.ReadFile("packs/" + entry.Name())
		if err != nil {
			return nil, err
		}
		if err := loadPack(all, data); err != nil {
			return nil, fmt.Errorf("metric pack %s: %w", entry.Name(), err)
		}
	}
	return all, nil
}

func loadPack(all map[string]metric, data []byte) error {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	for {
		var f metricFile
		err := decoder.Decode(&f)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		m, err := f.metric()
		if err != nil {
			return fmt.Errorf("%s: %w", f.Metadata.Name, err)
		}
		all[m.Ref] = m
	}
}

func (f metricFile) metric() (metric, error) {
	if f.Kind != "Metric" || f.Spec.Provider != "prometheus" {
		return metric{}, fmt.Errorf("is a %s of provider %q, want a Metric of prometheus", f.Kind, f.Spec.Provider)
	}
	m := metric{Metric: experiment.Metric{
		Ref: f.Metadata.Namespace + "/" + f.Metadata.Name, Label: f.Metadata.Annotations["perch/label"], Units: f.Spec.Units,
	}}
	if f.Spec.SampleSize != "" {
		m.sampleSize = f.Metadata.Namespace + "/" + f.Spec.SampleSize
	}
	for _, p := range f.Spec.Params {
		if p.Name == "query" {
			m.query = p.Value
		}
	}
	if m.query == "" {
		return metric{}, errors.New("has no parameter named query")
	}
	return m, nil
}

// references lists every metric that a spec refers to, in its order, each once.
func references(spec experiment.Spec) []string {
	var refs []string
	add := func(ref string) {
		if ref != "" && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	for _, o := range spec.Criteria.Objectives {
		add(o.Metric)
	}
	for _, i := range spec.Criteria.Indicators {
		add(i)
	}
	add(spec.Criteria.RequestCount)
	return refs
}

// find gives the metrics that a spec refers to; all unknown ones are reported at once.
func find(all map[string]metric, spec experiment.Spec) ([]metric, error) {
	var found []metric
	var unknown []string
	for _, ref := range references(spec) {
		m, ok := all[ref]
		if !ok {
			unknown = append(unknown, ref)
			continue
		}
		found = append(found, m)
	}
	if len(unknown) > 0 {
		return nil, experiment.WithHint(fmt.Errorf("unknown metric %s", strings.Join(unknown, ", ")), "Perch knows "+names(all))
	}
	return found, nil
}

func names(all map[string]metric) string {
	var list []string
	for ref := range all {
		list = append(list, ref)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// Describe gives what people need to know of every metric that a spec refers to, in its order. A
// metric that no pack has is an error.
func Describe(spec experiment.Spec) ([]experiment.Metric, error) {
	all, err := load()
	if err != nil {
		return nil, err
	}
	found, err := find(all, spec)
	if err != nil {
		return nil, err
	}
	metrics := make([]experiment.Metric, len(found))
	for i, m := range found {
		metrics[i] = m.Metric
	}
	return metrics, nil
}
