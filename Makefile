# Everything a developer or CI types. `make help` lists it.
PYTHON ?= python3
PORT ?= 8888
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup run test bench lint format docs lock clean clean-sandbox

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: $(VENV)/.installed ## install the locked Python and npm packages, build the control plane

$(VENV)/.installed: requirements-dev.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

run: setup ## start everything on the embedded AWS: make run PORT=9000
	PROFILE=local $(BIN)/python nysa_server.py --port=$(PORT)

test: setup ## run every test
	$(BIN)/python -m pytest

bench: setup ## measure; prints ratios, never fails
	$(BIN)/python -m tests.bench

lint: setup ## look for faults without running anything
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: setup ## lay out the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## renew the Python locks from setup.cfg
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header --all-extras pyproject.toml -o requirements-dev.lock

clean-sandbox: ## forget what the embedded AWS kept
	rm -rf .nysa

clean: clean-sandbox ## remove everything that was set up or built
	rm -rf $(VENV) .node static/node_modules static/dist .pytest_cache .ruff_cache .hypothesis
