package metricsq

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/itchyny/gojq"

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
	APIVersion string     `yaml:"apiVersion"`
	Kind       string     `yaml:"kind"`
	Metadata   metadata   `yaml:"metadata"`
	Spec       metricSpec `yaml:"spec"`
	source     document
	number     *gojq.Code // takes the value out of an answer; nil: Prometheus' usual one
}

type metadata struct {
	Name        string            `yaml:"name"`
	Namespace   string            `yaml:"namespace"`
	Labels      map[string]string `yaml:"labels"` // not used
	Annotations map[string]string `yaml:"annotations"`
}

type metricSpec struct {
	Description     string  `yaml:"description"`
	Units           string  `yaml:"units"`
	Type            string  `yaml:"type"` // not used: a counter and a gauge are read alike
	SampleSize      string  `yaml:"sampleSize"`
	Provider        string  `yaml:"provider"`
	Params          []param `yaml:"params"`
	JQExpression    string  `yaml:"jqExpression"`
	URLTemplate     string  `yaml:"urlTemplate"` // of Prometheus not used: the user says where it is
	HeaderTemplates []param `yaml:"headerTemplates"`
	Method          string  `yaml:"method"`
	Body            string  `yaml:"body"`

	// What is refused, by name.
	Secret   string `yaml:"secret"`
	AuthType string `yaml:"authType"`
	Mock     []any  `yaml:"mock"`
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

// isPrometheus tells whether the metric is asked of the Prometheus that the user names, and not of
// the address in its urlTemplate.
func (m metric) isPrometheus() bool { return m.Spec.Provider == "prometheus" }

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
	isQuantile := m.kind() == experiment.TailQuantile
	_, hasQuantile := m.Metadata.Annotations[quantileAnnotation]
	err := m.need([]need{
		{m.APIVersion == "iter8.tools/v2alpha2" && m.Kind == "Metric", "is no Metric of iter8.tools/v2alpha2"},
		{m.Metadata.Name != "" && m.Metadata.Namespace != "", "lacks a name or a namespace"},
		{m.label() != "", "lacks the annotation " + labelAnnotation},
		{m.kind() == "" || m.kind() == experiment.ErrorRate || isQuantile || m.kind() == experiment.MeanLatency,
			"has an annotation " + kindAnnotation + " that is none of errorRate, quantile and mean"},
		{m.kind() == "" || m.family() != "", "has a " + kindAnnotation + " but no " + familyAnnotation},
		{isQuantile == hasQuantile && isQuantile == (m.quantile() > 0),
			"needs " + quantileAnnotation + ", between 0 and 1, with the kind quantile and no other"},
		{m.Spec.Mock == nil, "has a mock: give it a query"},
	})
	if err != nil {
		return err
	}
	if m.isPrometheus() {
		return m.need([]need{
			{len(m.Spec.Params) == 1 && m.Spec.Params[0].Name == "query", "lacks the one parameter query"},
			{m.Spec.Secret == "" && m.Spec.AuthType == "" && m.Spec.HeaderTemplates == nil,
				"brings its own login: the login of Prometheus is given on the command line"},
		})
	}
	return m.checkOther()
}

// checkOther checks a metric of another backend than Prometheus.
func (m metric) checkOther() error {
	u, err := url.Parse(m.Spec.URLTemplate)
	return m.need([]need{
		{m.Spec.Secret == "" && m.Spec.AuthType == "",
			"needs a secret, and Perch reads none for metrics: name in urlTemplate a proxy that adds the login"},
		{err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil,
			"needs a urlTemplate that begins with http:// or https://, without a login, as its provider is not prometheus"},
		{m.Spec.JQExpression != "", "needs a jqExpression, as its provider is not prometheus"},
		{slices.Contains([]string{"", http.MethodGet, http.MethodPost}, m.Spec.Method), "has a method other than GET and POST"},
		{m.Spec.Body == "" || m.Spec.Method == http.MethodPost, "has a body, and a method other than POST"},
	})
}

// A need is what must hold of a metric, and what to say when it does not.
type need struct {
	ok      bool
	instead string
}

func (m metric) need(all []need) error {
	for _, n := range all {
		if !n.ok {
			return fmt.Errorf("metric %s %s", m.ref(), n.instead)
		}
	}
	return nil
}
