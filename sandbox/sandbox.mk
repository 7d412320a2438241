# The sandbox: a module of its own with a real cluster in it. Included by the Makefile at the root;
# works alone too: make -f sandbox/sandbox.mk bin/perch-sandbox

SANDBOX_KUBERNETES := v1.35.4
SANDBOX_VERSION    := k8s.io/component-base/version
# Without these the API server calls itself v0.0.0-master, which kubectl and Helm cannot parse.
SANDBOX_LDFLAGS    := -X $(SANDBOX_VERSION).gitVersion=$(SANDBOX_KUBERNETES) \
                      -X $(SANDBOX_VERSION).gitMajor=1 -X $(SANDBOX_VERSION).gitMinor=35 \
                      -X $(SANDBOX_VERSION).gitCommit=sandbox
SANDBOX_SOURCES    := $(shell find sandbox -name '*.go' -o -name '*.yaml' -not -path 'sandbox/assets/*')
# With its folders, so that a file that goes away counts as a change.
TUTORIAL_SOURCES   := $(shell find testdata/canary-progressive)
SANDBOX_ASSETS     := sandbox/assets/knative/.copied sandbox/assets/tutorial/.copied

.PHONY: test-sandbox

bin/perch-sandbox: $(SANDBOX_ASSETS) $(SANDBOX_SOURCES) sandbox/go.mod sandbox/go.sum sandbox/sandbox.mk
	cd sandbox && go build -ldflags '-s -w $(SANDBOX_LDFLAGS)' -o ../bin/perch-sandbox .

# Knative's manifests come out of the modules that the sandbox is built with, as they are.
sandbox/assets/knative/.copied: sandbox/go.mod sandbox/sandbox.mk
	rm -rf $(@D) && mkdir -p $(@D)/crds $(@D)/config $(@D)/webhooks
	cd sandbox && go mod download knative.dev/serving knative.dev/networking knative.dev/caching
	set -e; dir() { (cd sandbox && go list -m -f '{{.Dir}}' knative.dev/$$1); }; \
	serving=$$(dir serving) networking=$$(dir networking) caching=$$(dir caching); \
	cp "$$serving"/config/core/300-resources/*.yaml "$$caching"/config/image.yaml $(@D)/crds; \
	for kind in certificate domain-claim ingress serverlessservice; do cp "$$networking/config/$$kind.yaml" $(@D)/crds; done; \
	cp "$$serving"/config/core/configmaps/*.yaml "$$networking"/config/config-network.yaml $(@D)/config; \
	for hook in configmap-validation defaulting resource-validation; do cp "$$serving/config/core/webhooks/$$hook.yaml" $(@D)/webhooks; done; \
	chmod -R u+w $(@D); touch $@

sandbox/assets/tutorial/.copied: $(TUTORIAL_SOURCES) sandbox/sandbox.mk
	rm -rf $(@D) && mkdir -p $(@D)
	cp -R testdata/canary-progressive/. $(@D)/
	touch $@

test-sandbox: $(SANDBOX_ASSETS)
	@race=; if command -v $${CC:-cc} >/dev/null; then race=-race; else echo 'no C compiler: testing the sandbox without -race' >&2; fi; \
	cd sandbox && CGO_ENABLED=$${race:+1} go test $$race -shuffle=on -ldflags '$(SANDBOX_LDFLAGS)' ./...
