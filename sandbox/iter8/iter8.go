// Package iter8 defines the kinds of Iter8 v2alpha2, Experiment and Metric, with their fields,
// checks and columns. Nothing here acts on an experiment.
package iter8

import (
	_ "embed"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

//go:embed experiment.yaml
var experiment []byte

//go:embed metric.yaml
var metric []byte

// Definitions are the custom resource definitions of Experiment and Metric.
func Definitions() ([]*unstructured.Unstructured, error) {
	var definitions []*unstructured.Unstructured
	for _, source := range [][]byte{experiment, metric} {
		definition := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(source, &definition.Object); err != nil {
			return nil, fmt.Errorf("definition of an Iter8 kind: %w", err)
		}
		definitions = append(definitions, definition)
	}
	return definitions, nil
}
