# make run: everything a newcomer needs. make test: the whole suite. README has the same lines for plain pip.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Where pip takes PyTorch from. Empty: its usual place (on Linux that build brings several GB of CUDA along).
TORCH_INDEX ?=
QUERIES ?=
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: run test lint evaluate publish first-run crowd pictures clean

run: $(VENV)/.installed
	$(BIN)/python app.py

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Measures finding on the labelled samples and on every task in TASKS (BEIR folders; real people's words are not part of
# this project and lie beside it), and fails when the default pipeline is below what docs/evaluation.md says of it.
TASKS ?= $(wildcard ../shared/data/beir/*)
evaluate: $(VENV)/.installed
	$(BIN)/python -m index.evaluation.document $(TASKS)

# The same, and writes docs/evaluation.json and docs/evaluation.md anew.
publish: $(VENV)/.installed
	$(BIN)/python -m index.evaluation.document $(TASKS) --publish

# Measures docs/first-run.md again: QUERIES is a JSONL file of {"id", "text", "topic"}.
first-run: $(VENV)/.installed-dev
	@test -n "$(QUERIES)" || { echo 'make first-run QUERIES=FILE.jsonl'; exit 2; }
	$(BIN)/python -m tests.first_run $(QUERIES)

# What a hundred people at once cost, over the collection of the settings.
crowd: $(VENV)/.installed-dev
	$(BIN)/python -m tests.crowd

# The pictures of the README and of docs/pages.md, made by the browser tests, and what drew each of them beside them.
pictures: $(VENV)/.installed-dev
	rm -rf build/shots/docs
	SHARED_JOURNEY_SCREENSHOTS=build/shots $(BIN)/python -m pytest -q tests/browser/test_pictures.py -k 'not kept_beside and not described'
	cp -r build/shots/docs/. docs/img/

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	  || { echo "Shared Journey needs Python 3.11, 3.12 or 3.13: make run PYTHON=python3.12"; exit 2; }
	@echo "Installing into $(VENV): the first time takes some minutes and about 2.5 GB (PyTorch is most of it)."
	$(PYTHON) -m venv $(VENV)
	$(PIP) torch==2.13.0 $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
	$(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
