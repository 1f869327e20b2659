# Everything a user or developer types. `make run` after a clone is enough to ask the sample corpus.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: help setup run test check eval gate reader clean

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
	$(BIN)/python -m eval.run --gold eval/data/corpus_dev.jsonl --store eval/runs/store --out eval/runs/corpus_dev

gate: eval  ## the same, and fail if it is significantly worse than eval/baseline
	$(BIN)/python -m eval.compare eval/baseline/corpus_dev eval/runs/corpus_dev --fail-on-loss

# The trained reader, from the data to the shipped file: minutes on an accelerator, hours on processors with tiles for bf16
# (AMX), days without either. Stopped anywhere, the same command goes on. qa/weights/README.md says which part of it the
# shipped file has gone through.
DATA ?= ../shared/data/train
WORK ?= $(HOME)/.cache/verbatim-reader
# Large tensors are kept by the allocator, not mapped anew each time: long batches take half the time on processors.
KEEP := MALLOC_MMAP_THRESHOLD_=8589934592 MALLOC_TRIM_THRESHOLD_=34359738368
TRAIN := $(KEEP) $(BIN)/python -m eval.training

reader: $(WORK)/reader/reader.json  ## train the reader anew from DATA and put it into qa/weights
	cp $(WORK)/reader/reader.onnx $(WORK)/reader/tokenizer.json $(WORK)/reader/reader.json qa/weights/

$(WORK)/backbone/config.json: | $(READY)
	$(TRAIN).cut_backbone --data $(DATA) --out $(WORK)/backbone

$(WORK)/pairs-1.jsonl: | $(READY)
	mkdir -p $(WORK)
	$(TRAIN).reading_pairs --data $(DATA) --out $@

$(WORK)/round-1/model/config.json: $(WORK)/backbone/config.json $(WORK)/pairs-1.jsonl
	$(TRAIN).train_reader --pairs $(WORK)/pairs-1.jsonl --backbone $(WORK)/backbone --out $(WORK)/round-1

$(WORK)/pairs-2.jsonl: $(WORK)/round-1/model/config.json
	$(TRAIN).second_round --data $(DATA) --model $(WORK)/round-1/model --out $@

SECOND := --pairs $(WORK)/pairs-2.jsonl --backbone $(WORK)/round-1/model --rate 1.2e-4 --epochs 2

$(WORK)/round-2/model/config.json: $(WORK)/pairs-2.jsonl
	$(TRAIN).train_reader $(SECOND) --seed 2 --out $(WORK)/round-2

$(WORK)/round-3/model/config.json: $(WORK)/pairs-2.jsonl
	$(TRAIN).train_reader $(SECOND) --seed 3 --out $(WORK)/round-3

$(WORK)/mean/config.json: $(WORK)/round-2/model/config.json $(WORK)/round-3/model/config.json
	$(TRAIN).average_models $(WORK)/round-2/model $(WORK)/round-3/model $(WORK)/mean

$(WORK)/reader/reader.onnx: $(WORK)/mean/config.json
	$(TRAIN).export_reader $(WORK)/mean $(WORK)/reader --float

$(WORK)/calibration/gold.jsonl: | $(READY)
	$(BIN)/python -m eval.gold squad $(DATA)/new_wiki_v1.0.json $(WORK)/calibration --articles 41-44 --distractors 21-40

$(WORK)/reader/reader.json: $(WORK)/reader/reader.onnx $(WORK)/calibration/gold.jsonl
	$(BIN)/python ingest.py $(WORK)/calibration/documents --store $(WORK)/calibration-store
	$(BIN)/python -m eval.calibrate --gold $(WORK)/calibration/gold.jsonl --store $(WORK)/calibration-store --reader $(WORK)/reader

clean:  ## remove environment, caches and the store
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find vectorstore -mindepth 1 ! -name README.md -delete
