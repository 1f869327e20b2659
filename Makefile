# Everything a user or developer types. `make run` after a clone is enough to ask the sample corpus.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: help setup run test check eval gate clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## environment with everything in .venv

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,eval]'
	touch $(READY)

run: setup  ## read the documents (corpus/ at first) and open the page
	$(BIN)/python ingest.py
	$(BIN)/python app.py

test: setup  ## every test: real models and browser too
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile

check: setup  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

eval: setup  ## ask the development questions on corpus/ and write eval/runs/corpus_dev/report.html
	$(BIN)/python ingest.py corpus --store eval/runs/store
	$(BIN)/python -m eval.run --gold eval/gold/corpus_dev.jsonl --store eval/runs/store --out eval/runs/corpus_dev

gate: eval  ## the same, and fail if it is significantly worse than eval/baseline
	$(BIN)/python -m eval.compare eval/baseline/corpus_dev eval/runs/corpus_dev --fail-on-loss

clean:  ## remove environment, caches and the store
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find vectorstore -mindepth 1 ! -name README.md -delete
