# `make demo` and `make test` need only Python 3.11+, make and the package index.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install demo test test-all lint docs bench clean

install: .venv/.installed

.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; try: make PYTHON=python3.12"; exit 1; }
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python $(PYTHON) .venv && \
	  uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[dev]'; \
	else \
	  $(PYTHON) -m venv .venv && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'; \
	fi
	@touch $@

demo: install
	$(BIN)/catalog demo

# In a temporary folder of their own, which goes when they end, however they end.
TESTS = folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
  $(BIN)/python -m pytest -n 2 --dist loadfile --basetemp="$$folder/tests"

test: install lint
	@$(TESTS)

# The same with all examples, and with the benchmarks that damage files and kill processes.
test-all: install lint
	@export CATALOG_TEST_SIZE=full; $(TESTS)
	$(BIN)/python -m benchmarks.fuzz
	$(BIN)/python -m benchmarks.kills
	$(BIN)/python -m benchmarks.resume

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The variable keeps quiet what the makers of the theme say of its successor.
docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "open site/index.html"

bench: install
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv build *.egg-info catalog-demo site
