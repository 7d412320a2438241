package experiment

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The defaults of Iter8 v2alpha2 (etc3 v0.1.19, api/v2alpha2/defaults.go).
const (
	apiVersion           = "iter8.tools/v2alpha2"
	defaultInterval      = 20
	defaultIterations    = 15
	defaultLoops         = 1
	defaultMaxWeight     = 100
	defaultMaxIncrement  = 10
	maxSeconds, maxCount = 365 * 24 * 3600, 1_000_000
)

// maxFile bounds an experiment file, in bytes: YAML takes hundreds of times its length in memory.
const maxFile = 128 << 10

// Parse reads an experiment file, YAML or JSON, named for messages, that may do what is allowed.
// Everything wrong with it is reported at once, as a *SpecError; the spec is then what could be read,
// good for a pre-flight and nothing else.
func Parse(file string, data []byte, allowed ...Permission) (Spec, error) {
	m := mistakes{allowed: allowed}
	root, err := experimentNode(data)
	if err != nil {
		return Spec{}, &SpecError{file, []Mistake{{What: err.Error()}}}
	}
	object := m.mapping(field{node: root, line: root.Line})
	if root.Kind != yaml.MappingNode {
		return Spec{}, m.err(file) // nothing can be missing in what is no object
	}
	return m.spec(object), m.err(file)
}

// experimentNode finds the one Experiment among the documents of a file.
func experimentNode(data []byte) (*yaml.Node, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("has %d KiB: no experiment has more than %d", len(data)>>10, maxFile>>10)
	}
	var found *yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("is no YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		}
		if doc.Kind == 0 || isNull(doc.Content[0]) {
			continue
		}
		if found != nil {
			return nil, errors.New("holds more than one document: give each experiment a file of its own")
		}
		found = doc.Content[0]
	}
	if found == nil {
		return nil, errors.New("is empty: expected an Iter8 Experiment (apiVersion: " + apiVersion + ")")
	}
	return found, nil
}

func (m *mistakes) spec(root object) Spec {
	if v := root.required("apiVersion"); v != "" && v != apiVersion {
		m.add(root.fields["apiVersion"].line, "apiVersion", "is %q, want %s", v, apiVersion)
	}
	if v := root.required("kind"); v != "" && v != "Experiment" {
		m.add(root.fields["kind"].line, "kind", "is %q, want Experiment", v)
	}
	root.ignore("status")
	var s Spec
	meta, _ := root.object("metadata")
	s.Name, s.Namespace, s.Annotations = meta.required("name"), meta.text("namespace"), meta.texts("annotations")
	body, ok := root.object("spec")
	if !ok {
		m.add(root.line, "spec", "is missing")
		return s
	}
	s.Target = m.target(body)
	strategy, _ := body.object("strategy")
	s.Strategy = strategy.strategy()
	criteria, _ := body.object("criteria")
	s.Criteria = criteria.criteria(s.Namespace)
	m.relative(meta, &s)
	duration, _ := body.object("duration")
	s.Duration = duration.duration()
	info, _ := body.object("versionInfo")
	s.Versions = info.versions()
	actions, _ := strategy.object("actions")
	s.Start, s.Finish = actions.actions(s.Versions)
	for _, o := range []object{root, body, strategy, criteria, duration, info, actions} {
		o.close()
	}
	return s
}

func (m *mistakes) target(body object) Target {
	text := body.required("target")
	namespace, name, ok := strings.Cut(text, "/")
	if text != "" && (!ok || namespace == "" || name == "" || strings.Contains(name, "/")) {
		m.add(body.fields["target"].line, "spec.target", "is %q, want namespace/name of the Knative service", text)
	}
	return Target{namespace, name}
}

func (o object) strategy() Strategy {
	s := Strategy{
		TestingPattern: o.oneOf("testingPattern", "", []string{"Canary"},
			[]string{"A/B", "A/B/N", "Conformance"}),
		DeploymentPattern: o.oneOf("deploymentPattern", "Progressive", []string{"Progressive"},
			[]string{"FixedSplit", "BlueGreen"}),
	}
	weights, _ := o.object("weights")
	s.MaxCandidateWeight = weights.integer("maxCandidateWeight", defaultMaxWeight, 0, 100)
	s.MaxCandidateWeightIncrement = weights.integer("maxCandidateWeightIncrement", defaultMaxIncrement, 0, 100)
	weights.close()
	return s
}

func (o object) criteria(namespace string) Criteria {
	c := Criteria{RequestCount: qualify(o.text("requestCount"), namespace)}
	for _, f := range o.list("indicators") {
		c.Indicators = append(c.Indicators, qualify(o.scalar(f), namespace))
	}
	for _, f := range o.list("objectives") {
		inner := o.mapping(f)
		c.Objectives = append(c.Objectives, Objective{
			Metric:            qualify(inner.required("metric"), namespace),
			UpperLimit:        inner.limit("upperLimit"),
			LowerLimit:        inner.limit("lowerLimit"),
			RollbackOnFailure: inner.boolean("rollback_on_failure"),
		})
		inner.close()
	}
	for _, f := range o.list("rewards") {
		o.add(f.line, f.path, "a Canary has no rewards: remove it")
	}
	o.ignore("strength") // a placeholder of the original that never had a meaning
	if len(c.Objectives) == 0 {
		o.add(o.line, join("spec.criteria", "objectives"), "is missing: without an objective there is nothing to judge")
	}
	return c
}

// relativeAnnotation lists the metrics whose limits are multiples of the baseline's value: Iter8 has no
// field for that.
const relativeAnnotation = "perch/relative"

func (m *mistakes) relative(meta object, s *Spec) {
	text, ok := s.Annotations[relativeAnnotation]
	if !ok {
		return
	}
	annotations, _ := meta.object("annotations")
	at := annotations.fields[relativeAnnotation].line
	for name := range strings.SplitSeq(text, ",") {
		metric := qualify(strings.TrimSpace(name), s.Namespace)
		i := slices.IndexFunc(s.Criteria.Objectives, func(o Objective) bool { return o.Metric == metric })
		if i < 0 {
			m.add(at, "metadata.annotations."+relativeAnnotation, "names %q, and there is no objective on that metric", metric)
			continue
		}
		s.Criteria.Objectives[i].Relative = true
	}
}

// limit reads a number or a quantity written as a string.
func (o object) limit(key string) *float64 {
	f, ok := o.field(key)
	if !ok {
		return nil
	}
	text, ok := o.value(f)
	if !ok {
		return nil
	}
	value, ok := parseQuantity(text)
	if !ok {
		o.add(f.line, f.path, "is %q, want a number such as 50, \"0.01\" or 10m", text)
		return nil
	}
	return &value
}

func (o object) duration() Duration {
	return Duration{
		IntervalSeconds:   o.integer("intervalSeconds", defaultInterval, 1, maxSeconds),
		IterationsPerLoop: o.integer("iterationsPerLoop", defaultIterations, 1, maxCount),
		MaxLoops:          o.integer("maxLoops", defaultLoops, 1, math.MaxInt32/maxCount),
	}
}

// qualify gives a bare metric name the namespace of the experiment, as Iter8 resolves it.
func qualify(metric, namespace string) string {
	if metric == "" || strings.Contains(metric, "/") || namespace == "" {
		return metric
	}
	return namespace + "/" + metric
}
