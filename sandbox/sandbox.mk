# The sandbox is a module of its own; these rules work from the root of the repository.

KUBE_VERSION := $(shell sed -n 's/^\tk8s.io\/kubernetes \(v[0-9.]*\)$$/\1/p' sandbox/go.mod)
KUBE_MINOR := $(word 2,$(subst ., ,$(KUBE_VERSION)))
X := -X k8s.io/component-base/version
# kubectl and Helm parse the version that the API server tells; without these it tells none.
SANDBOX_LDFLAGS := $(X).gitVersion=$(KUBE_VERSION) $(X).gitMajor=1 $(X).gitMinor=$(KUBE_MINOR) $(X).gitCommit=sandbox
TUTORIAL := $(shell find testdata/canary-progressive -type f)

.PHONY: sandbox-assets test-sandbox

sandbox-assets: sandbox/assets/stamp

sandbox/assets/stamp: sandbox/go.mod sandbox/assets/copy.sh $(TUTORIAL)
	sh sandbox/assets/copy.sh
	touch $@

bin/perch-sandbox: sandbox-assets FORCE
	cd sandbox && go build -ldflags "$(SANDBOX_LDFLAGS)" -o ../bin/perch-sandbox .

test-sandbox: sandbox-assets
	cd sandbox && go test $(RACE) -shuffle=on -timeout 20m -ldflags "$(SANDBOX_LDFLAGS)" ./...
