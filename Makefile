# Chores of c4trace. They need Python >= 3.11, git and make; everything else goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := .cache/demo
LOWEST := .cache/lowest
ESTATE := tests/fixtures/estate/estate.yaml
JOBS ?= 2

export UV_PYTHON_DOWNLOADS := never

.PHONY: help demo test format lint types imports unit unit-fast lowest docs lock audit dist bench clean

help:
	@echo "make demo       scan the sample estate (offline) into out/ and say where the site is"
	@echo "make test       all that must pass: lint, types, imports, unit"
	@echo "make format     lay the code out and mend what the linter can mend"
	@echo "make lint       layout and linter"
	@echo "make types      type checker"
	@echo "make imports    who may import whom"
	@echo "make unit       tests"
	@echo "make unit-fast  tests that take half a minute: no browser, no nights, no processes of their own"
	@echo "make lowest     tests on the lowest versions that the dependencies allow"
	@echo "make docs       bring the generated pages up to date: the README's table, rules/README.md, docs/architecture.md"
	@echo "make lock       bring uv.lock up to date with pyproject.toml, and release/requirements.txt with it"
	@echo "make audit      ask osv.dev for known vulnerabilities of what uv.lock names (needs the network)"
	@echo "make dist       build the sdist and the wheel into dist/"
	@echo "make bench      time cold and warm scans: make bench SOURCES='NAME=PATH ...' [BASE=REVISION] [ESTATE=FILE]"
	@echo "make clean      remove .venv and what the other targets left"

# uv lives beside what it installs; --inexact keeps it there.
$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "c4trace needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv

$(VENV)/.run: pyproject.toml uv.lock | $(BIN)/uv
	$(BIN)/uv sync --quiet --frozen --inexact --no-dev
	@touch $@

$(VENV)/.dev: pyproject.toml uv.lock | $(BIN)/uv
	$(BIN)/uv sync --quiet --frozen --inexact --group dev
	@touch $@ $(VENV)/.run

demo: $(VENV)/.run
	@mkdir -p $(DEMO)
	@$(BIN)/python -m tests.build_estate $(DEMO)/repositories > $(DEMO)/sources
	$(BIN)/c4trace scan --offline --estate $(ESTATE) $$(cat $(DEMO)/sources) --out out
	@echo "Open the site in a browser: $(CURDIR)/out/site/index.html"

test: lint types imports unit

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/mypy --explicit-package-bases bench docs release $(wildcard tests/*.py)

imports: $(VENV)/.dev
	$(BIN)/lint-imports

unit: $(VENV)/.dev
	$(BIN)/pytest -n $(JOBS) --dist worksteal

# Chosen by marker, never by time; pyproject.toml says what each marker is for.
unit-fast: $(VENV)/.dev
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m "not browser and not slow"

# In an environment of its own, without uv.lock: each direct dependency at its lower bound in pyproject.toml.
lowest: | $(BIN)/uv
	$(BIN)/uv venv --quiet --clear --seed --python $(BIN)/python $(LOWEST)
	$(BIN)/uv pip install --quiet --python $(LOWEST) --resolution lowest-direct --editable . --group test
	$(LOWEST)/bin/pytest -n $(JOBS) --dist worksteal

docs: $(VENV)/.run
	$(BIN)/python docs/generate.py

lock: | $(BIN)/uv
	$(BIN)/uv lock
	$(BIN)/uv export --quiet --frozen --no-emit-project --no-default-groups --group build --no-header --no-annotate \
		--format requirements-txt --output-file release/requirements.txt

audit: | $(BIN)/uv
	$(BIN)/uv audit --frozen --preview-features audit-command

dist: $(VENV)/.dev
	$(BIN)/python -m build --no-isolation --outdir dist

bench: $(VENV)/.run
	$(BIN)/python bench/scan.py --estate $(ESTATE) $(if $(BASE),--base $(BASE)) $(SOURCES)

clean:
	rm -rf $(VENV) $(DEMO) $(LOWEST) dist
