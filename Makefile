# Everything a fresh machine with Python 3.11 and make needs. Set-up is remembered by two stamp
# files in the virtual environment, which are out of date when a lock file or pyproject.toml is
# newer; so a second run starts at once.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.ready-to-run
DEV := $(VENV)/.ready-to-test
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# The lock is whole, so nothing is resolved again: an older pip would look past the lock for
# `coverage[toml]`, find a newer coverage than the locked one, and refuse it for want of a hash.
LOCKED := --no-deps --only-binary :all: --require-hashes
COMPILE := UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet pyproject.toml \
	--universal --python-version 3.11 --generate-hashes --no-config

ARGS ?=
N ?= 200
SEEDS ?= 20
HOURS ?= 24

.DEFAULT_GOAL := help
.PHONY: help run test check coverage kill bench simulate lock setup partners

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1 — /p' $(firstword $(MAKEFILE_LIST))

run: $(RUN) ## start a village to look at: make run ARGS="…" goes to `smartcare demo`
	$(BIN)/smartcare demo $(ARGS)

test: partners check ## everything that must hold before a commit: make test ARGS="--cov"
	$(BIN)/python -m pytest $(ARGS)

check: $(DEV) ## ruff, mypy and the import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

kill: $(DEV) partners ## kill -9 the gateway N times and count what was lost
	$(BIN)/python -m tests.kill --n $(N) $(ARGS)

coverage: $(DEV) ## gaps hidden in a county of 27,102 homes: all found, none invented
	$(BIN)/python -m tests.coverage $(ARGS)

bench: $(DEV) partners ## measure this machine
	$(BIN)/python -m bench $(ARGS)

simulate: $(DEV) ## a village with faults, from SEEDS seeds for HOURS simulated hours
	$(BIN)/python -m tests.simulation --seeds $(SEEDS) --hours $(HOURS) $(ARGS)

lock: $(DEV) ## write the lock files anew: make lock ARGS="--upgrade" moves the versions
	$(COMPILE) --group build --output-file requirements.txt $(ARGS)
	$(COMPILE) --group build --group dev --constraint requirements.txt \
		--output-file requirements-dev.txt $(ARGS)

setup: $(DEV) ## only prepare the virtual environment

# pip comes last when an environment is made, so an interrupted one is made again.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else \
		"Python 3.11 or newer is needed; make PYTHON=… chooses one.")'
	$(PYTHON) -m venv $(VENV)

$(RUN): requirements.txt pyproject.toml | $(BIN)/pip
	$(INSTALL) $(LOCKED) -r requirements.txt
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.txt requirements.txt pyproject.toml | $(BIN)/pip
	$(INSTALL) $(LOCKED) -r requirements-dev.txt
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $(RUN) $@

# The broker of the tests is started by the tests themselves, and so are the programs that drive the
# simulated modem; their packages must start nothing. Debian asks policy-rc.d before it starts a
# service: 101 means no.
partners:
	@missing=; for pair in mosquitto:mosquitto smsd:smstools gammu:gammu; do \
		PATH="$$PATH:/usr/sbin" command -v $${pair%%:*} >/dev/null || missing="$$missing $${pair##*:}"; \
	done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
		echo "this user may not install what the tests need: apt-get install$$missing" >&2; \
		exit 0; \
	fi; \
	policy=/usr/sbin/policy-rc.d; \
	if [ ! -e $$policy ]; then \
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT; \
		printf '#!/bin/sh\nexit 101\n' >$$policy && chmod +x $$policy; \
	fi; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
		--no-install-recommends -o DPkg::Lock::Timeout=120 $$missing >/dev/null
