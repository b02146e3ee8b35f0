# make test is the whole of it: .ci/run and every release call it.

# The race detector watches all Go but SQLite, which was C: there it found
# nothing, and took three quarters of the time. Three packages at a time, for
# two processors, because some wait most of the time for processes they kill;
# with four, the longest of them first, it took no less.
TESTFLAGS ?= -race -gcflags=modernc.org/...=-race=false -count=1 -p 3 -timeout 20m
FUZZTIME  ?= 30s
KILLS     ?= 100
SIZES     ?= 100000,1000000
CUTS      ?= 20000
FAILOVERS ?= 10
SEEDS     ?= 1000
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null)

# Tools have a module file of their own, so that none of them is a dependency.
TOOL = go tool -modfile=.ci/tools.mod

.PHONY: test check tests lint build fmt fuzz measure kill bench growth powercut alone failover sim planted cover clean

test: ## install what is missing, start a PostgreSQL, run all checks and tests
	@.ci/install
	@GOTMPDIR=$${TMPDIR:-/tmp} TMPDIR=$$(.ci/scratch) .ci/postgres $(MAKE) --no-print-directory check

check: lint tests alone
	@echo "passed: go mod tidy, vet, staticcheck and every test ($(TESTFLAGS)), on SQLite and on PostgreSQL"

lint:
	go mod tidy -diff
	go vet ./...
	$(TOOL) staticcheck ./...

tests:
	go test $(TESTFLAGS) $$(go list ./... | grep -v -e '/sim$$' -e '^[^/]*/[^/]*/[^/]*$$')

# The simulation does one thing at a time, and power cuts are many and small:
# without the race detector, which tests has on for a few of the latter. With
# it they took five times as long and found nothing more. So do the rules of
# the house, which read every file of the tree.
alone:
	FLORIN_POWER_CUTS=500 go test -count=1 -timeout 20m -run 'TestPowerCuts' ./store ./core/payment
	go test -count=1 -timeout 20m . ./sim

build: ## a static binary in bin/
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/florin ./cmd/florin

fmt:
	gofmt -w $$(git ls-files '*.go')

fuzz: ## every fuzz target for FUZZTIME
	@FUZZTIME=$(FUZZTIME) .ci/fuzz

measure: ## size, start and memory, as docs/measurements.md has them
	FLORIN_MEASURE=7 go test -count=1 -v -run 'TestMeasure$$' ./cmd/florin

kill: ## kill -9 under load, KILLS times on each engine
	@.ci/install
	FLORIN_KILLS=$(KILLS) .ci/postgres go test -count=1 -v -timeout 120m -run 'TestKill$$' ./cmd/florin

bench: build ## florin beside pgbench, SQL by hand, an empty server and the disk, into docs/measurements.md
	@.ci/install
	.ci/postgres bin/florin bench compare --write docs/measurements.md

growth: build ## what work costs as payments pile up, SQLite at SIZES, into docs/measurements.md
	@.ci/install
	.ci/postgres bin/florin bench growth --sqlite-sizes $(SIZES) --write docs/measurements.md

powercut: ## CUTS power cuts under the store and as many under payments, and the store's tests on the simulated disk
	FLORIN_POWER_CUTS=$(CUTS) go test -count=1 -v -p 1 -timeout 120m -run 'TestPowerCuts' ./store ./core/payment
	FLORIN_POWER_CUTS=1000 go test -count=1 -v -timeout 30m -run 'TestFlushFails|TestWriteFails' ./store
	FLORIN_TEST_DISK=1 .ci/postgres go test -count=1 -skip '$(ONMACHINE)' ./store

# Tests that start processes or look at files: not for a disk in memory.
ONMACHINE = TestPowerCuts|TestKill|TestWriteError|TestFlush|TestLogBounded|TestSecondProcess

failover: ## FAILOVERS times, a PostgreSQL primary killed under load and its standby promoted
	@.ci/install
	FLORIN_FAILOVERS=$(FAILOVERS) go test -count=1 -v -timeout 60m -run 'TestFailover$$' ./cmd/florin

sim: ## SEEDS seeds of the simulation, a thousand steps each
	go run ./cmd/florin sim --seeds $(SEEDS)

planted: ## build florin with each known mistake, and see the simulation find it
	FLORIN_PLANTED=all go test -count=1 -v -timeout 60m -run 'TestPlanted$$' ./sim

cover: ## how much of each function the tests reach, in bin/cover.html
	@.ci/install
	@mkdir -p bin
	.ci/postgres go test -count=1 -timeout 20m -coverpkg=./... -coverprofile=bin/cover.out ./...
	go tool cover -html bin/cover.out -o bin/cover.html
	@go tool cover -func bin/cover.out | tail -n 1

clean:
	rm -rf bin
