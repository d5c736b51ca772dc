# Everything a developer or CI types. `make help` lists it.
PYTHON ?= python3
PORT ?= 8888
DOCUMENTS ?= 30000
MUTANTS ?= *
VENV := .venv
# Supported beside 3.11, on which the whole suite runs.
PYTHONS := 3.12 3.13 3.14
BIN := $(VENV)/bin
# Another team's emulator of AWS, and the program that makes the locks: separate from the product's packages.
OTHER_AWS := .venv-other-aws
RELEASING := .venv-release
RELEASE := release
LOCKING := .venv-lock
INSTALL := pip install --quiet --disable-pip-version-check
COMPILE := $(LOCKING)/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header

# The machine's Node if its version suffices (Vite 8 needs 20.19, or 22.12 and later), else the wheel's in $(BIN).
NODE_SERVES := const [major, minor] = process.versions.node.split(".").map(Number); \
	process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1)
IN_STATIC := { command -v npm && node -e '$(NODE_SERVES)'; } >/dev/null 2>&1 || export PATH="$(CURDIR)/$(BIN):$$PATH"; cd static
BROWSER_SOURCES := $(shell find static/src -type f) static/vite.config.ts static/tsconfig.json

.DEFAULT_GOAL := help
SEEDS ?= 1000
# Processes that run tests: make test WORKERS=4
WORKERS ?= 2
.PHONY: help setup run test test-pythons test-other-aws simulate fuzz kills mutants screenshots bench lint format docs release lock lock-images clean clean-sandbox

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

setup: $(VENV)/.installed static/dist/manifest.json ## install the locked packages, build the control plane

$(VENV)/.installed: requirements-dev.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/$(INSTALL) --require-hashes -r requirements-dev.lock
	touch $@

static/node_modules/.installed: static/package.json static/package-lock.json | $(VENV)/.installed
	@$(IN_STATIC) && npm ci --silent
	touch $@

static/dist/manifest.json: static/node_modules/.installed $(BROWSER_SOURCES)
	@$(IN_STATIC) && npm run --silent build -- --logLevel warn
	touch $@

run: setup ## start everything on the embedded AWS: make run PORT=9000
	PROFILE=local $(BIN)/python nysa_server.py --port=$(PORT)

# Without bytecode each worker and each simulation compiles every module again.
test: export PYTHONDONTWRITEBYTECODE :=
test: setup ## run every test: make test WORKERS=4
	$(BIN)/python -m tests.chromium
	@$(IN_STATIC) && npm test --silent
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations=30 --durations-min=0.5

test-pythons: setup ## run the unit tests on every other supported Python of the machine
	@for version in $(PYTHONS); do \
		python$$version -c "import ensurepip" 2>/dev/null || { echo "Python $$version is not installed."; continue; }; \
		test -x .venv-$$version/bin/pytest || { python$$version -m venv .venv-$$version && \
			.venv-$$version/bin/$(INSTALL) --require-hashes -r requirements-dev.lock; } || exit 1; \
		.venv-$$version/bin/python -m pytest -n 2 --dist loadfile -q tests/unit || exit 1; \
	done

test-other-aws: setup $(OTHER_AWS)/.installed ## walk the product end to end on another team's emulator of AWS
	$(BIN)/python -m pytest --override-ini=timeout=600 tests/other_aws/walk.py

$(OTHER_AWS)/.installed: requirements-other-aws.lock
	test -x $(OTHER_AWS)/bin/python || $(PYTHON) -m venv $(OTHER_AWS)
	$(OTHER_AWS)/bin/$(INSTALL) --require-hashes -r requirements-other-aws.lock
	touch $@

simulate: setup ## simulate replicas, clients and failures: make simulate SEEDS=10000
	$(BIN)/python -m tests.simulation --seeds 0:$(SEEDS)

fuzz: setup ## try generated stackfiles: make fuzz DOCUMENTS=30000
	$(BIN)/python -m pytest -n 2 tests/unit/stack/stackfile/test_fuzz.py --documents=$(DOCUMENTS)

kills: setup ## kill a scheduler at every changing call of a whole site's passes
	$(BIN)/python -m pytest -n 2 tests/integration/test_site_kills.py --every-kill

mutants: setup ## mutation testing of the pure core: make mutants MUTANTS='stack.state.diff.*'
	test -x .mutants/bin/mutmut || { $(PYTHON) -m venv .mutants && .mutants/bin/pip install --quiet mutmut==3.8.1; }
	echo "$(CURDIR)/$(VENV)/lib/python$$(.mutants/bin/python -c 'import sys; print(*sys.version_info[:2], sep=".")')/site-packages" \
		> "$$(.mutants/bin/python -c 'import site; print(site.getsitepackages()[0])')/project.pth"
	nice -n 19 .mutants/bin/mutmut run --max-children 1 "$(MUTANTS)"
	.mutants/bin/mutmut results

screenshots: setup ## renew the pictures of all screens and of the README: make screenshots RECORD=1 from a new recording
	$(BIN)/python -m tests.chromium
	$(BIN)/python -m tests.screenshots $(if $(RECORD),--record)

bench: setup ## measure; prints ratios, never fails
	$(BIN)/python -m tests.bench

lint: setup ## check the code without running it
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@$(IN_STATIC) && (cd .. && $(BIN)/python -m docs.wire) | npm run --silent wire -- --check
	@$(IN_STATIC) && npm run --silent lint

format: setup ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	@$(IN_STATIC) && npm run --silent format

docs: setup ## generate parts of docs/, and the page's types of the API
	$(BIN)/python -m docs.generate
	@$(IN_STATIC) && (cd .. && $(BIN)/python -m docs.wire) | npm run --silent wire

release: setup $(RELEASING)/.installed ## build the release of this commit: archive, SBOMs, provenance, digests
	rm -rf $(RELEASE) && mkdir $(RELEASE)
	$(RELEASING)/bin/cyclonedx-py requirements requirements.lock --output-reproducible --spec-version 1.6 \
		--output-file $(RELEASE)/nysa-server.cdx.json
	@$(IN_STATIC) && npm sbom --sbom-format cyclonedx --omit dev --package-lock-only > ../$(RELEASE)/nysa-control-plane.cdx.json
	$(BIN)/python -m docs.release $(RELEASE)

$(RELEASING)/.installed: requirements-release.lock
	test -x $(RELEASING)/bin/python || $(PYTHON) -m venv $(RELEASING)
	$(RELEASING)/bin/$(INSTALL) --require-hashes -r requirements-release.lock
	touch $@

lock: $(LOCKING)/bin/uv ## renew the Python locks from setup.cfg and requirements-*.in
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) --all-extras pyproject.toml -o requirements-dev.lock
	$(COMPILE) requirements-other-aws.in -o requirements-other-aws.lock
	$(COMPILE) requirements-release.in -o requirements-release.lock

lock-images: setup ## pin the base images of the Dockerfile to what the registry has now
	$(BIN)/python -m docs.base_images

$(LOCKING)/bin/uv:
	$(PYTHON) -m venv $(LOCKING)
	$(LOCKING)/bin/$(INSTALL) uv

clean-sandbox: ## delete the state of the embedded AWS
	rm -rf .nysa

clean: clean-sandbox ## remove everything that was set up or built
	rm -rf $(VENV) $(PYTHONS:%=.venv-%) $(OTHER_AWS) $(RELEASING) $(RELEASE) $(LOCKING) .node .browser* tests/browser/chromium/node_modules static/node_modules static/dist .pytest_cache .ruff_cache .hypothesis .mutants mutants
