// Package assets holds the manifests that the sandbox installs or serves. It contains no file of
// its own: `make bin/perch-sandbox` copies Knative's manifests out of the modules that go.mod names,
// and the tutorial's out of testdata/canary-progressive at the root of the repository.
package assets

import "embed"

// Knative is Knative Serving as its modules ship it: the folders crds, config and webhooks.
//
//go:embed knative
var Knative embed.FS

// Tutorial is the progressive canary tutorial: chart, values, load, experiment and role.
//
//go:embed tutorial
var Tutorial embed.FS
