#!/bin/sh
# Copies what the sandbox embeds and the repository does not hold twice: Knative's manifests out of
# its modules, and the tutorial's files out of testdata. Run from the root of the repository.
set -eu
to=sandbox/assets
rm -rf $to/knative $to/tutorial
mkdir -p $to/knative/crds $to/knative/config $to/knative/webhooks
dir() { (cd sandbox && go mod download "$1" && go list -m -f '{{.Dir}}' "$1"); }
serving=$(dir knative.dev/serving)/config/core
networking=$(dir knative.dev/networking)/config
caching=$(dir knative.dev/caching)/config

cp "$serving"/300-resources/*.yaml "$caching"/image.yaml $to/knative/crds
for crd in certificate domain-claim ingress serverlessservice; do
	cp "$networking/$crd.yaml" $to/knative/crds
done
for config in autoscaler certmanager defaults deployment domain features gc leader-election logging observability; do
	cp "$serving/configmaps/$config.yaml" $to/knative/config
done
cp "$networking"/config-network.yaml $to/knative/config/network.yaml
for hook in configmap-validation defaulting resource-validation; do
	cp "$serving/webhooks/$hook.yaml" $to/knative/webhooks
done
cp -R testdata/canary-progressive $to/tutorial
chmod -R u+w $to/knative $to/tutorial
