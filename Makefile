# Perch. "make help" lists what there is to make.

# The race detector needs a C compiler: where there is none, say so and do without.
RACE := $(if $(shell command -v $$(go env CC) 2>/dev/null),-race)
ifeq ($(RACE),)
$(warning no C compiler: the tests run WITHOUT the race detector)
endif
LINT_VERSION := $(shell sed -n '1s/.*golangci-lint \(v[0-9.]*\).*/\1/p' .golangci.yml)
LINT := bin/golangci-lint-$(LINT_VERSION)
TAG ?= green
FUZZTIME ?= 20s
DEMO := testdata/canary-progressive/experiment.yaml

.DEFAULT_GOAL := help
.PHONY: help build demo test test-unit test-e2e faults lint fmt golden bench bench-judge fuzz cross ci FORCE

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

build: bin/perch bin/perch-sandbox ## build the console and the sandbox into bin/

bin/perch: FORCE
	go build -o $@ .

include sandbox/sandbox.mk

demo: build ## watch a real canary release; TAG=green-errors for a bad candidate
	bin/perch-sandbox up --tutorial=$(TAG) -- bin/perch run $(DEMO)

test: test-unit test-sandbox test-e2e ## run every test

test-unit:
	go test $(RACE) -shuffle=on ./...

test-e2e: bin/perch-sandbox
	go test $(RACE) -shuffle=on -tags e2e -count=1 -parallel 2 -timeout 20m -run '^TestE2E' ./cli

faults: bin/perch-sandbox ## kill runs, and break everything around them; 25 minutes, and a table
	go test $(RACE) -tags e2e,faults -c -o bin/faults.test ./cli
	cd cli && ../bin/faults.test -test.run '^TestFaults$$' -test.parallel 2 -test.timeout 60m

golden: ## write the golden files of the screen anew
	go test ./tui -update

bench: ## time a frame, an iteration's judging, and more
	go test -run '^$$' -bench . -benchmem ./experiment/... ./runner ./tui

# A seed that nobody has tuned for; the report says which it was.
bench-judge: SEED ?= $(shell date +%s)
bench-judge: ## compare the judge with other rules, on 10,000 random services
	go run . simulate --suite --services 10000 --seed $(SEED)

fuzz: ## feed every parser with anything for FUZZTIME each
	@go test -list '^Fuzz' ./... | awk '/^Fuzz/ {f[++n] = $$1; next} /^ok/ {for (i = 1; i <= n; i++) print $$2, f[i]; n = 0}' | \
	while read pkg name; do echo "$$pkg $$name"; go test $$pkg -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) || exit 1; done

lint: $(LINT) $(SANDBOX_ASSETS) ## check the style of both modules
	$(LINT) run ./...
	cd sandbox && ../$(LINT) run --config ../.golangci.yml ./...

fmt: $(LINT) ## format both modules
	$(LINT) fmt ./...
	cd sandbox && ../$(LINT) fmt --config ../.golangci.yml ./...

$(LINT):
	GOBIN=$(CURDIR)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	mv bin/golangci-lint $@

cross: ## compile the console for linux, darwin and windows
	for os in linux darwin windows; do echo $$os; GOOS=$$os CGO_ENABLED=0 go build -o /dev/null . || exit 1; done

ci: lint test cross ## what CI runs

FORCE:
