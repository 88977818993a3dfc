# make build       bin/cogpass: one static binary
# make test        all tests in a minute, with the race detector on our own packages where there is a C compiler
# make test-long   all tests, with as many cases as minutes allow: 10,000 simulated worlds; SEEDS=N for another number
# make screenshots the pictures of the HTML report in docs; needs Chromium
# make cover       how many statements of jobs, runner and report their tests run: 90% or more
# make test-race   all tests with the race detector in SQLite too, and some scripts with it in the program
# make check       format, vet, staticcheck, go.mod, generated files, imports, builds for every system
# make vuln        what is linked against the database of known vulnerabilities, where that can be reached
# make test-peers  the program against servers and clients that others wrote; needs node and npm
# make bench       the benchmarks, into docs/benchmarks.md
# make fuzz        each fuzz test for FUZZTIME (10s)
# make clean       removes bin and .cache

GO            ?= go
STATICCHECK   := honnef.co/go/tools/cmd/staticcheck@v0.8.2
VULNCHECK     := golang.org/x/vuln/cmd/govulncheck@v1.9.0
COGNITO_LOCAL := cognito-local@5.3.0
AXE           := axe-core@4.14.1
FUZZTIME      ?= 10s
SEEDS         ?= 10000
PLATFORMS     := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

BUILD := CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w'
# SQLite is C in Go's clothes: the detector makes it three times as slow, and finds nothing in it.
RACE  := $(shell command -v $$($(GO) env CC) >/dev/null 2>&1 && echo -race -gcflags=modernc.org/...=-race=false)
PEERS := $(CURDIR)/.cache/peers
RULES := $(PEERS)/$(AXE)/node_modules/axe-core/axe.min.js
SERVER := $(PEERS)/$(COGNITO_LOCAL)/node_modules/cognito-local/lib/bin/start.js

# Many tests wait for an answer, or for a process: more of them go on at a time than there are processors.
TEST := $(GO) test -parallel 16 -timeout 30m
# Else a process under the detector waits a second before it ends.
export GORACE = atexit_sleep_ms=0

.PHONY: build test cover test-long test-race check vuln bench test-peers test-spreadsheet screenshots fuzz clean

build:
	$(BUILD) -o bin/cogpass ./cmd/cogpass

test:
	@$(if $(RACE),,echo 'no C compiler: testing without the race detector')
	$(if $(RACE),CGO_ENABLED=1) $(TEST) $(RACE) ./...

# Without Chromium or npm, what they would look at is skipped.
test-long:
	@[ -e '$(RULES)' ] || ! command -v npm >/dev/null || $(MAKE) -s '$(RULES)' || echo 'SKIPPED: axe-core could not be fetched'
	COGPASS_LONG=1 COGPASS_AXE="$$(ls '$(RULES)' 2>/dev/null)" $(TEST) -count=1 -shuffle=on ./...
	$(GO) test -count=1 -timeout 2h -run '^TestSimulation' ./runner -seeds=$(SEEDS)

test-race:
	CGO_ENABLED=1 COGPASS_LONG=1 $(TEST) -race -count=1 -shuffle=on ./...
	CGO_ENABLED=1 $(GO) build -race -ldflags "-X 'cogpass/runner/runfile.fixedPlace=$(CURDIR)/.cache/race/place'" -o .cache/race/ ./cmd/cogpass
	CGO_ENABLED=1 COGPASS_PROGRAM='$(CURDIR)/.cache/race/cogpass' $(GO) test -race -parallel 2 -count=1 \
		-run '^TestScripts$$/^(bulk|faults|wire|damage)$$' ./cmd/cogpass

cover:
	@mkdir -p .cache && $(TEST) -coverprofile=.cache/cover -coverpkg=./jobs/...,./runner/...,./report/... ./jobs/... ./runner/... ./report/... >.cache/cover.log \
		|| { cat .cache/cover.log; exit 1; }; $(GO) tool cover -func=.cache/cover | awk 'END {print; exit $$NF + 0 < 90}'

check:
	@unformatted=$$(gofmt -l cmd jobs runner report examples); \
		if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) mod tidy -diff
	@mkdir -p .cache && git diff >.cache/before
	$(GO) generate ./...
	@git diff | cmp -s - .cache/before || { echo 'go generate changes files: commit what it makes'; exit 1; }
	$(GO) test -count=1 -run '^TestImports$$' ./cmd/cogpass
	@$(MAKE) --no-print-directory vuln
	@for platform in $(PLATFORMS); do echo "building for $$platform"; \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} $(BUILD) -o .cache/built ./cmd/cogpass || exit 1; done

# 3 is its exit code for what it has found; any other is of the network.
vuln:
	@mkdir -p .cache && GOBIN='$(CURDIR)/.cache' $(GO) install $(VULNCHECK) && .cache/govulncheck ./... >.cache/vuln.log 2>&1; \
		case $$? in 0) ;; 3) cat .cache/vuln.log; exit 1;; *) echo 'SKIPPED: the database of vulnerabilities cannot be reached';; esac

bench:
	$(GO) run ./cmd/bench

$(RULES):
	npm install --prefix '$(PEERS)/$(AXE)' --no-audit --no-fund --ignore-scripts $(AXE)

screenshots:
	COGPASS_LONG=1 $(GO) test -count=1 -run '^TestScreenshots$$' ./report -shots '$(CURDIR)/docs'

$(SERVER):
	npm install --prefix '$(PEERS)/$(COGNITO_LOCAL)' --no-audit --no-fund --ignore-scripts $(COGNITO_LOCAL)

# The comparison with the AWS CLI wants the version whose behaviour is pinned, 2.9.
test-peers: build $(SERVER)
	COGPASS_PROGRAM='$(CURDIR)/bin/cogpass' COGPASS_COGNITO_LOCAL='$(SERVER)' \
		$(GO) test -count=1 -run '^TestCognitoLocal$$' -v ./cmd/cogpass/peers
	@for aws in $$(which -a aws 2>/dev/null) /usr/bin/aws; do \
		case $$("$$aws" --version 2>/dev/null) in aws-cli/2.9.*) \
			COGPASS_AWS="$$aws" exec $(GO) test -count=1 -timeout 30m -run TestLive -v ./cmd/cogpass/awscli;; \
		esac; done; echo 'SKIPPED: no AWS CLI 2.9 here to compare with'

# Imports generated passwords into LibreOffice, which takes some of what it reads for
# numbers and dates, to see that it changes none.
test-spreadsheet:
	$(GO) test -count=1 -run LibreOffice ./jobs -soffice soffice

fuzz:
	@for package in $$($(GO) list ./...); do \
		for name in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$name"; \
			$(GO) test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) $$package || exit 1; done; done

clean:
	rm -rf bin .cache
