# Two commands matter on a fresh machine: `make demo` and `make test`.
# Both set up .venv from the hashed lock in requirements/; nothing else is needed than python3, venv and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/pytest
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test check test-long lint audit format lock-check lock clean

help: ## What there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

# The runtime set is enough for the demo; the dev set is a superset with the same versions.
$(VENV)/.runtime: requirements/runtime.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

demo: $(VENV)/.runtime ## Both systems, a full sync and a day of orders, told as a story (KEEP=1 leaves it running)
	$(BIN)/syncengine sandbox story $(if $(KEEP),--keep)

lint: $(VENV)/.dev ## Format, lint, types, layers, lock
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python requirements/check.py

check: lint ## Lint and the quick tests, under a minute
	$(PYTEST) -q -n $(JOBS) --dist loadscope --randomly-seed=1 -m "not slow and not long"

test: lint ## Everything a change must pass, real PostgreSQL included
	$(PYTEST) -n $(JOBS) --dist loadscope --randomly-seed=1 -m "not long"

test-long: lint ## Every case, random seeds
	$(PYTEST) -n $(JOBS) --dist worksteal

audit: ## Known holes in what we depend on (needs the package index; in an environment of its own)
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/pip install --quiet --disable-pip-version-check "pip-audit>=2.10,<3"
	$(VENV)/audit/bin/pip-audit --strict --require-hashes --disable-pip -r requirements/dev.txt

format: $(VENV)/.dev ## Format, fix what can be fixed, write the lists that are made from code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python docs/sandbox_facts.py

lock: ## Resolve the dependencies again (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra entra --extra postgres --extra otel --group dev pyproject.toml -o requirements/dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra entra --extra postgres --extra otel --group build -c requirements/dev.txt pyproject.toml -o requirements/runtime.txt

clean: ## Remove what make made
	rm -rf $(VENV) state .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
