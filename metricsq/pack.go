package metricsq

import (
	"fmt"
	"strconv"
	"strings"

	"perch/experiment"
)

// prometheusValue is the jq expression of every metric that Prometheus answers.
const prometheusValue = ".data.result[0].value[1] | tonumber"

// The annotations by which a Metric says more than Iter8 knew.
const (
	labelAnnotation    = "perch/label"    // short name, for tables
	familyAnnotation   = "perch/family"   // of the series that make its counts
	kindAnnotation     = "perch/kind"     // errorRate, quantile or mean
	quantileAnnotation = "perch/quantile" // of the kind quantile, between 0 and 1
)

// A metric is one Iter8 v2alpha2 Metric object of a pack.
type metric struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace"`
		Labels      map[string]string `yaml:"labels"`
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
	source document
}

// A param is one query parameter of a metric's HTTP request.
type param struct {
	Name  string `yaml:"name"`
	Value string `yaml:"value"`
}

// ref is how experiments refer to the metric, namespace/name.
func (m metric) ref() string { return m.Metadata.Namespace + "/" + m.Metadata.Name }

func (m metric) label() string { return m.Metadata.Annotations[labelAnnotation] }

// family names the series that make the metric's counts, "" when it gives only a value.
func (m metric) family() string { return m.Metadata.Annotations[familyAnnotation] }

func (m metric) kind() experiment.Kind {
	return experiment.Kind(m.Metadata.Annotations[kindAnnotation])
}

// quantile is the quantile that the metric says, 0 when it says none, or none that there is.
func (m metric) quantile() float64 {
	q, err := strconv.ParseFloat(m.Metadata.Annotations[quantileAnnotation], 64)
	if err != nil || !(q > 0 && q < 1) {
		return 0
	}
	return q
}

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

// describe says what people and the judge see of the metric.
func (m metric) describe() experiment.Metric {
	return experiment.Metric{
		Ref: m.ref(), Label: m.label(), Units: experiment.Units(m.Spec.Units),
		Family: m.family(), Kind: m.kind(), Quantile: m.quantile(),
	}
}

// check finds what a metric of a pack needs and this one lacks.
func (m metric) check() error {
	params := m.Spec.Params
	isQuantile := m.kind() == experiment.TailQuantile
	_, hasQuantile := m.Metadata.Annotations[quantileAnnotation]
	for _, c := range []struct {
		ok   bool
		what string
	}{
		{m.APIVersion == "iter8.tools/v2alpha2" && m.Kind == "Metric", "is no Metric of iter8.tools/v2alpha2"},
		{m.Metadata.Name != "" && m.Metadata.Namespace != "", "lacks a name or a namespace"},
		{m.label() != "", "lacks the annotation " + labelAnnotation},
		{m.kind() == "" || m.kind() == experiment.ErrorRate || isQuantile || m.kind() == experiment.MeanLatency,
			"has an annotation " + kindAnnotation + " that is none of errorRate, quantile and mean"},
		{m.kind() == "" || m.family() != "", "has a " + kindAnnotation + " but no " + familyAnnotation},
		{isQuantile == hasQuantile && isQuantile == (m.quantile() > 0),
			"needs " + quantileAnnotation + ", between 0 and 1, with the kind quantile and no other"},
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
