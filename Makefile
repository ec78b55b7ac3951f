# Everything a contributor runs, from a checkout and a Python of 3.11 or newer. `make help` lists it.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.SUFFIXES:

VENV := .venv
BIN := $(VENV)/bin
STEP = @printf '\n== %s\n'

# `ensurepip` is missing where a system splits venv into a package of its own, and such a Python makes no environment.
USABLE := import sys, venv, ensurepip; raise SystemExit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	"$$p" -c '$(USABLE)' >/dev/null 2>&1 && { echo "$$p"; break; }; done)
# A second supported Python, of another version than the environment's.
OTHER_PYTHON ?= $(shell mine=$$($(BIN)/python -c 'import sys; print(sys.version_info[:2])' 2>/dev/null); \
	for p in python3.13 python3.12 python3.11 $$(ls -d "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.*/bin/python3 2>/dev/null | sort -r); do \
	"$$p" -c '$(USABLE)' >/dev/null 2>&1 || continue; \
	[ "$$("$$p" -c 'import sys; print(sys.version_info[:2])')" = "$$mine" ] || { echo "$$p"; break; }; done)

# Locked, hashed, and wheels only: a source distribution would fetch its own build tools unlocked. The lock names
# everything there is to install; left to look for dependencies, pip asks for a newer one than the lock has.
PIP = -m pip --disable-pip-version-check --quiet install
LOCKED = --require-hashes --no-deps --only-binary :all:
# The build backend is in the lock files too.
EDITABLE = --no-deps --no-build-isolation --editable .
RUN := $(VENV)/.installed-run
DEV := $(VENV)/.installed-dev
SECOND := $(VENV)-second
SECOND_DEV := $(SECOND)/.installed-dev
CLIENT := $(VENV)-client
CLIENT_MADE := $(CLIENT)/.installed
# Where CI is set the second Python runs the fast part only: the whole of a check stays under a quarter of an hour.
SECOND_TESTS = $(if $(CI),tests/core tests/actions)

# `makemigrations` warns where it finds no database to compare with; the models and migrations are enough here.
MAKEMIGRATIONS = DJANGO_SETTINGS_MODULE=nightbell.conf.settings \
	$(BIN)/python -W 'ignore:Got an error checking:RuntimeWarning' -m django makemigrations

##@ Try it

.PHONY: help
help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(RUN) ## start a throwaway Nightbell with people, a policy, a mail catcher and a clock to fast-forward
	@$(BIN)/nightbell demo

##@ Work on it

.PHONY: install
install: $(DEV) ## make the environment (every other target does this by itself)

.PHONY: test
test: $(DEV) ## run the tests: make test ARGS='tests/core -k handoff'
	@$(BIN)/pytest $(ARGS)

.PHONY: format
format: $(DEV) ## rewrite the code the way the formatter wants it
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: bench
bench: $(RUN) ## measure this machine and write benchmarks/RESULTS.md
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: drills
drills: $(RUN) ## do the faults of the outside world at whole lengths and write benchmarks/DRILLS.md
	@$(BIN)/python -m benchmarks.drills $(ARGS)

.PHONY: client
client: $(CLIENT_MADE) ## make the environment in which a test makes a client from openapi.json and runs it

.PHONY: hooks
hooks: $(DEV) ## run the quick checks before each commit
	@$(BIN)/pre-commit install

##@ Check it

.PHONY: check
check: lint types layers shape migrations openapi-check coverage second ## everything a change must pass, in the order that fails soonest
	$(STEP) 'All checks passed'

.PHONY: lint
lint: $(DEV) ## formatting and style
	$(STEP) 'ruff format --check'
	@$(BIN)/ruff format --check .
	$(STEP) 'ruff check'
	@$(BIN)/ruff check .

.PHONY: types
types: $(DEV) ## mypy, strict
	$(STEP) 'mypy'
	@$(BIN)/mypy

.PHONY: layers
layers: $(DEV) ## the direction of imports
	$(STEP) 'lint-imports'
	@$(BIN)/lint-imports

.PHONY: shape
shape: $(DEV) ## the rules of the house
	$(STEP) 'shape'
	@$(BIN)/pytest tests/shape

.PHONY: migrations
migrations: $(DEV) ## no model without its migration
	$(STEP) 'migrations'
	@$(MAKEMIGRATIONS) --check --dry-run

.PHONY: openapi-check
openapi-check: $(DEV) ## openapi.json is what the code says
	$(STEP) 'openapi.json'
	@$(BIN)/nightbell openapi >$(VENV)/openapi.json
	@diff -u openapi.json $(VENV)/openapi.json || { echo "openapi.json differs from the code: run 'make openapi'" >&2; exit 1; }

.PHONY: coverage
coverage: $(DEV) $(CLIENT_MADE) ## all tests but those of `shape`, which read the code and run none of it, with branch coverage
	$(STEP) 'tests, with branch coverage'
	@$(BIN)/pytest --cov --cov-report= --durations=10 --ignore=tests/shape
	$(STEP) 'coverage: 95 % of everything'
	@$(BIN)/coverage report --fail-under=95
	$(STEP) 'coverage: 100 % of core and actions'
	@$(BIN)/coverage report --include='src/nightbell/core/*,src/nightbell/actions/*' --fail-under=100

.PHONY: second
second: $(DEV) ## the tests on a second Python, where there is one
	@other="$(OTHER_PYTHON)"; \
	if [ -n "$$other" ]; then $(MAKE) --no-print-directory second-tests OTHER_PYTHON="$$other"; \
	else printf '\n== tests on a second Python: none of another version here, skipped\n'; fi

.PHONY: second-tests
second-tests: $(SECOND_DEV)
	$(STEP) "tests on $$($(SECOND)/bin/python --version)$(if $(CI),: the fast part)"
	@$(SECOND)/bin/pytest $(SECOND_TESTS)

##@ Change what is written down

.PHONY: lock
lock: $(DEV) ## lock the dependencies again: make lock ARGS=--upgrade
	@$(COMPILE) --group dev -o requirements/dev.txt $(ARGS)
	@$(COMPILE) -c requirements/dev.txt -o requirements/run.txt $(ARGS)
	@$(BIN)/uv --quiet pip compile --group client $(LOCKING) -o requirements/client.txt $(ARGS)

# One lock serves every supported Python and platform; it names no index, so that any mirror does.
LOCKING = --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links
COMPILE = $(BIN)/uv --quiet pip compile pyproject.toml --extra embedded --extra demo --group build $(LOCKING)

.PHONY: openapi
openapi: $(DEV) ## write openapi.json from the code
	@$(BIN)/nightbell openapi >openapi.json

.PHONY: migration
migration: $(DEV) ## write a migration for what changed in the models
	@$(MAKEMIGRATIONS) nightbell $(ARGS)
	@$(BIN)/ruff format src/nightbell/data/migrations

.PHONY: clean
clean: ## remove what the other targets made
	rm -rf $(VENV) $(SECOND) $(CLIENT) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage

$(BIN)/python:
	@test -n "$(PYTHON)" || { \
		echo "No usable Python: Nightbell needs 3.11 or newer with its venv module" >&2; \
		echo "(on Debian and Ubuntu: apt-get install python3-venv), or name one: make PYTHON=/path/to/python3" >&2; \
		exit 1; }
	@"$(PYTHON)" -c '$(USABLE)' || { \
		echo "$(PYTHON) is not usable: it must be 3.11 or newer, with venv and ensurepip" >&2; exit 1; }
	@echo "Making $(VENV) with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUN): requirements/run.txt | $(BIN)/python
	@echo 'Installing what running needs (once)'
	@$(BIN)/python $(PIP) $(LOCKED) -r requirements/run.txt
	@$(BIN)/python $(PIP) $(EDITABLE)
	@touch $@

$(DEV): requirements/dev.txt | $(BIN)/python
	@echo 'Installing what development needs (once)'
	@$(BIN)/python $(PIP) $(LOCKED) -r requirements/dev.txt
	@$(BIN)/python $(PIP) $(EDITABLE)
	@touch $(RUN) $@

$(CLIENT_MADE): requirements/client.txt | $(BIN)/python
	@echo "Making $(CLIENT), for a client made from the reference"
	@"$(PYTHON)" -m venv --clear $(CLIENT)
	@$(CLIENT)/bin/python $(PIP) $(LOCKED) -r $<
	@touch $@

$(SECOND_DEV): requirements/dev.txt
	@echo "Making $(SECOND) with $$("$(OTHER_PYTHON)" --version)"
	@"$(OTHER_PYTHON)" -m venv --clear $(SECOND)
	@$(SECOND)/bin/python $(PIP) $(LOCKED) -r requirements/dev.txt
	@$(SECOND)/bin/python $(PIP) $(EDITABLE)
	@touch $@
