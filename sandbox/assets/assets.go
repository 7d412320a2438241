// Package assets holds the files that the sandbox installs: Knative's manifests, Iter8's resource
// definitions and the tutorial's chart and values. Knative's and the tutorial's are copied here by
// copy.sh before the build, and are not in the repository a second time.
package assets

import "embed"

// Files has the folders knative/{crds,config,webhooks}, iter8 and tutorial.
//
//go:embed knative iter8 tutorial
var Files embed.FS
