# Centralita. `make help` says what there is; `make test` is what must pass.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# every target that `help` lists; none makes a file of its name
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\# .*/\1/p' $(MAKEFILE_LIST))

ARGS ?=
SEEDS ?= 200
WEEKS ?= 10
DAYS ?= 7
FUZZTIME ?= 20s
BENCHTIME ?= 1s
ARCH ?= amd64
BOARD ?= rpi4

VERSION ?= $(shell sed -n 's/^var Version = "\(.*\)"/\1/p' firmware/app/house.go)

CONFIG ?= board/sim/office.yaml
DATA ?= var

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/centralita, one static program
	CGO_ENABLED=0 go build -trimpath -o bin/centralita ./firmware/cmd/centralita

run: build ## build and start the small office on the simulated board; data in ./var (CONFIG=, DATA=)
	@mkdir -p $(DATA)
	bin/centralita run --config $(CONFIG) --data $(DATA)

call: ## ring a line of the running office and print the walk (ARGS="--help" shows the choices; DATA= as for run)
	go run ./testbench/call --socket $(DATA)/sim.sock --wav $(DATA)/call.wav $(ARGS)

test: need check ## everything that must pass: build, check, all tests; artefacts/screens has a picture of each screen
	go test -timeout 12m ./...
	go test ./firmware/panel -count 1 -run PicturesOfEveryScreen -pictures $(CURDIR)/artefacts/screens

race: need ## all tests under the race detector (needs a C compiler; takes a while)
	@command -v gcc >/dev/null || { echo "make race: the race detector needs a C compiler: sudo apt-get install -y gcc libc6-dev" >&2; exit 1; }
	CGO_ENABLED=1 go test -race -timeout 40m ./...

fuzz: ## fuzz every target for FUZZTIME (20s each)
	@grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' board dsp firmware hal testbench tools \
	| sed -E 's|^(.*)/[^/]*:func (.*)$$|\1 \2|' | sort -u \
	| while read -r dir target; do \
		echo "== $$dir $$target"; \
		go test ./$$dir -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) </dev/null; \
	done

sim: ## live random weeks in virtual time and hold the promises against them (SEEDS=200, WEEKS=10, DAYS=7)
	go test ./firmware/exchange -run 'TestRandomDays' -count 1 -timeout 60m -seeds $(SEEDS) -days $(DAYS)
	go test ./firmware/line -run RandomTelephones -count 1 -timeout 10m -telephones 3000000 -v
	go test ./firmware/line -run 'TestRandomLines' -count 1 -timeout 60m -v -events 100000 -lineseeds 20
	go test ./firmware/acd -run Invariants -count 1 -timeout 60m -events 1000000
	go test ./testbench/office -run 'RandomWeek' -count 1 -timeout 120m -seeds $(WEEKS) -days $(DAYS) -calls 120
	go test ./testbench/receiver -count 1 -seeds 50
	go test ./firmware/update/slotkeeper -run PowerCuts -count 1 -timeout 30m -cuts 20000

bench: ## cost of a media tick, of each machine's step, of SIP checks, and start to ready
	go test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./dsp/... ./firmware/media/... \
		./firmware/line ./firmware/call ./firmware/ivr/... ./firmware/acd ./firmware/exchange ./firmware/book \
		./firmware/sipua/... ./firmware/app

bench-dsp: ## what the ears reach: goals, peers (where installed) and ours (ARGS="-quick -only dtmf")
	@go run ./testbench/benchdsp $(ARGS)

bench-lines: ## release, false releases, caller id and crystals over whole offices; into testbench/linesim/RESULTS.md (ARGS="-quick")
	go run ./testbench/benchlines -out testbench/linesim/RESULTS.md $(ARGS)

check: build lint arch ## build, lint and arch: all that needs no test run

lint: ## gofmt, go vet, staticcheck, go mod tidy
	@unformatted=$$(gofmt -l board dsp firmware hal testbench tools); \
	if [ -n "$$unformatted" ]; then echo "make lint: gofmt -w is due for:" $$unformatted >&2; exit 1; fi
	go vet ./...
	go vet -tags rig ./firmware/app ./testbench/qemu/...
	go tool staticcheck ./...
	go mod tidy -diff

arch: ## hold the plan of the house against the code
	go run ./tools/archcheck

prompts: need ## build the language packs from their texts (espeak-ng, sox)
	go run ./tools/prompts $(ARGS)

image: ## build the card of a board, its slot image, parts list and licences: BOARD=rpi4 rpi3 cm4 zero2w qemu (ARGS="-keys DIR")
	go run ./tools/image -board $(BOARD) $(ARGS)

rig-dahdi: ## hold the DAHDI driver against the real modules, in a kernel under QEMU (ARCH=arm64)
	go run ./testbench/qemu/dahdirig -arch $(ARCH) $(ARGS)

rig-board: ## hold lamps, buttons, displays, watchdog and serial line against a real kernel in QEMU
	go run ./testbench/qemu/boardrig -arch $(ARCH) $(ARGS)

deb: ## the Debian packages for amd64, arm64 and armhf into artefacts/deb (DEB=arm64: that one)
	go run ./tools/deb -arch $(or $(DEB),all) -version $(VERSION)

rig-deb: ## lintian, then install, run, upgrade, remove and purge the package in a Debian with systemd (root)
	go run ./testbench/debrig -version $(VERSION)

rig-image: ## start the card in a virtual machine: claim, updates, fall-back, watchdog, power cuts (ARGS="-quick"; most of an hour)
	go run ./testbench/qemu/imagerig $(ARGS)

need: ## install the programs that tests call, or say how
	@.ci/need

clean: ## remove what was built (the data in ./var stays)
	rm -rf bin artefacts
