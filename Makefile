PYTHON ?= python3
export OMP_NUM_THREADS = 1

.PHONY: install run test test-long test-spark crash lint benchmarks

install: .venv/installed

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install -q --upgrade "pip>=25.1"
	.venv/bin/python -m pip install -q -e . --group dev
	touch .venv/installed

run: install
	.venv/bin/sales-operations run

test: install
	.venv/bin/python -m pytest -n 2 -m "not long and not spark"

test-long: install
	.venv/bin/python -m pytest -m long

test-spark: install
	.ci/java > /dev/null
	.venv/bin/python -m pip install -q -e ".[spark]"
	JAVA_HOME=$$(.ci/java) .venv/bin/python -m pytest -m spark

crash: install
	SALES_OPERATIONS_KILLS=500 .venv/bin/python -m pytest -m long tests/process/test_crash_of_a_mixed_load.py

lint: install
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

benchmarks: install
	.venv/bin/python -m benchmarks
