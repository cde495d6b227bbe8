# `make demo` shows everything on this machine; `make test` runs everything that can run here.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
UV := pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --generate-hashes

.PHONY: demo test check lock vendor bench clean

demo: .venv/demo.stamp
	@$(BIN)/python -m demo.up --port $(PORT)

test: .venv/dev.stamp
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run

lock:
	uv $(UV) requirements.in -o requirements.txt
	uv $(UV) -c requirements.txt demo/requirements.in -o demo/requirements.txt
	uv $(UV) requirements-dev.in -o requirements-dev.txt

vendor:
	npm run vendor

bench: .venv/dev.stamp
	$(BIN)/python -m bench

clean:
	rm -rf .venv node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/demo.stamp: requirements.txt demo/requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt -r demo/requirements.txt
	@touch $@

.venv/dev.stamp: requirements-dev.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
