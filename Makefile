SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DBT_PROFILES_DIR ?= $(CURDIR)

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint torture benchmark lock stop clean

help:  ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: .venv/.installed profiles.yml  ## make .venv with the pinned dependencies, and profiles.yml

.venv/.installed: requirements.txt requirements-dev.txt $(shell find adapter -name '*.py' -o -name '*.toml' | grep -v build/)
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "$$($(PYTHON) --version) does not fit: name a Python 3.10 to 3.13, as in make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the pinned dependencies into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall ./adapter
	@rm -rf adapter/build adapter/*.egg-info
	@touch $@

profiles.yml:
	@cp profiles.yml.example $@

demo: setup  ## sample site, the three jobs on it, reconciliation; nothing but Python needed
	@$(BIN)/python scripts/connect_source.py --sample
	@$(BIN)/python scripts/backfill.py --job brand_visibility
	@$(BIN)/python scripts/backfill.py --all
	@$(BIN)/python scripts/backfill.py --job source_events

torture: setup  ## kill runs at random moments; KILLS=100 SEED=7
	@PYTHONPATH=scripts $(BIN)/python tests/python/torture.py --kills $(or $(KILLS),20) $(if $(SEED),--seed $(SEED))

test: setup lint  ## everything that CI runs
	@$(BIN)/python -m pytest

lint: setup  ## ruff, yamllint, sqlfluff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/yamllint --strict .
	@$(BIN)/sqlfluff lint models macros tests snapshots

JOB ?= image_metrics
ROWS ?= 4000000
benchmark: setup  ## time a job against a bare COPY: make benchmark JOB=image_metrics ROWS=4000000
	@$(BIN)/python scripts/benchmark.py --job $(JOB) --rows $(ROWS)

lock:  ## pin anew, with the oldest Python: make lock PYTHON=python3.10
	@rm -rf .lock && $(PYTHON) -m venv .lock
	@.lock/bin/python -m pip install --quiet -r requirements.in
	@{ echo '# Pinned by `make lock` from requirements.in, under Python 3.10, so that it installs on 3.10 to 3.13.'; \
		.lock/bin/python -m pip freeze; } > requirements.txt
	@.lock/bin/python -m pip install --quiet -r requirements-dev.in
	@{ echo '# Pinned by `make lock` from requirements-dev.in.'; \
		.lock/bin/python -m pip freeze | grep -vxFf requirements.txt; } > requirements-dev.txt
	@rm -rf .lock

stop: setup  ## stop the sample site's PostgreSQL
	@$(BIN)/python scripts/sample_site.py stop

clean:  ## remove what the other targets made
	@if [ -f .venv/.installed ] && [ -d .sample_site ]; then $(BIN)/python scripts/sample_site.py stop; fi
	@rm -rf .venv .chdb .sample_site .benchmark target logs profiles.yml .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
