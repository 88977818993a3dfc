# make build       bin/cogpass: one static binary
# make test        all tests in a minute, with the race detector on our own packages where there is a C compiler
# make test-long   all tests, with as many cases as minutes allow: 10,000 simulated worlds; SEEDS=N for another number
# make screenshots the pictures of the HTML report in docs; needs Chromium
# make cover       how many statements of jobs, runner and report their tests run: 90% or more
# make test-race   with the race detector in SQLite too, and in the program for some scripts
# make check       format, vet, staticcheck, go.mod, generated files, imports
# make vuln        what is linked against the database of known vulnerabilities, where that can be reached
# make test-peers  the program against servers and clients that others wrote; needs node and npm
# make test-temporal-env  cogpass-temporal, a module of its own: built, vetted and tested without a Temporal server
# make release     dist: archives, packages, bills of materials and checksums for every system; publishes nothing
# make test-release  the same twice, the second time elsewhere and from nothing: the bytes are to be the same
# make image       a container image, with docker: see Dockerfile
# make install     the program, its man pages and completions below PREFIX (/usr/local), DESTDIR before it
# make bench       the benchmarks, into docs/benchmarks.md
# make soak        SOAK=200000 tasks of all actions with faults of all kinds and a kill a minute; takes most of an hour
# make fuzz        each fuzz test for FUZZTIME (10s)
# make clean       removes bin, dist and .cache

GO            ?= go
STATICCHECK   := honnef.co/go/tools/cmd/staticcheck@v0.8.2
VULNCHECK     := golang.org/x/vuln/cmd/govulncheck@v1.9.0
GORELEASER    := goreleaser/v2@v2.15.1
COGNITO_LOCAL := cognito-local@5.3.0
AXE           := axe-core@4.14.1
FUZZTIME      ?= 10s
SEEDS         ?= 10000
SOAK          ?= 200000

# What a release says of itself: the tag's version, where the commit has a tag; the commit; and its time, which all
# files get.
VERSION        ?= $(shell git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null | sed 's/^v//' | grep . \
	|| sed -n 's/^\tversion *= "\(.*\)"/\1/p' cmd/cogpass/version.go)
COMMIT         ?= $(shell git rev-parse HEAD)$(shell [ -z "$$(git status --porcelain)" ] || echo +changes)
COMMIT_SECONDS ?= $(shell git log -1 --format=%ct)
COMMIT_TIME    ?= $(shell TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd)
PREFIX         ?= /usr/local
STAGE          := .cache/release/share
AGAIN          := $(CURDIR)/.cache/again
RELEASER       := $(CURDIR)/.cache/$(GORELEASER)/goreleaser

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

.PHONY: build test cover test-long test-race test-temporal-env check vuln pages release test-release image install uninstall bench test-peers test-spreadsheet screenshots soak fuzz clean

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

# The tests of cmd/cogpass start the program, which the last command is about.
test-race:
	CGO_ENABLED=1 $(TEST) -race -count=1 -shuffle=on ./jobs/... ./runner/... ./report/... ./cmd/bulk
	CGO_ENABLED=1 $(GO) build -race -ldflags "-X 'cogpass/runner/runfile.fixedPlace=$(CURDIR)/.cache/race/place'" -o .cache/race/ ./cmd/cogpass
	CGO_ENABLED=1 COGPASS_PROGRAM='$(CURDIR)/.cache/race/cogpass' $(GO) test -race -parallel 2 -count=1 \
		-run '^TestScripts$$/^(bulk|faults|wire|damage)$$' ./cmd/cogpass

# Without cgo, as the program is built, and so that nothing is compiled twice.
test-temporal-env: export CGO_ENABLED = 0
test-temporal-env:
	cd cmd/cogpass-temporal && $(GO) vet ./... && $(GO) run $(STATICCHECK) ./... && $(GO) mod tidy -diff && \
		$(GO) build -o '$(CURDIR)/.cache/cogpass-temporal' . && $(TEST) ./...

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

