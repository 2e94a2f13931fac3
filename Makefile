# Everything a developer or an operator runs, from a fresh clone. `make help` lists it.
#
# Needs Python 3.11 or newer with venv, make and git. The first target that needs packages sets up .venv from the
# lock (some 6 GB, most of it PyTorch's CUDA libraries); later ones find it there.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PLANSPOT_HOST ?= 127.0.0.1
PLANSPOT_PORT ?= 8000
TRAIN ?=
RUN ?= runs/weights
TESTS ?=

.PHONY: help setup demo run test lint types check format weights docker lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## install the locked packages into .venv (once)

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Planspot needs Python 3.11 or newer; name one with make PYTHON=/path/to/python" >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); echo "python's venv module is incomplete; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "installing the locked packages into $(VENV); the first time takes some minutes and 6 GB"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## start a server, find the sample drawing's symbols, check the counts, write out/demo.png
	@$(BIN)/python -m benchmarks.demo

run: $(READY) ## serve on 127.0.0.1:8000 (PLANSPOT_HOST, PLANSPOT_PORT)
	@$(BIN)/planspot serve --host $(PLANSPOT_HOST) --port $(PLANSPOT_PORT)

test: $(READY) ## run the tests (TESTS="path or options"), name what was left out
	@$(BIN)/python -m pytest $(TESTS)

lint: $(READY) ## ruff
	@$(BIN)/ruff check .

types: $(READY) ## mypy --strict
	@$(BIN)/mypy

check: lint types test ## all three

format: $(READY) ## sort imports and apply ruff's safe fixes
	@$(BIN)/ruff check --fix .

weights: $(READY) ## train, calibrate, export model_weights/ (TRAIN="further options"); hours on a CPU
	@$(BIN)/python -m training train --out $(RUN)/train $(TRAIN)
	@$(BIN)/python -m training jury --weights $(RUN)/train/weights --out $(RUN)/jury $(TRAIN)
	@$(BIN)/python -m training calibrate --weights $(RUN)/jury/weights --out model_weights
	@$(BIN)/python -m training export --weights model_weights

docker: ## build the image planspot:latest
	@docker build --tag planspot:latest .

lock: ## pin what pyproject.toml asks for, keeping present pins (LOCK="--upgrade" renews them)
	@test -x .cache/lock/bin/uv || { $(PYTHON) -m venv .cache/lock && .cache/lock/bin/pip install --quiet uv; }
	@.cache/lock/bin/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-emit-index-url \
	  --custom-compile-command "make lock" $(LOCK) pyproject.toml --all-extras --output-file requirements-dev.lock
	@.cache/lock/bin/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-emit-index-url \
	  --custom-compile-command "make lock" --constraint requirements-dev.lock pyproject.toml --output-file requirements.lock

clean: ## remove what was made, keep .venv
	@rm -rf out build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
