# Needs Python 3.11 or newer and nothing else; everything is installed into .venv, in the exact versions of pyproject.toml.
#
#   make demo         show what the project does
#   make test         run the tests; `make check` also runs those in which processes are killed at every boundary
#   make check        everything that CI does: style, types, floors, tests
#   make check-long   the runs that take long
#   make bench        measure, beside hand-written floors; PEERS=1 also beside other libraries
#   make bench-gates  measure shortly; fails when a ratio is beyond its gate
#   make docs-pictures  take the pictures of the live page and of the examples anew
#   make w3c          run the W3C's SCXML tests, from the folder that SCXML_W3C names
#   make venv         only make the environment
#   make clean        forget the environment and everything made by tools

BIN := .venv/bin
PIP := PIP_USER=0 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip --quiet
# More than there are processors, for tests wait for processes that they start.
TESTS := $(BIN)/python -m pytest -n 3 --dist loadfile
PYTHONS := python3.13 python3.12 python3.11 python3
FITS := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))

.PHONY: demo test check check-long bench bench-gates docs-pictures w3c venv clean
.DEFAULT_GOAL := test

demo: .venv/run.stamp
	$(BIN)/fsm demo

test: venv
	$(TESTS) -m "not apart and not long"

check: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports --no-cache
	$(TESTS) -m "not apart and not long"
	$(TESTS) -m "apart and not long"
	$(BIN)/python -m benchmarks --gates

check-long: venv
	$(BIN)/python -m pytest -m long -o faulthandler_timeout=1800

bench: venv
	$(BIN)/python -m benchmarks $(if $(PEERS),--peers)

bench-gates: venv
	$(BIN)/python -m benchmarks --gates

docs-pictures: venv
	$(BIN)/python -m tests.visualize.dashboard.pictures
	$(BIN)/python -c "from tests.docs.blocks import *; print(blocks(ROOT / 'README.md', 'python')[0].text)" > .venv/orders.py
	$(BIN)/fsm draw .venv/orders.py:Order -o docs/pictures/order.svg
	$(BIN)/fsm draw examples/10_order.py:Order -o docs/pictures/10_order.svg
	$(BIN)/fsm draw examples/11_loan.py:Loan -o docs/pictures/11_loan.svg
	$(BIN)/fsm draw examples/12_documents.py:Pipeline -o docs/pictures/12_documents.svg
	$(BIN)/fsm draw examples/13_agent.py:Agent -o docs/pictures/13_agent.svg

w3c: venv
	@$(BIN)/python -m tests.scxml.suite

venv: .venv/test.stamp

.venv/run.stamp: pyproject.toml Makefile
	@set -e; \
	if ! $(BIN)/python -c "$(FITS)" 2>/dev/null; then \
		for python in $(PYTHONS); do \
			if "$$python" -c "$(FITS)" 2>/dev/null; then found="$$python"; break; fi; \
		done; \
		if [ -z "$$found" ]; then \
			echo "This needs Python 3.11 or newer with its modules venv and ensurepip; tried $(PYTHONS)." >&2; \
			echo "Install it from python.org or your system's packages (Debian keeps the two in python3-venv)." >&2; \
			exit 1; \
		fi; \
		echo "Making .venv with $$("$$found" --version)"; \
		"$$found" -m venv --clear .venv; \
	fi
	$(PIP) install pip==26.3
	$(PIP) install --group run --editable .
	@touch $@

.venv/test.stamp: .venv/run.stamp tests/chromium.py tests/restate.py
	$(PIP) install --group test
	$(BIN)/python -m tests.chromium
	$(BIN)/python -m tests.restate
	@touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