# What archives and packages have beside the program, in $(STAGE).
pages:
	rm -rf $(STAGE) && mkdir -p $(STAGE)/completions
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.commitTime=$(COMMIT_TIME)' \
		-o .cache/release/ ./cmd/cogpass
	.cache/release/cogpass man $(STAGE)/man
	.cache/release/cogpass completion bash >$(STAGE)/completions/cogpass.bash
	.cache/release/cogpass completion fish >$(STAGE)/completions/cogpass.fish
	.cache/release/cogpass completion zsh >$(STAGE)/completions/_cogpass
	.cache/release/cogpass completion powershell >$(STAGE)/completions/cogpass.ps1
	CGO_ENABLED=0 $(GO) build -o .cache/release/ ./cmd/release
	.cache/release/release licenses $(STAGE)/licenses
	cp -R LICENSE README.md CHANGELOG.md docs examples $(STAGE)/ && rm -rf $(STAGE)/examples/out
	find $(STAGE) -type f \( -name '*_test.go' -o -name '*.png' \) -exec rm {} +
	find $(STAGE) -type f -perm -u+x -exec chmod 755 {} + -o -type f -exec chmod 644 {} + -o -exec chmod 755 {} +
	rm -rf .cache/release/gz && mkdir -p .cache/release/gz
	for page in $(STAGE)/man/*.1; do gzip -9nc $$page >.cache/release/gz/$${page##*/}.gz || exit 1; done

$(RELEASER):
	GOBIN='$(@D)' $(GO) install github.com/goreleaser/$(GORELEASER)

# The container image, for this machine.
image:
	docker build --build-arg VERSION='$(VERSION)' --build-arg COMMIT='$(COMMIT)' --build-arg COMMIT_TIME='$(COMMIT_TIME)' \
		-t 'cogpass:$(VERSION)' -t cogpass:latest .

# To goreleaser all is a snapshot, a tag's commit too: what git says is read above, and publishing is the workflow's.
release: $(RELEASER)
	VERSION='$(VERSION)' COMMIT='$(COMMIT)' COMMIT_TIME='$(COMMIT_TIME)' COMMIT_SECONDS='$(COMMIT_SECONDS)' \
		GOCACHE="$$($(GO) env GOCACHE)" GOMODCACHE="$$($(GO) env GOMODCACHE)" \
		'$(RELEASER)' release --snapshot --clean

# The second time is of the commit alone, for one system, in another folder and with an empty build cache.
test-release: release
	rm -rf '$(AGAIN)' && mkdir -p '$(AGAIN)'
	git archive HEAD | tar -xf - -C '$(AGAIN)'
	sed 's/goos: \[.*/goos: [linux]/;s/goarch: \[.*/goarch: [amd64]/' .goreleaser.yaml >'$(AGAIN)/.goreleaser.yaml'
	GOCACHE='$(AGAIN)/.cache/go' $(MAKE) -C '$(AGAIN)' release RELEASER='$(RELEASER)' \
		VERSION='$(VERSION)' COMMIT='$(COMMIT)' COMMIT_TIME='$(COMMIT_TIME)' COMMIT_SECONDS='$(COMMIT_SECONDS)'
	@! grep -vxFf dist/SHA256SUMS '$(AGAIN)/dist/SHA256SUMS' || { echo 'these are not the same bytes the second time'; exit 1; }
	@echo "$$(grep -c . '$(AGAIN)/dist/SHA256SUMS') files are the same bytes the second time"; rm -rf '$(AGAIN)'

install: build pages
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/man/man1' '$(DESTDIR)$(PREFIX)/share/bash-completion/completions' \
		'$(DESTDIR)$(PREFIX)/share/zsh/site-functions' '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d'
	install -m 755 bin/cogpass '$(DESTDIR)$(PREFIX)/bin/cogpass'
	install -m 644 $(STAGE)/man/*.1 '$(DESTDIR)$(PREFIX)/share/man/man1/'
	install -m 644 $(STAGE)/completions/cogpass.bash '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/cogpass'
	install -m 644 $(STAGE)/completions/_cogpass '$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_cogpass'
	install -m 644 $(STAGE)/completions/cogpass.fish '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/cogpass.fish'

uninstall:
	rm -f '$(DESTDIR)$(PREFIX)/bin/cogpass' '$(DESTDIR)$(PREFIX)'/share/man/man1/cogpass.1 '$(DESTDIR)$(PREFIX)'/share/man/man1/cogpass-*.1 \
		'$(DESTDIR)$(PREFIX)/share/bash-completion/completions/cogpass' '$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_cogpass' \
		'$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/cogpass.fish'

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

soak:
	$(GO) test -count=1 -timeout 4h -v -run '^TestSoak$$' ./cmd/cogpass -soak=$(SOAK)

fuzz:
	@for package in $$($(GO) list ./...); do \
		for name in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$name"; \
			$(GO) test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) $$package || exit 1; done; done

clean:
	rm -rf bin dist .cache
