# make run | test | check | clean (and: format, schemas, audit-dependencies, benchmarks DATA=folder).
# Needs Python >= 3.11 with pip and venv.
PYTHON ?= python3
CORES ?= 2
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
export PATH := $(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Empty: Python keeps the byte code of modules, even where the environment of the user forbids it (as images of
# containers often do). Each job is a process of its own and would compile all modules that it imports.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test check clean format schemas benchmarks install kernels audit-dependencies
.PHONY: check-types check-format check-layers check-security check-workflow
.DEFAULT_GOAL := run

run: kernels
	@echo "==> Running the workflow of config/config.yaml on $(CORES) cores (make run CORES=8 for more)"
	snakemake --cores $(CORES)
	@results=$$(python -c 'import yaml; \
	  print(yaml.safe_load(open("config/config.yaml")).get("results", "results"))'); \
	echo "==> Done. Open a report in a browser, or read the tables beside it:"; \
	find "$$results" -path '*/report/report.html' | sort | sed 's/^/      /'; \
	echo "==> Predictions of new sequences:"; \
	find "$$results" -path '*/predictions/*.tsv.gz' | sort | sed 's/^/      /'

test: kernels
	@echo "==> Running the tests"
	pytest -n $(CORES) --dist loadgroup

check: check-types check-format check-layers check-security check-workflow

check-types: install
	@echo "==> Types"
	mypy

check-format: install
	@echo "==> Format, lint"
	ruff format --check .
	ruff check .

check-layers: install
	@echo "==> Layers"
	lint-imports

check-security: install
	@echo "==> Security"
	bandit --quiet --recursive --configfile pyproject.toml src

check-workflow: install
	@echo "==> Workflow"
	snakefmt --check workflow
	snakemake --lint

format: install
	ruff format .
	ruff check --fix .
	snakefmt workflow

# Known vulnerabilities of the pinned versions; asks pypi.org (CONTRIBUTING.md says why not in check).
audit-dependencies:
	@test -x $(VENV)/audit/bin/pip-audit || \
	  { $(PYTHON) -m venv $(VENV)/audit && $(VENV)/audit/bin/pip install --quiet 'pip-audit>=2.10'; }
	$(VENV)/audit/bin/pip-audit --strict --no-deps --requirement constraints.txt

schemas: install
	python -m bioseqrnn.config.generate
	python -m bioseqrnn.tables.document
	python -m bioseqrnn.metrics.document

# Public sets through the whole workflow; DATA is the folder that benchmarks/README.md describes.
benchmarks: kernels
	@test -n "$(DATA)" || \
	  { echo "make benchmarks needs the data: make benchmarks DATA=folder (benchmarks/README.md)" >&2; exit 2; }
	python -m benchmarks.accuracy --data "$(DATA)" --cores $(CORES)

# Runs again only when the project's dependencies change. constraints.txt has everything, so pip does not
# search for dependencies, unless another version of Python needs more. Python compiles each module when it
# first imports it. pip unpacks one package at a time, so two pips run side by side, each with half of the
# packages. All this saves time.
install: $(VENV)/installed

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "bioseqrnn needs Python >= 3.11, but $(PYTHON) is $$($(PYTHON) --version 2>&1);" \
	    "name another: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) lacks the venv module; install it (Debian: apt install python3-venv)" >&2; exit 2; }
	@echo "==> Installing into $(VENV) (about two minutes, once)"
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@halves=; for half in 0 1; do \
	  awk -v half=$$half 'NR % 2 == half' constraints.txt > $(VENV)/half-$$half.txt; \
	  $(VENV)/bin/python -m pip install --quiet --no-compile --no-deps --requirement $(VENV)/half-$$half.txt & \
	  halves="$$halves $$!"; \
	done; for half in $$halves; do wait $$half || exit 1; done
	$(VENV)/bin/python -m pip install --quiet --no-deps --editable .
	@$(VENV)/bin/python -m pip check --quiet || \
	  $(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

# Compiled once, before jobs that start together all need them.
kernels: $(VENV)/compiled

$(VENV)/compiled: $(VENV)/installed
	@echo "==> Compiling kernels (half a minute, once)"
	$(VENV)/bin/python -m bioseqrnn.networks.engine
	@touch $@

clean:
	rm -rf $(VENV) .snakemake results .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -prune -exec rm -rf {} +
	rm -rf src/*.egg-info
