# Milepost: `make demo` shows it, `make test` proves it. Both need Python 3.11 or newer with pip, and make; nothing else.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTHON_CANDIDATES := $(PYTHON) python3 python3.11 python3.12 python3.13 python3.14 python

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench fuzz explore corpus fmt docs constraints clean

help: ## Show this list.
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

demo: $(VENV)/.base ## Check, schedule and run the example plan in a scratch copy; show the report and the diff.
	@PATH="$(abspath $(BIN)):$$PATH" sh examples/demo.sh build/demo

test: lint ## Lint, type-check and test everything.
	@echo "pytest"
	@$(BIN)/python -m pytest

lint: $(VENV)/.dev ## Style, types and import contracts only.
	@echo "ruff check"
	@$(BIN)/ruff check --quiet .
	@echo "ruff format --check"
	@$(BIN)/ruff format --check --quiet .
	@echo "mypy --strict"
	@$(BIN)/mypy
	@echo "import contracts"
	@$(BIN)/lint-imports --no-cache > $(VENV)/lint-imports.log 2>&1 || { cat $(VENV)/lint-imports.log; exit 1; }

bench: $(VENV)/.base ## Measure start-up, checking and running.
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m benchmarks

fuzz: $(VENV)/.fuzz ## Search for documents that break the reader (SECONDS=60); what is found becomes a fixture.
	@$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),60)

explore: $(VENV)/.dev ## Look at every state of larger runs, and print how many there are (some minutes).
	@MILEPOST_EXPLORE=full $(BIN)/python -m pytest -rP -k every_state tests/execution/test_every_history.py

corpus: $(VENV)/.dev ## Print what is read in the public plans below MILEPOST_SHARED.
	@$(BIN)/python -m tests.corpus.figures

fmt: $(VENV)/.dev ## Format the code and apply safe lint fixes.
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

docs: $(VENV)/.dev ## Write the reference of commands and rules from themselves.
	@$(BIN)/python -m tests.project.generated_docs

constraints: $(VENV)/.dev ## Pin the newest versions of all dependencies (needs a network).
	@$(PIP) uv
	@$(BIN)/uv pip compile --quiet --universal --upgrade --no-header --no-annotate --all-extras \
	    --python-version 3.11 pyproject.toml -o constraints.txt

clean: ## Remove everything that the other targets made.
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .milepost
	find src tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: written last, so that an interrupted installation is repeated, and a finished one is not.

$(VENV)/.dev: $(VENV)/.python pyproject.toml constraints.txt
	@echo "installing milepost with all extras and its development tools into $(VENV)"
	@$(PIP) -c constraints.txt -e '.[all,dev]'
	@touch $(VENV)/.base $@

$(VENV)/.fuzz: $(VENV)/.dev
	@$(PIP) atheris || echo "atheris cannot be installed here"
	@touch $@

$(VENV)/.base: $(VENV)/.python pyproject.toml constraints.txt
	@echo "installing milepost into $(VENV)"
	@$(PIP) -c constraints.txt -e .
	@touch $@

$(VENV)/.python:
	@found=; for python in $(PYTHON_CANDIDATES); do \
	    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    found=$$python; \
	    $$python -c 'import ensurepip, venv' 2>/dev/null || continue; \
	    if [ -x $(BIN)/python ] && $(BIN)/python -m pip --version >/dev/null 2>&1; then touch $@; exit 0; fi; \
	    $$python -m venv --clear $(VENV) && touch $@; exit $$?; \
	done; \
	if [ -n "$$found" ]; then \
	    echo "make: $$found cannot create virtual environments: install its venv and ensurepip modules" \
	        "(Debian and Ubuntu: the package python3-venv)" >&2; \
	else \
	    echo "make: Python 3.11 or newer is needed, and none of these is: $(PYTHON_CANDIDATES)." \
	        "Name one: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; \
	fi; exit 1
