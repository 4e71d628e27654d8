SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DBT_PROFILES_DIR ?= $(CURDIR)

.DEFAULT_GOAL := help
.PHONY: help setup demo pictures test pytest lint diff torture benchmark lock stop clean

help:  ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: .venv/.installed profiles.yml  ## make .venv with the pinned dependencies, and profiles.yml

.venv/.installed: requirements.txt requirements-dev.txt pyproject.toml $(shell find adapter -name '*.py' -o -name '*.toml' | grep -v build/)
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "$$($(PYTHON) --version) does not fit: name a Python 3.11 to 3.13, as in make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the pinned dependencies into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --force-reinstall ./adapter
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@rm -rf build adapter/build adapter/*.egg-info
	@touch $@

profiles.yml:
	@cp profiles.yml.example $@

TOTALS = select entity_type, quantity, count() as entities, sum(total) as total from {{ ref('metric_totals') }}
USERS = select rank, user_id, engagementScore, downloadsReceived, uploadCount, followerCount from {{ ref('user_totals') }}
demo: setup  ## sample site, the three jobs on it, totals, cache, audit, report; nothing but Python needed
	@$(BIN)/entity-metrics connect --sample
	@$(BIN)/entity-metrics backfill --job brand_visibility
	@$(BIN)/entity-metrics backfill --all
	@$(BIN)/entity-metrics backfill --job source_events
	@echo "Building the totals, views with the columns of the legacy tables, users, and what lookups read ..."
	@$(BIN)/dbt build --quiet --select event_table totals legacy_tables user_totals lookups --vars '{engagement_date: "2025-01-21"}'
	@$(BIN)/dbt show --quiet --limit 100 --inline "$(TOTALS) group by entity_type, quantity order by entity_type, quantity"
	@$(BIN)/dbt show --quiet --limit 10 --inline "$(USERS) where rank <= 10 order by rank"
	@$(BIN)/entity-metrics cache warm
	@$(BIN)/entity-metrics cache check
	@$(BIN)/entity-metrics audit
	@$(BIN)/entity-metrics report

pictures: setup  ## take the pictures of docs/ anew, after make demo; needs Chromium
	@$(BIN)/python scripts/pictures.py

torture: setup  ## kill runs at random moments; KILLS=100 SEED=7
	@PYTHONPATH=scripts $(BIN)/python tests/python/torture.py --kills $(or $(KILLS),20) $(if $(SEED),--seed $(SEED))

test: setup  ## everything that CI runs: the linters beside the tests
	@$(MAKE) --no-print-directory -j2 lint pytest

pytest: setup
	@$(BIN)/python -m pytest

lint: setup  ## ruff, yamllint, sqlfluff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/yamllint --strict .
	@$(BIN)/sqlfluff lint --processes 0 models macros tests snapshots

BASE ?= main
diff: setup  ## what a change does to SQL and to numbers: make diff BASE=main
	@$(BIN)/entity-metrics diff --base $(BASE); code=$$?; test $$code -le 1 || exit $$code

JOB ?= image_metrics
ROWS ?= 4000000
benchmark: setup  ## time a job against a bare COPY: make benchmark JOB=image_metrics ROWS=4000000
	@$(BIN)/entity-metrics benchmark --job $(JOB) --rows $(ROWS)

lock:  ## pin anew, with the oldest Python: make lock PYTHON=python3.11
	@rm -rf .lock && $(PYTHON) -m venv .lock
	@.lock/bin/python -m pip install --quiet -r requirements.in
	@{ echo '# Pinned by `make lock` from requirements.in, under Python 3.11, so that it installs on 3.11 to 3.13.'; \
		.lock/bin/python -m pip freeze --all | grep -v '^pip=='; } > requirements.txt
	@.lock/bin/python -m pip install --quiet -r requirements.in -r requirements-dev.in
	@{ echo '# Pinned by `make lock` from requirements-dev.in.'; \
		.lock/bin/python -m pip freeze --all | grep -v '^pip==' | grep -vxFf requirements.txt; } > requirements-dev.txt
	@rm -rf .lock

stop: setup  ## stop the sample site's PostgreSQL and Valkey
	@$(BIN)/entity-metrics sample stop

clean:  ## remove what the other targets made
	@if [ -f .venv/.installed ] && [ -d .sample_site ]; then $(BIN)/entity-metrics sample stop; fi
	@rm -rf .venv .chdb .sample_site .benchmark .diff target logs profiles.yml .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
