# Everything a user or developer types. `make run` after a clone is enough to ask the sample corpus.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
# A file's tests run in one process, so that models load once; the order of files stays: slow ones are not the last.
SPREAD := -n auto --dist loadfile --no-loadscope-reorder --durations=10
# A person's own qa.toml must not change what is measured.
MEASURED := XDG_CONFIG_HOME=$(CURDIR)/build/no-settings
# Where `make eval` writes its store and its report.
RUNS ?= eval/runs

.PHONY: help setup run test coverage check docs dist release eval gate reader embedder sums clean clean-store

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 13

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
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(SPREAD)

coverage: setup  ## every test, and which share of the code they run, by folder; fail below the floor in pyproject.toml
	$(BIN)/coverage erase
	OMP_NUM_THREADS=1 $(BIN)/coverage run -m pytest $(SPREAD)
	$(BIN)/coverage combine --quiet
	$(BIN)/python -m tests.coverage_by_folder

check: setup  ## ruff, mypy, and what .pre-commit-config.yaml says of files
	$(BIN)/pre-commit run --all-files
	$(BIN)/mypy

dist: setup  ## wheel and source distribution in dist/, with the manual page that is made from the command line's parser
	rm -rf dist man
	mkdir man
	$(BIN)/argparse-manpage --module qa.cli --function make_parser --prog qa --project-name Verbatim \
	  --description "questions to your own documents, answered in their own words" --manual-title "User Commands" --output man/qa.1
	$(BIN)/python -m build --no-isolation

release: dist  ## check that all that names the version agrees and nothing is uncommitted; say what to tag
	$(BIN)/python .ci/release.py

docs: setup  ## the documentation as a site in build/site; open build/site/index.html
	$(BIN)/mkdocs build --strict

eval: setup  ## ask the development questions on corpus/ and write eval/runs/corpus_dev/report.html
	$(MEASURED) $(BIN)/python ingest.py corpus --store $(RUNS)/store
	$(MEASURED) $(BIN)/python -m eval.run --gold eval/data/corpus_dev.jsonl --store $(RUNS)/store --out $(RUNS)/corpus_dev

gate: eval  ## the same and 48 questions on desk papers; fail if either is significantly worse than eval/baseline
	$(MEASURED) $(BIN)/python ingest.py eval/data/desk_dev/documents --store $(RUNS)/desk-store
	$(MEASURED) $(BIN)/python -m eval.run --gold eval/data/desk_dev/gate.jsonl --store $(RUNS)/desk-store --out $(RUNS)/desk_gate
	$(BIN)/python -m eval.compare eval/baseline/corpus_dev $(RUNS)/corpus_dev --fail-on-loss
	$(BIN)/python -m eval.compare eval/baseline/desk_gate $(RUNS)/desk_gate --fail-on-loss

# The trained reader, from the data to the shipped file: minutes on an accelerator, hours on processors with tiles for bf16
# (AMX), days without either. Stopped anywhere, the same command goes on. qa/weights/README.md says which part of it the
# shipped file has gone through.
DATA ?=
# Looked at here so that a missing folder is said before `setup` makes or changes an environment.
$(if $(filter reader embedder,$(MAKECMDGOALS)),$(if $(wildcard $(addsuffix /.,$(DATA))),,$(error name the folder of the training data, which is not part of this repository: make reader DATA=FOLDER (qa/weights/README.md lists what it holds))))
# Folders of documents with a gold.jsonl beside each, whose questions the reader is trained on together with all passages:
# those given, and those of this repository.
DESK ?= $(DATA)/../desk/train
OWN := eval/training
WORK ?= $(HOME)/.cache/verbatim-reader
# Large tensors are kept by the allocator, not mapped anew each time: long batches take half the time on processors.
KEEP := MALLOC_MMAP_THRESHOLD_=8589934592 MALLOC_TRIM_THRESHOLD_=34359738368
TRAIN := $(KEEP) $(BIN)/python -m eval.training

reader: $(WORK)/reader/reader.json  ## train the reader anew and put it into qa/weights: DATA=FOLDER must name its data
	cp $(WORK)/reader/reader.onnx $(WORK)/reader/tokenizer.json $(WORK)/reader/reader.json qa/weights/
	$(MAKE) sums

sums:  ## write down the hashes of what is in qa/weights, which `qa doctor` compares it with
	cd qa/weights && { sha256sum *.npz *.json *.onnx 2>/dev/null || shasum -a 256 *.npz *.json *.onnx; } > SHA256SUMS

# Runs a command and writes down how long it took, and on how many processors.
step = begin=$$(date +%s); $(1) && mkdir -p $(WORK) && echo "$$(($$(date +%s) - begin)) s on $$(getconf _NPROCESSORS_ONLN) \
  processors: $@" | tee -a $(WORK)/steps.txt

$(WORK)/backbone/config.json: | $(READY)
	$(call step,$(TRAIN).cut_backbone --data $(DATA) --out $(WORK)/backbone)

$(WORK)/pairs-1.jsonl: | $(READY)
	mkdir -p $(WORK)
	$(call step,$(TRAIN).reading_pairs --data $(DATA) --out $@)

$(WORK)/round-1/model/config.json: $(WORK)/backbone/config.json $(WORK)/pairs-1.jsonl
	$(call step,$(TRAIN).train_reader --pairs $(WORK)/pairs-1.jsonl --backbone $(WORK)/backbone --out $(WORK)/round-1)

$(WORK)/pairs-2.jsonl: $(WORK)/round-1/model/config.json
	$(call step,$(TRAIN).second_round --data $(DATA) --model $(WORK)/round-1/model --out $@)

SECOND := --pairs $(WORK)/pairs-2.jsonl --backbone $(WORK)/round-1/model --rate 1.2e-4 --epochs 2

$(WORK)/round-2/model/config.json: $(WORK)/pairs-2.jsonl
	$(call step,$(TRAIN).train_reader $(SECOND) --seed 2 --out $(WORK)/round-2)

$(WORK)/round-3/model/config.json: $(WORK)/pairs-2.jsonl
	$(call step,$(TRAIN).train_reader $(SECOND) --seed 3 --out $(WORK)/round-3)

$(WORK)/mean/config.json: $(WORK)/round-2/model/config.json $(WORK)/round-3/model/config.json
	$(call step,$(TRAIN).average_models $(WORK)/round-2/model $(WORK)/round-3/model $(WORK)/mean)

# The questions lie beside the papers and are files that an ingest would read.
papers = mkdir -p $(2) && (cd $(1) && tar -cf - */documents) | tar -xf - -C $(2)

$(WORK)/groups.jsonl: | $(READY)
	mkdir -p $(WORK)
	$(call step,$(call papers,$(DESK),$(WORK)/desk) && $(BIN)/python ingest.py $(WORK)/desk --store $(WORK)/desk-store)
	$(call step,$(call papers,$(OWN)/desk,$(WORK)/own) && $(BIN)/python ingest.py $(WORK)/own --store $(WORK)/own-store)
	$(call step,$(TRAIN).reading_groups --desk $(DESK) $(WORK)/desk-store --desk $(OWN)/desk $(WORK)/own-store --data $(DATA) --out $(WORK)/prose.jsonl)
	$(call step,$(TRAIN).table_groups --data $(DATA) --out $(WORK)/tables.jsonl)
	cat $(WORK)/prose.jsonl $(WORK)/tables.jsonl > $@

embedder: $(WORK)/embedder.npz  ## train what is added to the embedder's weights: DATA=FOLDER as for reader
	cp $(WORK)/embedder.npz qa/weights/
	$(MAKE) sums

$(WORK)/embedder.npz: $(WORK)/groups.jsonl
	$(call step,$(TRAIN).train_embedder --groups $(WORK)/groups.jsonl --out $@)

$(WORK)/grouped/model/config.json: $(WORK)/mean/config.json $(WORK)/groups.jsonl
	$(call step,$(TRAIN).leaks $(WORK)/pairs-1.jsonl $(WORK)/groups.jsonl)
	$(call step,$(TRAIN).train_reader --groups $(WORK)/groups.jsonl --backbone $(WORK)/mean --out $(WORK)/grouped)

$(WORK)/reader/reader.onnx: $(WORK)/grouped/model/config.json
	$(call step,$(TRAIN).export_reader $(WORK)/grouped/model $(WORK)/reader --float)

$(WORK)/calibration/gold.jsonl: | $(READY)
	$(call step,$(BIN)/python -m eval.gold squad $(DATA)/new_wiki_v1.0.json $(WORK)/calibration --articles 41-44 --distractors 21-40)

$(WORK)/reader/reader.json: $(WORK)/reader/reader.onnx $(WORK)/calibration/gold.jsonl
	$(call step,$(BIN)/python ingest.py $(WORK)/calibration/documents --store $(WORK)/calibration-store)
	$(call step,$(BIN)/python ingest.py $(OWN)/desk_calibration/documents --store $(WORK)/calibration-desk)
	$(call step,$(BIN)/python -m eval.calibrate --set $(WORK)/calibration/gold.jsonl $(WORK)/calibration-store --set $(OWN)/desk_calibration/gold.jsonl $(WORK)/calibration-desk --reader $(WORK)/reader)

clean:  ## remove environment, caches and build products; the store stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist man *.egg-info

# Uploads, conversations, feedback and notes come from nowhere else than the page.
clean-store:  ## remove the store in vectorstore/; ALL=yes: also if it holds uploads, conversations, feedback or notes
	@if [ "$(ALL)" != yes ] && [ -n "$$(find vectorstore/uploads vectorstore/conversations vectorstore/feedback.jsonl \
	  vectorstore/notes.jsonl -type f 2>/dev/null)" ]; then echo "$(CURDIR)/vectorstore holds uploads, conversations, feedback or notes, which no ingest \
	brings back: move them away, or remove them too: make clean-store ALL=yes"; exit 1; fi
	@find vectorstore/ -mindepth 1 ! -path vectorstore/README.md -delete
	@echo "removed the store in $(CURDIR)/vectorstore"
